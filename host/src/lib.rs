//! WebSocket connections that run in a sandbox.
//!
//! The client is a WebAssembly component, embedded in this crate: TCP is the host's, all above it
//! (TLS, RFC 6455) happens inside. A fault in it can touch nothing but its own connection, and it
//! can reach nothing but the hosts and ports that are granted.
//!
//! ```text
//!     your program
//!         | async methods, Stream + Sink, or callbacks
//!     wasocket (this crate): one task for each connection, and one store unless they share
//!         | wasmtime                                  grants, limits
//!   ======|====================================================== sandbox
//!     component: RFC 6455, TLS (rustls)
//!         | wasi:sockets
//!     TCP
//! ```
//!
//! A whole program:
//!
//! ```no_run
//! use wasocket::{Grants, Message, Runtime};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Made once; compiles the component. Nothing can be reached that is not granted.
//!     let grants = Grants::new().host("echo.example.org", 443);
//!     let runtime = Runtime::builder().grants(grants).build()?;
//!
//!     let mut websocket = runtime.connect("wss://echo.example.org/chat").await?;
//!     websocket.send("Hello").await?;
//!     if let Some(Message::Text(text)) = websocket.receive().await? {
//!         println!("{text}");
//!     }
//!     websocket.close(1000, "done").await?;
//!     Ok(())
//! }
//! ```
//!
//! Events can be taken in three ways, which are one underneath: by `async` methods and as
//! [`Stream`](futures_core::Stream) and [`Sink`](futures_sink::Sink) of [`WebSocket`], and by
//! handlers and callbacks in [`callback`]. [`Event`] says in which order they come.
//!
//! # Long messages, and many
//!
//! A message that is too long to be held is sent by [`Sender::message_writer`] and read by
//! [`WebSocket::receive_stream`], as `AsyncWrite` and `AsyncRead`:
//!
//! ```no_run
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! use wasocket::{MessageKind, Options, Runtime, SendOptions};
//!
//! # async fn example(runtime: Runtime) -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new()
//!     .stream_messages_over(1 << 20)
//!     .max_message_size(1 << 30);
//! let mut websocket = runtime.connect_with("ws://localhost/", &options).await?;
//!
//! let sender = websocket.sender();
//! let mut writer = sender
//!     .message_writer(MessageKind::Binary, SendOptions::new())
//!     .await?;
//! for number in 0..1_000_000_u64 {
//!     writer.write_all(&number.to_be_bytes()).await?;
//! }
//! writer.finish().await?;
//!
//! while let Some(mut reader) = websocket.receive_stream().await? {
//!     let mut buffer = [0; 4096];
//!     while reader.read(&mut buffer).await? > 0 {}
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What waits is bounded in both directions, in bytes and in messages ([`Options::receive_marks`],
//! [`Options::send_marks`]): an application that does not take its events stops the server through
//! TCP, and one that sends faster than the server reads waits, or is told by [`Sender::try_send`].
//! [`Sender::buffered_amount`] and [`WebSocket::unread_amount`] tell how much waits, and
//! [`Sender::drained`] when little does.
//!
//! Connections that are made anew when they are lost are in [`reconnect`]. It tells what became of
//! each message.
//!
//! # Isolation
//!
//! A trap ends its own connection, by [`Event::Error`] with [`FailureKind::Trap`] and then
//! [`Event::Close`]; so do the limits of memory ([`RuntimeBuilder::max_memory`]) and of computing
//! ([`RuntimeBuilder::max_compute_time`]), which [`TrapReport::cause`] tells. A guest that computes
//! for long has others go on meanwhile, on its thread too. [`RuntimeBuilder::pool`] bounds the number
//! of connections, and sets aside what they need.
//!
//! Where memory matters more than that, connections share instances
//! ([`RuntimeBuilder::connections_per_instance`]): a trap then ends those of one instance. Nothing
//! else changes; what a server does wrong still ends its connection alone.
//!
//! # Examples
//!
//! Whole programs, in `examples/` of the repository: `echo`; `chat`, whose halves have a loop each;
//! `fan_in`, which reads many feeds at once; `telemetry`, which publishes over a connection that is made
//! anew; and `plugin_host`, which runs components that nobody vouches for.
//!
//! # What it does not do
//!
//! There is no server's side, and no switch that turns the verification of certificates off.
//!
//! # What can be observed
//!
//! Every connection is a `tracing` span, `websocket`, with its number as `id`. In it are told, at the
//! level `debug`, the names that are looked up and the addresses that are tried, what is denied, the
//! opening, failures, and the end with its close code and what was sent and received; at `trace`,
//! the length of each message. Payloads, reasons, header fields, paths, queries and credentials are
//! in none of them.
//!
//! [`WebSocket::metrics`] has what one connection has counted, and [`Runtime::metrics`] what all have
//! together. With the feature `metrics`, these go through the facade of the crate `metrics` too, to
//! the recorder that is installed when the [`Runtime`] is made:
//!
//! | name | kind | what |
//! |---|---|---|
//! | `wasocket_connections_attempted_total` | counter | connections that were asked for |
//! | `wasocket_connections_opened_total` | counter | connections that were opened |
//! | `wasocket_connections_failed_total` | counter | connections that could not be opened or failed later; `step` is a [`Step`] as text |
//! | `wasocket_connections_closed_total` | counter | connections that were open and are closed; `code` is the close code, or `3000-3999` or `4000-4999` |
//! | `wasocket_connections_open` | gauge | connections that are open |
//! | `wasocket_opening_seconds` | histogram | from asking for a connection to its opening |
//! | `wasocket_bytes_total` | counter | bytes of handshakes and frames, without what TLS adds; here and below `direction` is `sent` or `received` |
//! | `wasocket_frames_total` | counter | frames of every opcode |
//! | `wasocket_messages_total` | counter | messages |
//! | `wasocket_pings_total` | counter | pings |
//! | `wasocket_pongs_total` | counter | pongs |
//! | `wasocket_round_trip_seconds` | histogram | from a ping to its pong |
//!
//! # Features
//!
//! - `compile` (default): compiles the component for the machine that it runs on. Without it, only
//!   a component that was compiled elsewhere can be loaded ([`RuntimeBuilder::precompiled`]).
//! - `interpreter`: interprets the component where it could be compiled
//!   ([`RuntimeBuilder::interpreted`]). Elsewhere it is interpreted without this.
//! - `wasi-tls`: a runtime may have the host do TLS ([`RuntimeBuilder::host_tls`]), where its speed
//!   counts for more than that a fault in it is contained. None does unless it is asked to.
//! - `metrics`: what is counted goes through the facade of the crate `metrics`; see above.
//! - `cli`: the `wasocket` command-line tool.

mod bindings;
pub mod callback;
mod command;
mod component;
mod compression;
mod convert;
mod counters;
mod driver;
mod error;
mod event;
mod grants;
mod half;
mod instance;
mod instances;
mod limits;
mod line;
mod marks;
mod options;
mod outbox;
mod pool;
mod queue;
mod reader;
pub mod reconnect;
mod runtime;
mod sandbox;
mod spare;
mod start;
mod store;
mod ticker;
#[cfg(feature = "wasi-tls")]
mod tls;
mod wasi;
mod websocket;
mod writer;

pub use component::COMPONENT;
#[cfg(feature = "component-0-3")]
pub use component::COMPONENT_0_3;
#[cfg(feature = "wasi-tls")]
pub use component::COMPONENT_WASI_TLS;
pub use compression::{Compression, DeflateOffer};
pub use counters::{Metrics, RoundTrip, RuntimeMetrics, Traffic};
pub use error::{
    CertificateProblem, EngineError, Error, Failure, FailureKind, Part, Refusal, RuntimeError,
    Step, Timeout, TrapCause, TrapReport,
};
pub use event::{Closed, Event, Header, Message, MessageKind, Opened, Pong, ReadyState};
pub use grants::{Denied, Destination, Grants, Ports, SpecialPurpose};
pub use half::{ReceiveHalf, ReuniteError, SendHalf};
pub use ipnet::IpNet;
pub use marks::Marks;
pub use options::{Options, SendOptions};
pub use pool::{Pool, WhenExhausted};
pub use reader::MessageReader;
pub use runtime::{Runtime, RuntimeBuilder};
pub use websocket::{Sender, TrySendError, WebSocket};
pub use writer::MessageWriter;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_move_between_threads() {
        fn is_send<T: Send>() {}
        fn is_sync<T: Sync>() {}

        is_send::<Runtime>();
        is_sync::<Runtime>();
        is_send::<WebSocket>();
        is_sync::<WebSocket>();
        is_send::<ReceiveHalf>();
        is_send::<SendHalf>();
        is_send::<MessageReader>();
        is_send::<MessageWriter>();
        is_send::<Sender>();
        is_sync::<Sender>();
        is_send::<callback::Handle>();
        is_sync::<callback::Handle>();
        is_send::<reconnect::Reconnect>();
        is_send::<reconnect::Reconnecting>();
        is_send::<reconnect::Sender>();
        is_sync::<reconnect::Sender>();
        is_send::<reconnect::Receipt>();
        is_send::<Error>();
        is_sync::<Error>();
    }

    #[expect(dead_code, reason = "what it says is said by compiling")]
    fn futures_move_between_threads(runtime: &Runtime, websocket: &mut WebSocket) {
        fn is_send<T: Send>(_: T) {}

        is_send(runtime.connect("ws://localhost/"));
        is_send(websocket.receive());
        is_send(websocket.sender().send("Hello"));
        is_send(websocket.sender().ping("Hello"));
        is_send(websocket.sender().close(1000, ""));
    }

    #[test]
    fn errors_are_small() {
        assert!(size_of::<Error>() <= 96, "{}", size_of::<Error>());
    }
}
