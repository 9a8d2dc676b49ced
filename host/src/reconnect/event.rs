use std::fmt;
use std::time::Duration;

use super::cause::Cause;
use crate::event::{Closed, Message, Opened};

/// What happened, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An attempt to connect begins. Its number counts from 1, anew after each stable connection.
    Connecting(u32),
    /// The connection is established.
    Open(Opened),
    /// The server sent a message.
    Message(Message),
    /// The server sent a ping with this payload. It is answered already.
    Ping(Vec<u8>),
    /// The server sent a pong that answers no ping.
    Pong(Vec<u8>),
    /// An attempt failed, or a connection was lost.
    Disconnected(Disconnected),
    /// A message is given up and returned.
    Undelivered(Undelivered),
    /// There will be no connection any more. Exactly once, and last.
    Ended(End),
}

/// The end of an attempt, or of the connection that it made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnected {
    /// The number of the attempt, as [`Event::Connecting`] told it.
    pub attempt: u32,
    /// Whether the connection had been open.
    pub was_open: bool,
    /// Why.
    pub cause: Cause,
    /// When the next attempt begins, from now; `None` if there is none.
    pub retry_in: Option<Duration>,
}

/// A message that is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undelivered {
    /// The number that [`Receipt::id`](super::Receipt::id) tells.
    pub id: u64,
    /// The message.
    pub message: Message,
    /// What is known of it.
    pub fate: Fate,
    /// Why it is given up.
    pub cause: Cause,
}

/// What is known of a message that is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Some or all of it may have been handed to a transport that was lost. The server may have it
    /// or not. So it is too with what the connection had been given, and had not told of: at most
    /// some 256 messages and 256 KiB, of which the transport may have had none.
    MaybeSent,
    /// No byte of it was sent.
    Unsent,
}

/// What a [`Receipt`](super::Receipt) says of a message that is given up. The message itself is
/// returned by [`Event::Undelivered`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fate}: {cause}")]
#[non_exhaustive]
pub struct NotDelivered {
    /// What is known of it.
    pub fate: Fate,
    /// Why it is given up.
    pub cause: Cause,
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaybeSent => "the message may have been sent",
            Self::Unsent => "the message was not sent",
        })
    }
}

/// Why there will be no connection any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The application closed it. Says how the connection was closed, if one was open.
    Closed(Option<Closed>),
    /// A limit of the policy was reached after this failure.
    Exhausted {
        /// The limit.
        limit: Limit,
        /// The failure.
        cause: Cause,
    },
    /// The next attempt would fail as this one did.
    Final(Cause),
}

/// A limit of a [`Policy`](super::Policy).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Policy::max_attempts`](super::Policy::max_attempts).
    Attempts,
    /// [`Policy::max_elapsed`](super::Policy::max_elapsed).
    Elapsed,
}
