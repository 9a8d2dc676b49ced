//! tokio-tungstenite, as its documentation has it, and with batches made by hand.

use std::sync::Arc;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio_rustls::rustls::ClientConfig;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::halves::{Receiving, Sending, in_flight_by_halves};
use super::tls;
use super::work::{Client, Dialer};
use crate::target::Target;
use crate::task::Task;

type Stream = WebSocketStream<tls::Stream>;

/// The plain loop: each message is sent and received by a call of its own.
pub(crate) struct Plain(Arc<ClientConfig>);

/// The loop that makes batches: feeds what may be sent, flushes once, and takes all that is there.
pub(crate) struct Batches(Arc<ClientConfig>);

pub(crate) struct PlainClient(Stream);

pub(crate) struct BatchingClient(Stream);

impl Dialer for Plain {
    type Client = PlainClient;

    fn new(roots: &str) -> Self {
        Self(tls::config(roots))
    }

    /// It has no permessage-deflate.
    fn does(task: Task) -> bool {
        !task.is_compressed()
    }

    async fn connect(&self, target: &Target) -> PlainClient {
        PlainClient(connect(&self.0, target).await)
    }
}

impl Dialer for Batches {
    type Client = BatchingClient;

    fn new(roots: &str) -> Self {
        Self(tls::config(roots))
    }

    /// Where there is more than one message at a time; the rest is the same as [`Plain`].
    fn does(task: Task) -> bool {
        matches!(task, Task::InFlight { .. }) && !task.is_compressed()
    }

    async fn connect(&self, target: &Target) -> BatchingClient {
        BatchingClient(connect(&self.0, target).await)
    }
}

async fn connect(config: &Arc<ClientConfig>, target: &Target) -> Stream {
    let stream = tls::connect(config, target).await;
    let connected = tokio_tungstenite::client_async(&target.url, stream).await;
    connected.expect("a connection").0
}

async fn send(stream: &mut Stream, payload: &[u8]) {
    let message = Message::binary(payload.to_vec());
    stream.send(message).await.expect("sent");
}

/// The payload of a message that came.
fn payload(message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> Vec<u8> {
    match message {
        Some(Ok(Message::Binary(payload))) => payload.into(),
        other => panic!("{other:?}"),
    }
}

/// Closes it, and waits for the server to do so.
async fn close(mut stream: Stream) {
    stream.close(None).await.expect("a closing handshake");
    while let Some(message) = stream.next().await {
        assert!(message.expect("a closing handshake").is_close());
    }
}

impl Client for PlainClient {
    async fn send(&mut self, payload: &[u8]) {
        send(&mut self.0, payload).await;
    }

    async fn receive(&mut self) -> Vec<u8> {
        payload(self.0.next().await)
    }

    async fn in_flight(self, messages: Vec<Vec<u8>>, window: usize, count: usize) {
        in_flight_by_halves(self.0.split(), messages, window, count).await;
    }

    async fn close(self) {
        close(self.0).await;
    }
}

impl Sending for SplitSink<Stream, Message> {
    async fn send(&mut self, payload: &[u8]) {
        let message = Message::binary(payload.to_vec());
        SinkExt::send(self, message).await.expect("sent");
    }
}

impl Receiving for SplitStream<Stream> {
    async fn receive(&mut self) -> Vec<u8> {
        payload(self.next().await)
    }
}

impl Client for BatchingClient {
    async fn send(&mut self, payload: &[u8]) {
        send(&mut self.0, payload).await;
    }

    async fn receive(&mut self) -> Vec<u8> {
        payload(self.0.next().await)
    }

    async fn in_flight(mut self, messages: Vec<Vec<u8>>, window: usize, count: usize) {
        let mut expected = messages.iter().cycle();
        let mut messages = messages.iter().cycle();
        let (mut sent, mut received) = (0, 0);
        while received < count {
            while sent < count.min(received + window) {
                let payload = messages.next().expect("there are messages");
                let message = Message::binary(payload.clone());
                self.0.feed(message).await.expect("fed");
                sent += 1;
            }
            self.0.flush().await.expect("flushed");
            let mut message = Some(self.0.next().await);
            while let Some(received_message) = message {
                assert_eq!(Some(&payload(received_message)), expected.next());
                received += 1;
                message = self.0.next().now_or_never();
            }
        }
    }

    async fn close(self) {
        close(self.0).await;
    }
}
