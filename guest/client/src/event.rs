use alloc::string::String;

use wasocket_proto::{Message, Opened, Pong};

use crate::error::Error;

/// Names one command in the events that tell how it went.
pub type Token = u64;

/// What happened on a websocket, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The connection is established.
    Open(Opened),
    /// The server sent a message.
    Message(Message),
    /// The message of this token is handed to the transport, every byte of it.
    Sent(Token),
    /// The server sent a ping, which is answered.
    Ping(alloc::vec::Vec<u8>),
    /// The server answered a ping, or sent a pong that nobody asked for.
    Pong(Pong),
    /// The connection could not be opened, or fails. At most once.
    Error(Error),
    /// The connection is closed. Exactly once, and last.
    Close(Closed),
}

/// How the connection ended (RFC 6455, sections 7.1.4 to 7.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The status code of the server's Close frame, or 1005 or 1006.
    pub code: u16,
    /// The reason in the server's Close frame.
    pub reason: String,
    /// Whether both sides sent and received a Close frame.
    pub was_clean: bool,
    /// The `close` that this completes.
    pub token: Option<Token>,
}
