//! This crate: each connection in an instance of its own, and many in one; and with the host's TLS.

use futures_util::{SinkExt, StreamExt};
use wasocket::{Grants, Message, Options, Runtime, RuntimeBuilder, WebSocket};

use super::halves::{Receiving, Sending, in_flight_by_halves};
use super::work::{Client, Dialer};
use crate::target::Target;
use crate::task::Task;

/// How many connections share an instance, where they do.
const SHARED_BY: u32 = 1_000;

/// Each connection has its own instance.
pub(crate) struct Own(Parts);

/// Connections share instances.
pub(crate) struct Shared(Parts);

/// Each connection has its own instance, and the host does TLS.
pub(crate) struct HostTls(Parts);

struct Parts {
    runtime: Runtime,
    options: Options,
}

impl Parts {
    fn new(builder: RuntimeBuilder, roots: &str) -> Self {
        let runtime = builder.grants(Grants::new().everything()).build();
        Self {
            runtime: runtime.expect("a runtime"),
            options: Options::new().without_built_in_roots().roots(roots),
        }
    }

    async fn connect(&self, target: &Target) -> WebSocket {
        let connected = self.runtime.connect_with(&target.url, &self.options).await;
        connected.expect("a connection")
    }
}

impl Dialer for Own {
    type Client = WebSocket;

    fn new(roots: &str) -> Self {
        Self(Parts::new(Runtime::builder(), roots))
    }

    /// Sessions of TLS are an instance's own.
    fn does(task: Task) -> bool {
        !matches!(task, Task::Handshakes { resumed: true, .. })
    }

    async fn connect(&self, target: &Target) -> WebSocket {
        self.0.connect(target).await
    }
}

impl Dialer for Shared {
    type Client = WebSocket;

    const SHARES: bool = true;

    fn new(roots: &str) -> Self {
        let builder = Runtime::builder().connections_per_instance(SHARED_BY);
        Self(Parts::new(builder, roots))
    }

    fn does(_task: Task) -> bool {
        true
    }

    async fn connect(&self, target: &Target) -> WebSocket {
        self.0.connect(target).await
    }
}

impl Dialer for HostTls {
    type Client = WebSocket;

    fn new(roots: &str) -> Self {
        Self(Parts::new(Runtime::builder().host_tls(), roots))
    }

    fn does(_task: Task) -> bool {
        true
    }

    async fn connect(&self, target: &Target) -> WebSocket {
        self.0.connect(target).await
    }
}

impl Client for WebSocket {
    async fn send(&mut self, payload: &[u8]) {
        // Not the sink's method of this name, which takes messages only.
        Self::send(self, payload).await.expect("sent");
    }

    async fn receive(&mut self) -> Vec<u8> {
        match Self::receive(self).await {
            Ok(Some(Message::Binary(payload))) => payload,
            other => panic!("{other:?}"),
        }
    }

    async fn in_flight(self, messages: Vec<Vec<u8>>, window: usize, count: usize) {
        in_flight_by_halves(self.split(), messages, window, count).await;
    }

    async fn close(self) {
        let closed = Self::close(&self, 1000, "").await.expect("closed");
        assert!(closed.was_clean, "{closed:?}");
    }
}

impl Sending for wasocket::SendHalf {
    async fn send(&mut self, payload: &[u8]) {
        SinkExt::send(self, payload.into()).await.expect("sent");
    }
}

impl Receiving for wasocket::ReceiveHalf {
    async fn receive(&mut self) -> Vec<u8> {
        match self.next().await {
            Some(Ok(Message::Binary(payload))) => payload,
            other => panic!("{other:?}"),
        }
    }
}
