//! Connections that are made anew when they are lost.
//!
//! A [`Reconnecting`] lives until [`close`](Reconnecting::close) ends it, a cause that is final, or
//! a limit of its [`Policy`]. Between two attempts it waits, for longer after each failure, by a
//! random share of that time (full jitter), so that many clients of one server do not come back
//! at once.
//!
//! ```no_run
//! use wasocket::reconnect::{Event, Policy, Reconnect};
//! use wasocket::{Grants, Runtime};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let grants = Grants::new().host("telemetry.example.org", 443);
//! let runtime = Runtime::builder().grants(grants).build()?;
//!
//! let mut connection = Reconnect::new(&runtime, "wss://telemetry.example.org/")
//!     .policy(Policy::new().max_attempts(20))
//!     .start();
//! let receipt = connection.send("21.5").await?;
//! while let Some(event) = connection.event().await {
//!     match event {
//!         Event::Message(message) => println!("{message:?}"),
//!         Event::Disconnected(lost) => eprintln!("{}; again in {:?}", lost.cause, lost.retry_in),
//!         Event::Undelivered(message) => eprintln!("not delivered: {message:?}"),
//!         _ => {}
//!     }
//! }
//! # receipt.await?;
//! # Ok(())
//! # }
//! ```
//!
//! A whole program is in `examples/telemetry.rs`.
//!
//! # What becomes of messages
//!
//! WebSocket has no acknowledgements, and a message that was handed to the transport may be lost
//! with it. So each message is kept until the server is known to have it: by the pong to a ping
//! that was sent after it ([`Confirm`]). When the connection is lost before that, a message is
//! either *unsent*, no byte of it left, or *maybe sent* ([`Fate`]). The [`Policy`] says which of them
//! are sent again on the next connection, in their order, and which are returned; unless told
//! otherwise the unsent ones are sent again, and the others returned. What is not delivered in the
//! end comes back as [`Event::Undelivered`], exactly once, before [`Event::Ended`].
//!
//! A pong says that the server's WebSocket implementation has read what came before the ping. It
//! does not say that the program behind it has done anything with that.
//!
//! # Events
//!
//! In this order: for each attempt [`Event::Connecting`]; if it succeeds [`Event::Open`] and what
//! the server sends; then [`Event::Disconnected`], and an [`Event::Undelivered`] for each message that
//! is returned. [`Event::Ended`] is told once, and last. Events have to be taken: when about 1 MiB of
//! them wait, nothing more is read, and no attempt is made.

mod cause;
mod connection;
mod conversation;
mod dial;
mod driver;
mod event;
mod hooks;
mod outbox;
mod policy;
mod queue;
mod schedule;
mod shared;

pub use cause::{Cause, HookError};
pub use connection::{Receipt, Reconnect, Reconnecting, SendError, Sender};
pub use event::{Disconnected, End, Event, Fate, Limit, NotDelivered, Undelivered};
pub use hooks::Attempt;
pub use policy::{Confirm, OnLoss, Policy};
