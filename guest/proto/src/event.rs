use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::error::ConnectionError;
use crate::extension::DeflateParameters;
use crate::frame::CloseCode;
use crate::message::Message;
use crate::token::Token;

/// What happened on a connection, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The opening handshake is done. At most once, before any other event but `Error` and
    /// `Closed`.
    Open(Opened),
    /// The peer sent a message.
    Message(Message),
    /// Every byte of the message that `send` or `start_message` returned this token for is written.
    Sent(Token),
    /// The peer sent a ping. The pong is queued already.
    Ping(Vec<u8>),
    /// A ping was answered, or the peer sent a pong that nobody asked for.
    Pong(Pong),
    /// The connection fails. At most once; `Closed` follows.
    Error(ConnectionError),
    /// The WebSocket connection is closed (RFC 6455, section 7.1.4). Exactly once, and last.
    Closed(Closed),
}

/// What the server answered in the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The subprotocol that the server chose, one of those that were offered.
    pub subprotocol: Option<String>,
    /// How messages may be compressed; `None` if they may not.
    pub permessage_deflate: Option<DeflateParameters>,
    /// The header fields of the answer, in order, repeated ones included.
    pub headers: Vec<Header>,
}

/// A header field of an HTTP request or response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name, in the case in which it was written.
    pub name: String,
    /// The value, without the white space around it. Servers may send bytes that are not UTF-8.
    pub value: Vec<u8>,
}

/// A pong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pong {
    /// The `ping` that it answers; `None` if it answers none.
    pub token: Option<Token>,
    /// Its payload.
    pub payload: Vec<u8>,
    /// The time since the ping was queued; `None` if it answers none.
    pub round_trip: Option<Duration>,
}

/// How the connection ended (RFC 6455, sections 7.1.4 to 7.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The status code of the peer's Close frame; 1005 if it has none, 1006 if there was no Close
    /// frame.
    pub code: CloseCode,
    /// The reason of the peer's Close frame, empty if there was none.
    pub reason: String,
    /// Whether the closing handshake was completed.
    pub was_clean: bool,
    /// The `close` that it completes, if there was one.
    pub token: Option<Token>,
}
