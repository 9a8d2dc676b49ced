//! TLS of the host, by the proposal `wasi:tls`. The component has none of its own.

use alloc::boxed::Box;

use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};
use wasocket_client::{
    Entropy, Instant, InvalidArgument, Options, TransportError, TransportErrorKind, WebSocket,
    WebSocketUrl,
};

use crate::transport::in_words;
use generated::wasi::tls::types::{ClientConnection, ClientHandshake, FutureClientStreams};

mod generated {
    // `wit/tls` is what wasmtime-wasi-tls has, which `cargo xtask wit` checks.
    wit_bindgen::generate!({
        path: ["../../wit/0.2/deps/io.wit", "wit/tls"],
        world: "wasi:tls/imports@0.2.0-draft",
        features: ["tls"],
        with: {
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
    });
}

/// A websocket over a transport that does TLS.
pub(crate) fn websocket(
    url: WebSocketUrl,
    options: &Options,
    entropy: Box<dyn Entropy>,
    now: Instant,
) -> Result<WebSocket, InvalidArgument> {
    WebSocket::over_secure_transport(url, options, entropy, now)
}

/// A handshake that the host does.
pub(crate) struct Handshake {
    // Dropped first, as fields are in their order.
    pollable: Pollable,
    streams: FutureClientStreams,
}

/// What is left of a handshake, for as long as the caller has pollables of it.
pub(crate) type Pending = FutureClientStreams;

/// A connection of the host's TLS.
pub(crate) type HostTls = ClientConnection;

impl Handshake {
    /// Starts it on these streams, with a server whose certificate has to be for `name`.
    pub(crate) fn start(
        name: &str,
        input: InputStream,
        output: OutputStream,
    ) -> Result<Self, TransportError> {
        let streams = ClientHandshake::finish(ClientHandshake::new(name, input, output));
        Ok(Self {
            pollable: streams.subscribe(),
            streams,
        })
    }

    /// Our own pollable of it.
    pub(crate) fn pollable(&self) -> &Pollable {
        &self.pollable
    }

    /// A pollable of it for the caller.
    pub(crate) fn subscribe(&self) -> Pollable {
        self.streams.subscribe()
    }

    /// The connection and its streams of plaintext, once the handshake is done; or why it failed.
    pub(crate) fn poll(
        &self,
    ) -> Option<Result<(HostTls, InputStream, OutputStream), TransportError>> {
        Some(match self.streams.get()? {
            Ok(Ok(secured)) => Ok(secured),
            Ok(Err(error)) => Err(failed(&error.to_debug_string())),
            Err(()) => Err(failed("the handshake was done before")),
        })
    }

    /// What has to outlive the caller's pollables.
    pub(crate) fn into_pending(self) -> Pending {
        self.streams
    }
}

fn failed(cause: &str) -> TransportError {
    TransportError {
        kind: TransportErrorKind::TlsFailed,
        message: in_words(cause),
    }
}
