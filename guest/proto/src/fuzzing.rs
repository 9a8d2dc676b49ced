//! The contract at the head of the crate as a program that holds a connection to it, whatever it is
//! given. The fuzz targets in `guest/fuzz` call the functions here, and so do the crate's tests.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

#[cfg(feature = "fuzzing")]
use arbitrary::{Arbitrary, Unstructured};

use crate::{
    CloseFrame, Compress, Config, Connection, ConnectionState, Event, Instant, Limits, MaskingKeys,
    Message, Nonce, Outgoing, Request, RequestHeaders, SendError, SendOptions, WebSocketUrl,
};

/// The answer to the nonce that all connections here use.
pub(crate) const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    \r\n";

/// The same, with permessage-deflate accepted as it is offered by default.
pub(crate) const COMPRESSING_ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\
    \r\n";

/// The masking key of the examples in RFC 6455, section 5.7.
pub(crate) const MASKING_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What more than [`Limits::outgoing_len`] and one message may wait to be written: the answers to
/// pings, and Close frames.
const MAX_OWED_BESIDE_MESSAGES: u64 = 16 << 10;

/// All that a connection let out.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The events, in order.
    pub events: Vec<Event>,
    /// What was written to the stream.
    pub transmitted: Vec<u8>,
    /// Where the connection stands.
    pub state: ConnectionState,
    /// When it wants to be told the time.
    pub deadline: Option<Instant>,
}

/// Feeds a new connection with `pieces`, writing all that is owed after each.
pub fn drive(pieces: &[&[u8]], eof: bool) -> Outcome {
    let mut driven = Driven::new();
    driven.write(usize::MAX);
    for piece in pieces {
        driven.feed(piece);
        driven.write(usize::MAX);
    }
    if eof {
        driven.connection.handle_eof();
    }
    driven.take_events();
    driven.write(usize::MAX);
    driven.take_events();
    Outcome {
        state: driven.connection.state(),
        deadline: driven.connection.poll_timeout(),
        events: driven.events,
        transmitted: driven.transmitted,
    }
}

/// What an open connection makes of any bytes.
pub fn frames(bytes: &[u8]) {
    assert_ends(drive(&[ANSWER, bytes], true));
    assert_ends(drive(&[COMPRESSING_ANSWER, bytes], true));
}

/// What the opening handshake makes of any bytes.
pub fn response(bytes: &[u8]) {
    assert_ends(drive(&[bytes], true));
}

/// That it makes no difference where the input is cut: after as many bytes as `cuts` say, in turn.
pub fn chunking(bytes: &[u8], cuts: &[u8]) {
    for prefix in [&b""[..], ANSWER, COMPRESSING_ANSWER] {
        let input = [prefix, bytes].concat();
        let mut pieces = Vec::new();
        let mut rest = &input[..];
        for &len in cuts {
            let (piece, after) = rest.split_at(rest.len().min(len.into()));
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        assert_eq!(drive(&pieces, true), drive(&[&input], true));
    }
}

/// What a connection makes of calls in any order, in turn and out of turn.
pub fn connection(operations: Vec<Operation>) {
    let mut driven = Driven::new();
    for operation in operations {
        driven.apply(operation);
    }
    driven.connection.handle_stream_lost();
    driven.take_events();
    assert_ends(Outcome {
        state: driven.connection.state(),
        deadline: driven.connection.poll_timeout(),
        events: driven.events,
        transmitted: driven.transmitted,
    });
}

/// One call, or what a peer does.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The server's answer, as it should be.
    Answer {
        /// permessage-deflate is accepted.
        compressing: bool,
    },
    /// A frame of the server, or what looks like one.
    Frame {
        /// FIN, the reserved bits and the opcode.
        first: u8,
        /// Its payload, cut at 64 KiB.
        payload: Vec<u8>,
    },
    /// Any bytes of the server.
    Input(Vec<u8>),
    /// The stream takes this many bytes.
    Write(u16),
    /// All events that wait are taken.
    TakeEvents,
    /// The time passes, in milliseconds.
    Wait(u16),
    /// [`Connection::send`] with a text message.
    SendText(String, Sending),
    /// [`Connection::send`] with a binary message.
    SendBinary(Vec<u8>, Sending),
    /// [`Connection::ping`].
    Ping(Vec<u8>, bool),
    /// [`Connection::close`].
    Close(u16, String),
    /// [`Connection::pause`].
    Pause,
    /// [`Connection::resume`].
    Resume,
    /// [`Connection::handle_eof`].
    Eof,
    /// [`Connection::handle_stream_lost`].
    StreamLost,
}

/// How a message is sent.
#[derive(Clone, Copy, Debug)]
pub enum Sending {
    /// By default.
    Default,
    /// Unmasked, and compressed if that was agreed.
    UnmaskedCompressed,
}

/// A connection, and all that it let out so far.
struct Driven {
    connection: Connection,
    now: Instant,
    events: Vec<Event>,
    transmitted: Vec<u8>,
    longest_message: u64,
}

pub(crate) struct FixedKey;

impl MaskingKeys for FixedKey {
    fn next_key(&mut self) -> [u8; 4] {
        MASKING_KEY
    }
}

/// Small limits, so that short inputs reach them.
fn config() -> Config {
    Config {
        limits: Limits {
            message_len: 1_000,
            outgoing_len: 1_000,
            ..Limits::default()
        },
        ..Config::default()
    }
}

/// By hand: what derives it would be a feature of a crate that wasmtime depends on, so that wasmtime
/// would be built twice, with it and without.
#[cfg(feature = "fuzzing")]
impl<'a> Arbitrary<'a> for Operation {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let sending = |bytes: &mut Unstructured<'a>| -> arbitrary::Result<Sending> {
            Ok(match bool::arbitrary(bytes)? {
                true => Sending::UnmaskedCompressed,
                false => Sending::Default,
            })
        };
        Ok(match bytes.int_in_range(0..=13)? {
            0 => Self::Answer {
                compressing: bool::arbitrary(bytes)?,
            },
            1 => Self::Frame {
                first: u8::arbitrary(bytes)?,
                payload: Vec::arbitrary(bytes)?,
            },
            2 => Self::Input(Vec::arbitrary(bytes)?),
            3 => Self::Write(u16::arbitrary(bytes)?),
            4 => Self::TakeEvents,
            5 => Self::Wait(u16::arbitrary(bytes)?),
            6 => Self::SendText(String::arbitrary(bytes)?, sending(bytes)?),
            7 => Self::SendBinary(Vec::arbitrary(bytes)?, sending(bytes)?),
            8 => Self::Ping(Vec::arbitrary(bytes)?, bool::arbitrary(bytes)?),
            9 => Self::Close(u16::arbitrary(bytes)?, String::arbitrary(bytes)?),
            10 => Self::Pause,
            11 => Self::Resume,
            12 => Self::Eof,
            _ => Self::StreamLost,
        })
    }
}

impl Driven {
    fn new() -> Self {
        let url = WebSocketUrl::parse("ws://server.example.com/chat").expect("a URL");
        let request = Request::new(url, RequestHeaders::default());
        let nonce = Nonce::new(*b"the sample nonce");
        let now = Instant::from_nanos(0);
        Self {
            connection: Connection::new(&request, nonce, Box::new(FixedKey), config(), now),
            now,
            events: Vec::new(),
            transmitted: Vec::new(),
            longest_message: 0,
        }
    }

    /// Gives all of `bytes`, taking events as they come.
    fn feed(&mut self, mut bytes: &[u8]) {
        self.take_events();
        while !bytes.is_empty() {
            let consumed = self.connection.handle_input(bytes, self.now);
            assert!(
                consumed == bytes.len() || self.connection.has_event(),
                "input is left though no event waits"
            );
            bytes = &bytes[consumed..];
            self.take_events();
        }
    }

    fn take_events(&mut self) {
        let connection = &mut self.connection;
        self.events
            .extend(core::iter::from_fn(|| connection.poll_event()));
    }

    /// Writes up to `len` of the bytes that are owed.
    fn write(&mut self, len: usize) {
        let owed = self.connection.poll_transmit();
        let written = owed.len().min(len);
        self.transmitted.extend_from_slice(&owed[..written]);
        self.connection.advance_transmit(written);
    }

    fn apply(&mut self, operation: Operation) {
        let was_closed = self.connection.state() == ConnectionState::Closed;
        match operation {
            Operation::Answer { compressing: false } => self.feed(ANSWER),
            Operation::Answer { compressing: true } => self.feed(COMPRESSING_ANSWER),
            Operation::Frame { first, payload } => self.feed(&frame(first, &payload)),
            Operation::Input(bytes) => self.feed(&bytes),
            Operation::Write(len) => self.write(len.into()),
            Operation::TakeEvents => self.take_events(),
            Operation::Wait(millis) => {
                self.now = self.now + Duration::from_millis(millis.into());
                self.connection.handle_timeout(self.now);
            }
            Operation::SendText(text, sending) => self.send(Outgoing::Text(&text), sending),
            Operation::SendBinary(bytes, sending) => self.send(Outgoing::Binary(&bytes), sending),
            Operation::Ping(payload, unmasked) => {
                let pinged = self.connection.ping(&payload, unmasked, self.now);
                assert!(pinged.is_err() || !was_closed);
            }
            Operation::Close(code, reason) => {
                if let Ok(frame) = CloseFrame::new(code, &reason) {
                    let closing = self.connection.close(&frame, self.now);
                    assert_eq!(closing.is_err(), was_closed);
                }
            }
            Operation::Pause => self.connection.pause(),
            Operation::Resume => self.connection.resume(self.now),
            Operation::Eof => self.connection.handle_eof(),
            Operation::StreamLost => self.connection.handle_stream_lost(),
        }
        let owed = self.connection.poll_transmit().len() as u64;
        let limit = config().limits.outgoing_len + self.longest_message + MAX_OWED_BESIDE_MESSAGES;
        assert!(owed <= limit, "{owed} bytes wait to be written");
        if was_closed {
            assert_eq!(owed, 0, "something is owed on a closed connection");
        }
    }

    fn send(&mut self, message: Outgoing<'_>, sending: Sending) {
        let options = match sending {
            Sending::Default => SendOptions::default(),
            Sending::UnmaskedCompressed => SendOptions {
                unmasked: true,
                compress: Compress::Always,
            },
        };
        let is_open = self.connection.state() == ConnectionState::Open;
        let sent = self.connection.send(message, options, self.now);
        assert_eq!(sent == Err(SendError::NotOpen), !is_open);
        let len = message.payload().len() as u64;
        self.longest_message = self.longest_message.max(len);
    }
}

/// A frame of the server. The length is always minimal; [`Operation::Input`] has other ones.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(usize::from(u16::MAX))];
    let mut bytes = vec![first];
    match payload.len() as u16 {
        len @ 0..=125 => bytes.push(len as u8),
        len => {
            bytes.push(126);
            bytes.extend_from_slice(&len.to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// *Finality*: the end of the stream leads to one `Closed`, which is last and leaves nothing.
fn assert_ends(outcome: Outcome) {
    let closed = |event: &&Event| matches!(event, Event::Closed(_));
    assert_eq!(outcome.events.iter().filter(closed).count(), 1);
    assert!(outcome.events.last().is_some_and(|event| closed(&event)));
    let errors = |event: &&Event| matches!(event, Event::Error(_));
    assert!(outcome.events.iter().filter(errors).count() <= 1);
    for event in &outcome.events {
        if let Event::Message(Message::Text(text)) = event {
            // Panics unless it is UTF-8.
            text.to_str();
        }
    }
    assert_eq!(outcome.state, ConnectionState::Closed);
    assert_eq!(outcome.deadline, None);
}
