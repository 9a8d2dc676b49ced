//! TLS of the component's own, which `wasocket-client` does. None is asked of the host.

use alloc::boxed::Box;

use spin::Mutex;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};
use wasocket_client::{
    Entropy, Instant, InvalidArgument, Options, TlsContexts, TransportError, TransportErrorKind,
    WebSocket, WebSocketUrl,
};

/// What the connections of the instance share, so that they resume each other's TLS sessions.
static TLS_CONTEXTS: Mutex<TlsContexts> = Mutex::new(TlsContexts::new());

/// A websocket that does TLS.
pub(crate) fn websocket(
    url: WebSocketUrl,
    options: &Options,
    entropy: Box<dyn Entropy>,
    now: Instant,
) -> Result<WebSocket, InvalidArgument> {
    WebSocket::new(url, options, &mut TLS_CONTEXTS.lock(), entropy, now)
}

/// A handshake of the host's, of which there is none.
pub(crate) struct Handshake(Never);

/// What is left of a handshake, of which there is none.
pub(crate) struct Pending(Never);

/// A connection of the host's TLS, of which there is none.
pub(crate) struct HostTls(Never);

/// Nothing has it.
enum Never {}

impl Handshake {
    pub(crate) fn start(
        _name: &str,
        _input: InputStream,
        _output: OutputStream,
    ) -> Result<Self, TransportError> {
        Err(TransportError {
            kind: TransportErrorKind::TlsFailed,
            message: "this component does not ask its host for TLS".into(),
        })
    }

    pub(crate) fn pollable(&self) -> &Pollable {
        match self.0 {}
    }

    pub(crate) fn subscribe(&self) -> Pollable {
        match self.0 {}
    }

    pub(crate) fn poll(
        &self,
    ) -> Option<Result<(HostTls, InputStream, OutputStream), TransportError>> {
        match self.0 {}
    }

    pub(crate) fn into_pending(self) -> Pending {
        Pending(self.0)
    }
}

impl HostTls {
    pub(crate) fn close_output(&self) {
        match self.0 {}
    }
}
