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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connection is established. First, unless the connection could not be opened.
    Open(Opened),
    /// The server sent a message.
    Message(Message),
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
