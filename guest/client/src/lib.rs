//! One WebSocket client connection, from the name of the host to the end of the stream: what the
//! shells for WASI 0.2 and 0.3 share.
//!
//! ```text
//!            shell: sockets, clocks, randomness
//!     dial |  ^ streams       | bytes  ^ bytes   | events
//!          v  |               v        |         v
//!      +------------------ WebSocket -----------------------+
//!      |  Dialer            TLS  <->  Connection            |
//!      |  names, addresses  (wasocket-tls) (wasocket-proto) |
//!      +----------------------------------------------------+
//! ```
//!
//! Like the parts that it joins, a [`WebSocket`] does no I/O. A shell drives it so:
//!
//! 1. Do what [`poll_dial`](WebSocket::poll_dial) says, until it says nothing. Tell what came of it
//!    by [`handle_resolved`](WebSocket::handle_resolved),
//!    [`handle_attempt_failed`](WebSocket::handle_attempt_failed) and
//!    [`handle_connected`](WebSocket::handle_connected); after the last there is a stream. Where TLS
//!    is the transport's, start it when [`poll_secure`](WebSocket::poll_secure) says so, and tell
//!    [`handle_secured`](WebSocket::handle_secured).
//! 2. While [`wants_input`](WebSocket::wants_input), read from the stream and pass on what it gives:
//!    [`handle_input`](WebSocket::handle_input), [`handle_eof`](WebSocket::handle_eof),
//!    [`handle_lost`](WebSocket::handle_lost).
//! 3. Take [`poll_event`](WebSocket::poll_event) until `None`; input is handled as events are taken.
//!    To have the next message by parts, take [`poll_part`](WebSocket::poll_part) before, and again
//!    after as long as [`has_part`](WebSocket::has_part). Events do not wait for parts; input does,
//!    once enough of the message is held.
//! 4. Write [`poll_transmit`](WebSocket::poll_transmit) until it is empty or the stream is full, by
//!    [`write_len()`] at a time. End the sending side once
//!    [`is_done_sending`](WebSocket::is_done_sending).
//! 5. Call [`handle_timeout`](WebSocket::handle_timeout), and start over, when
//!    [`poll_timeout`](WebSocket::poll_timeout) has come, the stream is ready, or after a command.
//!
//! A message is sent whole, or by parts: [`start_message`](WebSocket::start_message),
//! [`send_part`](WebSocket::send_part), [`finish_message`](WebSocket::finish_message). Where many
//! messages cross to or from another component together, they are [`PackedMessages`].
//!
//! [`Event::Close`] comes exactly once, and last; then the stream is to be closed, after what is
//! still owed (an alert, close_notify) had one chance to be written. Parts that arrived before it can
//! be taken after it.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod dial;
mod entropy;
mod error;
mod event;
mod link;
mod options;
mod packed;
mod transport_error;
mod websocket;
mod write_len;

#[cfg(test)]
mod tests;

pub use dial::{AttemptId, Dial};
pub use entropy::Entropy;
pub use error::{CommandError, Error, ErrorKind, InvalidArgument, Part, Step, Timeout};
pub use event::{Closed, Event, Token};
pub use options::{Options, window_bits};
pub use packed::{PackedHeader, PackedMessages};
pub use transport_error::{LookupError, TransportError, TransportErrorKind};
pub use wasocket_proto::{
    ClientMaxWindowBits, Compress, DeflateOffer, Header, Instant, Message, MessageKind,
    MessagePart, Opened, Outgoing, Pong, Refusal, RoundTrip, SendOptions, Statistics, Traffic,
    WebSocketUrl,
};
pub use wasocket_tls::{CertificateProblem, TlsContexts};
pub use websocket::{ReadyState, WebSocket};
pub use write_len::write_len;
