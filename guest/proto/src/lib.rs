//! The WebSocket protocol as a client speaks it (RFC 6455), with compression (RFC 7692): bytes and
//! instants in, bytes and events out.
//!
//! There is no socket, no clock and no source of randomness in this crate, and the compiler keeps
//! it so: it is `no_std`. Those who have them, the shells, drive a [`Connection`] by this contract:
//!
//! 1. *Drive.* After any command ([`send`](Connection::send), [`ping`](Connection::ping),
//!    [`close`](Connection::close), [`pause`](Connection::pause), [`resume`](Connection::resume),
//!    and those of 9), any part taken and any handler (`handle_*`), or several of them: write
//!    [`poll_transmit`] to the stream until it is empty or the stream is full, telling
//!    [`advance_transmit`] how much; take [`poll_event`] until `None`; ask [`poll_timeout`] anew.
//! 2. *Progress.* [`handle_input`] takes all the bytes it is given, unless an event waits: it
//!    returns fewer than it was given only when [`poll_event`] would return something, or
//!    [`poll_part`] if that was called. What was not taken is given again, in front of what follows
//!    it. Once the connection is closed, or fails, bytes are taken and discarded.
//! 3. *Bounded memory.* Input is not taken while an event waits, so at most the events of one
//!    frame are held, beside one [`Sent`](Event::Sent) for each message that was queued. A message
//!    is held up to [`Limits::message_len`], or [`Limits::untaken_len`] if it is taken by parts. What
//!    waits to be written is bounded by [`Limits::outgoing_len`] and one message, or one part of it;
//!    the answers to pings are bounded in number. A caller that does not take events or parts stops
//!    reading, which stops the peer; nothing grows. [`Compression`] says what that adds.
//! 4. *Chunking does not matter.* Any split of the same input gives the same events and the same
//!    bytes to transmit. It gives other parts of a message, which together are the same.
//! 5. *Finality.* There is exactly one [`Event::Closed`], and it is last. After it nothing is owed
//!    to the peer, handlers do nothing, commands return errors, and the stream is to be closed.
//! 6. *Time.* Instants that are passed in never go backwards. The core never asks for the time,
//!    and takes a late [`handle_timeout`] for a late one, not for an error.
//! 7. *Determinism.* The same calls with the same bytes, instants, nonce and masking keys have the
//!    same results.
//! 8. *Last answers.* Messages can be answered though the peer's Close frame, or what fails the
//!    connection, arrived right behind them. For [`Timeouts::answering`] after a message was taken,
//!    such an end is not acted on: it is not told of, [`state`](Connection::state) is still
//!    [`Open`](ConnectionState::Open), commands work, and what arrives is discarded. Then, or at the
//!    end of the stream or with [`close`](Connection::close), comes what would have come at once:
//!    the Close frame after all that was queued, and the event. Nothing that the peer does can put
//!    it off.
//! 9. *Parts.* A message can be sent by parts, each as it comes: [`start_message`],
//!    [`send_part`](Connection::send_part) for each, [`finish_message`]. Other messages are refused
//!    between the first and the last of these; pings go out in between, and so does a Close frame,
//!    which cuts the message off. The other way, [`poll_part`] takes what is there of the next
//!    message, which then comes only so, to its last part; a caller who never calls it sees nothing
//!    of this. A message is cut off if its last part has not come when [`Event::Closed`] is taken
//!    and [`poll_part`] returns `None`.
//!
//! The peer cannot make a handler fail: bad input is a transition that queues a Close frame and
//! yields an event. `Result` is for a caller who asks for something that is not possible.
//!
//! What is not here: TLS, names and addresses, proxies, the server's side.
//!
//! [`start_message`]: Connection::start_message
//! [`finish_message`]: Connection::finish_message
//! [`poll_part`]: Connection::poll_part
//! [`poll_transmit`]: Connection::poll_transmit
//! [`advance_transmit`]: Connection::advance_transmit
//! [`poll_event`]: Connection::poll_event
//! [`poll_timeout`]: Connection::poll_timeout
//! [`handle_input`]: Connection::handle_input
//! [`handle_timeout`]: Connection::handle_timeout

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answers;
mod assembler;
mod config;
mod connection;
mod error;
mod event;
mod extension;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod grammar;
mod handshake;
mod heartbeat;
mod message;
mod ping;
mod receiver;
mod sender;
mod state;
mod statistics;
mod time;
mod timer;
mod token;
mod transmit;
mod url;
mod utf8;

#[cfg(test)]
mod tests;

pub use config::{Config, Limits, Timeouts};
pub use connection::Connection;
pub use error::{
    AlreadyClosed, ConnectionError, HandshakeError, ProtocolError, Refusal, SendError, TimeoutError,
};
pub use event::{Closed, Event, Header, Opened, Pong};
pub use extension::{
    ClientMaxWindowBits, Compression, CompressionLevel, DeflateOffer, DeflateParameters,
    ParameterError, WindowBits,
};
pub use frame::{CloseCode, CloseFrame, CloseFrameError, MAX_CONTROL_PAYLOAD_LEN, MaskingKeys};
pub use handshake::{MAX_REFUSAL_BODY_LEN, Nonce, Request, RequestError, RequestHeaders};
pub use message::{Compress, Message, MessageKind, MessagePart, Outgoing, SendOptions, Text};
pub use state::ConnectionState;
pub use statistics::{RoundTrip, Statistics, Traffic};
pub use time::Instant;
pub use token::Token;
pub use url::{Credentials, Host, UrlError, WebSocketUrl};
