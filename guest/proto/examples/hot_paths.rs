//! What the core does for most bytes of most connections, to be counted in instructions: `cargo xtask
//! instructions` runs it, under callgrind.
//!
//! ```text
//! hot_paths NAME
//! ```
//!
//! All that is done within [`counted`] is counted, and what it came to is checked outside.

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;

use wasocket_proto::{
    Compress, Config, Connection, Event, Instant, MaskingKeys, Message, Nonce, Outgoing, Request,
    RequestHeaders, SendOptions, WebSocketUrl,
};

const NOW: Instant = Instant::from_nanos(0);

/// How many short messages there are at a time, and how long each is.
const COUNT: usize = 64;
const SHORT: usize = 128;

/// How long a long message is, and one that is compressed.
const LONG: usize = 64 << 10;
const JSON: usize = 1 << 10;

const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let done = match name.as_str() {
        "handshake" => handshake(),
        "receive-short" => receive(&[7; SHORT], 0x82, COUNT),
        "receive-long" => receive(&[7; LONG], 0x82, 1),
        "receive-text" => receive("smörgåsbord ".repeat(LONG / 14).as_bytes(), 0x81, 1),
        "receive-compressed" => receive_compressed(),
        "send-short" => send(&[7; SHORT], COUNT),
        "send-long" => send(&[7; LONG], 1),
        "send-compressed" => send_compressed(),
        _ => Err(format!("there is no path `{name}`").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hot_paths: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What callgrind counts: its name is asked for.
#[inline(never)]
fn counted<T>(work: impl FnOnce() -> T) -> T {
    black_box(work())
}

type Done = Result<(), Box<dyn Error>>;

/// Masking keys that are not random, so that each run is as the others.
struct Keys(u32);

impl MaskingKeys for Keys {
    fn next_key(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_mul(0x9e37_79b9).wrapping_add(1);
        self.0.to_ne_bytes()
    }
}

fn connect() -> Result<Connection, Box<dyn Error>> {
    let url = WebSocketUrl::parse("ws://server.example.com/chat")?;
    let request = Request::new(url, RequestHeaders::default());
    let nonce = Nonce::new(*b"the sample nonce");
    let keys = Box::new(Keys(1));
    Ok(Connection::new(
        &request,
        nonce,
        keys,
        Config::default(),
        NOW,
    ))
}

/// An open connection, to a server whose answer has these fields besides what it has to have.
fn open(fields: &str) -> Result<Connection, Box<dyn Error>> {
    let mut connection = connect()?;
    transmit(&mut connection);
    connection.handle_input(format!("{ANSWER}{fields}\r\n").as_bytes(), NOW);
    match connection.poll_event() {
        Some(Event::Open(_)) => Ok(connection),
        other => Err(format!("not open, but {other:?}").into()),
    }
}

fn open_compressing() -> Result<Connection, Box<dyn Error>> {
    open("Sec-WebSocket-Extensions: permessage-deflate\r\n")
}

/// Takes what is owed to the peer.
fn transmit(connection: &mut Connection) -> Vec<u8> {
    let owed = connection.poll_transmit().to_vec();
    connection.advance_transmit(owed.len());
    owed
}

/// A frame of the server.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u64;
    let mut bytes = vec![first];
    match len {
        0..=125 => bytes.push(len as u8),
        126..=0xffff => {
            bytes.push(126);
            bytes.extend((len as u16).to_be_bytes());
        }
        _ => {
            bytes.push(127);
            bytes.extend(len.to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

/// What a message in JSON may look like.
fn json() -> String {
    let entries =
        (0..).map(|id| format!(r#"{{"id":{id},"name":"sensor {id}","value":{}}},"#, id * 37));
    let mut text = String::from("[");
    for entry in entries {
        if text.len() + entry.len() > JSON {
            break;
        }
        text += &entry;
    }
    text
}

fn handshake() -> Done {
    let connection = counted(|| open(""))?;
    drop(connection);
    Ok(())
}

/// Receives a message so many times.
fn receive(payload: &[u8], first: u8, count: usize) -> Done {
    let mut connection = open("")?;
    let input = frame(first, payload).repeat(count);
    let received = counted(|| messages(&mut connection, &input));
    check(&received, payload, count)
}

fn receive_compressed() -> Done {
    let text = json();
    // What a client sends under a masking key of zero differs from what a server sends by that key.
    let options = SendOptions {
        unmasked: true,
        compress: Compress::Always,
    };
    let mut peer = open_compressing()?;
    peer.send(Outgoing::Text(&text), options, NOW)?;
    let sent = transmit(&mut peer);
    // The masking key stands behind the length.
    let header = if sent[1] & 0x7f == 126 { 8 } else { 6 };
    let input = frame(sent[0], &sent[header..]);

    let mut connection = open_compressing()?;
    let received = counted(|| messages(&mut connection, &input));
    check(&received, text.as_bytes(), 1)
}

/// Gives all of `input` to a connection, and takes the messages.
fn messages(connection: &mut Connection, mut input: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    loop {
        let taken = connection.handle_input(input, NOW);
        input = &input[taken..];
        match connection.poll_event() {
            Some(Event::Message(message)) => messages.push(message),
            Some(_) => return messages,
            None if input.is_empty() => return messages,
            None => {}
        }
    }
}

fn check(messages: &[Message], payload: &[u8], count: usize) -> Done {
    let right = messages.iter().filter(|message| match message {
        Message::Text(text) => text.to_str().as_bytes() == payload,
        Message::Binary(bytes) => bytes == payload,
    });
    let right = right.count();
    if right == count && messages.len() == count {
        return Ok(());
    }
    Err(format!(
        "{right} of {} messages are right, of {count}",
        messages.len()
    )
    .into())
}

/// Sends a message so many times at once.
fn send(payload: &[u8], count: usize) -> Done {
    let mut connection = open("")?;
    let len = counted(|| {
        let messages = (0..count).map(|_| Outgoing::Binary(payload));
        connection.send_all(messages, SendOptions::default(), NOW)?;
        let len = connection.poll_transmit().len();
        connection.advance_transmit(len);
        Ok::<_, Box<dyn Error>>(len)
    })?;
    let header = if payload.len() > 0xffff { 14 } else { 8 };
    if len == (payload.len() + header) * count {
        return Ok(());
    }
    Err(format!("{len} bytes were to be written").into())
}

fn send_compressed() -> Done {
    let text = json();
    let mut connection = open_compressing()?;
    let options = SendOptions {
        unmasked: false,
        compress: Compress::Always,
    };
    let len = counted(|| {
        connection.send(Outgoing::Text(&text), options, NOW)?;
        Ok::<_, Box<dyn Error>>(transmit(&mut connection).len())
    })?;
    if len < text.len() / 2 {
        return Ok(());
    }
    Err(format!("{len} bytes are not compressed").into())
}
