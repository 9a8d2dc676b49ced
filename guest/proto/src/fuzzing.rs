//! The contract at the head of the crate as a program that holds a connection to it, whatever it is
//! given. The fuzz targets in `guest/fuzz` call the functions here, and so do the crate's tests.

mod operation;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

pub use self::operation::{Operation, Sending};
use crate::{
    CloseFrame, Config, Connection, ConnectionState, Event, Instant, Limits, MaskingKeys, Message,
    MessageKind, MessagePart, Nonce, Outgoing, Request, RequestHeaders, SendError, WebSocketUrl,
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
    /// What was taken by parts, in order: one for each message, which is the last if it is whole.
    pub parts: Vec<MessagePart>,
    /// What was written to the stream.
    pub transmitted: Vec<u8>,
    /// Where the connection stands.
    pub state: ConnectionState,
    /// When it wants to be told the time.
    pub deadline: Option<Instant>,
}

/// Feeds a new connection with `pieces`, writing all that is owed after each.
pub fn drive(pieces: &[&[u8]], eof: bool) -> Outcome {
    Driven::new(Taking::Events).drive(pieces, eof)
}

/// The same, by a caller who takes every message by parts.
pub fn drive_by_parts(pieces: &[&[u8]], eof: bool) -> Outcome {
    Driven::new(Taking::PartsFirst).drive(pieces, eof)
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
        assert_parts(&pieces, &input, true);
    }
}

/// That `input` by parts is the same however it arrives, and the same as by events.
pub fn assert_parts(pieces: &[&[u8]], input: &[u8], eof: bool) {
    let Outcome {
        mut events,
        mut parts,
        transmitted,
        ..
    } = drive(&[input], eof);
    assert_eq!(parts, []);
    let mut by_parts = drive_by_parts(pieces, eof);
    assert_eq!(by_parts, drive_by_parts(&[input], eof));
    events.retain(|event| match event {
        Event::Message(message) => {
            parts.push(message.clone().into());
            false
        }
        _ => true,
    });
    by_parts.parts.retain(|part| part.is_last);
    assert_eq!(by_parts.parts, parts);
    assert_eq!(by_parts.events, events);
    assert_eq!(by_parts.transmitted, transmitted);
}

/// What a connection makes of calls in any order, in turn and out of turn.
pub fn connection(operations: Vec<Operation>) {
    let mut driven = Driven::new(Taking::Events);
    for operation in operations {
        driven.apply(operation);
    }
    driven.connection.handle_stream_lost();
    driven.take_events();
    assert_ends(driven.into_outcome());
}

/// A connection, and all that it let out so far.
struct Driven {
    connection: Connection,
    now: Instant,
    taking: Taking,
    events: Vec<Event>,
    parts: Vec<MessagePart>,
    transmitted: Vec<u8>,
    longest_message: u64,
}

/// What a caller takes whenever something may wait.
enum Taking {
    Events,
    /// All parts, then all events.
    PartsFirst,
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
            untaken_len: 64,
            ..Limits::default()
        },
        ..Config::default()
    }
}

impl Driven {
    fn new(taking: Taking) -> Self {
        let url = WebSocketUrl::parse("ws://server.example.com/chat").expect("a URL");
        let request = Request::new(url, RequestHeaders::default());
        let nonce = Nonce::new(*b"the sample nonce");
        let now = Instant::from_nanos(0);
        Self {
            connection: Connection::new(&request, nonce, Box::new(FixedKey), config(), now),
            now,
            taking,
            events: Vec::new(),
            parts: Vec::new(),
            transmitted: Vec::new(),
            longest_message: 0,
        }
    }

    fn drive(mut self, pieces: &[&[u8]], eof: bool) -> Outcome {
        self.write(usize::MAX);
        for piece in pieces {
            self.feed(piece);
            self.write(usize::MAX);
        }
        if eof {
            self.connection.handle_eof();
        }
        self.take();
        self.write(usize::MAX);
        self.take();
        self.into_outcome()
    }

    fn into_outcome(self) -> Outcome {
        Outcome {
            state: self.connection.state(),
            deadline: self.connection.poll_timeout(),
            events: self.events,
            parts: self.parts,
            transmitted: self.transmitted,
        }
    }

    /// Gives all of `bytes`, taking what comes of them as it comes.
    fn feed(&mut self, mut bytes: &[u8]) {
        self.take();
        while !bytes.is_empty() {
            let consumed = self.connection.handle_input(bytes, self.now);
            assert!(
                consumed == bytes.len()
                    || self.connection.has_event()
                    || self.connection.has_part(),
                "input is left though neither an event nor a part waits"
            );
            bytes = &bytes[consumed..];
            if self.connection.awaits_poll_part() {
                self.take_parts();
            }
            self.take();
        }
    }

    fn take(&mut self) {
        match self.taking {
            Taking::Events => {}
            Taking::PartsFirst => self.take_parts(),
        }
        self.take_events();
    }

    fn take_events(&mut self) {
        let connection = &mut self.connection;
        self.events
            .extend(core::iter::from_fn(|| connection.poll_event()));
    }

    fn take_parts(&mut self) {
        loop {
            let announced = self.connection.has_part();
            let part = self.connection.poll_part(self.now);
            assert_eq!(part.is_some(), announced);
            let Some(part) = part else {
                return;
            };
            assert!(part.kind == MessageKind::Binary || core::str::from_utf8(&part.bytes).is_ok());
            assert!(part.is_last || !part.bytes.is_empty());
            self.join(part);
        }
    }

    /// Puts a part to those before it of the same message.
    fn join(&mut self, part: MessagePart) {
        let before = self.parts.last_mut().filter(|before| !before.is_last);
        match before {
            Some(before) if !part.is_first => {
                assert_eq!(part.kind, before.kind);
                before.bytes.extend(part.bytes);
                before.is_last = part.is_last;
            }
            _ => {
                assert!(part.is_first);
                self.parts.push(part);
            }
        }
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
            Operation::StartMessage(kind, sending) => {
                let in_progress = self.connection.is_message_in_progress();
                let started = self.connection.start_message(kind, sending.into());
                assert_eq!(started == Err(SendError::MessageInProgress), in_progress);
            }
            Operation::SendPart(part) => {
                let in_progress = self.connection.is_message_in_progress();
                let sent = self.connection.send_part(&part, self.now);
                assert!(sent.is_err() || in_progress);
                self.longest_message = self.longest_message.max(part.len() as u64);
            }
            Operation::FinishMessage => {
                let in_progress = self.connection.is_message_in_progress();
                let finished = self.connection.finish_message(self.now);
                assert!(finished.is_err() || in_progress);
            }
            Operation::AbandonMessage => {
                let in_progress = self.connection.is_message_in_progress();
                let abandoned = self.connection.abandon_message(self.now);
                assert_eq!(abandoned.is_ok(), in_progress);
                assert!(!self.connection.is_message_in_progress());
            }
            Operation::TakeParts => self.take_parts(),
            Operation::CancelParts => self.connection.cancel_parts(self.now),
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
        let is_open = self.connection.state() == ConnectionState::Open;
        let sent = self.connection.send(message, sending.into(), self.now);
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
