use std::fmt;
use std::time::Duration;

use crate::error::Failure;

/// One whole message (RFC 6455, section 5.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Message {
    /// The payload as bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The text, if it is a text message.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The length of the payload, in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl Message {
    pub(crate) fn kind(&self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// A message of this kind without a payload.
    pub(crate) fn empty(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text(String::new()),
            MessageKind::Binary => Self::Binary(Vec::new()),
        }
    }

    /// Adds a part of the same kind.
    pub(crate) fn push(&mut self, part: Self) {
        match (self, part) {
            (Self::Text(text), Self::Text(part)) => text.push_str(&part),
            (Self::Binary(bytes), part) => bytes.extend(part.into_bytes()),
            // The component does not mix kinds. If it did, nothing would be lost.
            (message @ Self::Text(_), Self::Binary(part)) => {
                let mut bytes = std::mem::replace(message, Self::Binary(Vec::new())).into_bytes();
                bytes.extend(part);
                *message = Self::Binary(bytes);
            }
        }
    }
}

/// Which of the two kinds a message is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A text message. Its payload is UTF-8.
    Text,
    /// A binary message.
    Binary,
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.to_owned())
    }
}

/// What happened on a connection, in the order in which it happened.
///
/// [`Open`](Self::Open) is first, unless the connection could not be opened. Messages, pings and pongs
/// follow in the order in which the server sent them; a ping between the fragments of a message comes
/// before the message, unless that is read as a stream: then what comes after its start may have been
/// sent before its end. [`Error`](Self::Error) comes after all that the server sent before, and
/// [`Close`](Self::Close) is last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connection is established. First, unless the connection could not be opened.
    Open(Opened),
    /// The server sent a message.
    Message(Message),
    /// The server sends a message that is longer than
    /// [`Options::stream_messages_over`](crate::Options::stream_messages_over).
    /// [`WebSocket::message_reader`](crate::WebSocket::message_reader) reads it; if that is not called
    /// before the next event is waited for, the message is discarded.
    MessageStart(MessageKind),
    /// The server sent a ping with this payload. It is answered already.
    Ping(Vec<u8>),
    /// The server sent a pong that answers no ping.
    Pong(Vec<u8>),
    /// The connection could not be opened, or fails. At most once.
    Error(Failure),
    /// The connection is closed. Exactly once, and last.
    Close(Closed),
}

/// What the server answered in the opening handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The subprotocol that the server chose, one of those offered.
    pub subprotocol: Option<String>,
    /// The extensions in use, each with the parameters that hold for the connection, those included
    /// that are so by default: `permessage-deflate`, or none.
    pub extensions: Vec<String>,
    /// The header fields of the answer, in their order, repeated ones included.
    pub headers: Vec<Header>,
}

/// A header field of an HTTP request or response.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// The name. Upper and lower case are the same, and are kept.
    pub name: String,
    /// The value, usually ASCII.
    pub value: Vec<u8>,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value.escape_ascii())
    }
}

/// The answer to a ping.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pong {
    /// Its payload, the ping's own.
    pub payload: Vec<u8>,
    /// The time since the ping was sent.
    pub round_trip: Duration,
}

/// How a connection ended (RFC 6455, sections 7.1.4 to 7.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed {
    /// The status code of the server's Close frame; 1005 if it has none, 1006 if there was no
    /// Close frame.
    pub code: u16,
    /// The reason in the server's Close frame, empty if there was none.
    pub reason: String,
    /// Whether both sides sent and received a Close frame.
    pub was_clean: bool,
}

impl Closed {
    /// The end of a connection that was lost.
    pub(crate) fn abnormally() -> Self {
        Self {
            code: 1006,
            reason: String::new(),
            was_clean: false,
        }
    }
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReadyState {
    /// The connection is not yet open.
    Connecting,
    /// Messages go both ways.
    Open,
    /// A Close frame was sent or received, or the connection fails.
    Closing,
    /// The connection is closed, or could not be opened.
    Closed,
}

impl fmt::Display for ReadyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connecting => "connecting",
            Self::Open => "open",
            Self::Closing => "closing",
            Self::Closed => "closed",
        })
    }
}
