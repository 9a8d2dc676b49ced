//! A user of wstd-tungstenite, which has no TLS.

use futures_util::{FutureExt, SinkExt, StreamExt};
use wstd::net::TcpStream;
use wstd::runtime::block_on;
use wstd_tungstenite::tungstenite::{Error, Message};
use wstd_tungstenite::{WebSocketStream, connect_async};

wit_bindgen::generate!({
    path: "../work/wit",
    world: "guest",
});

struct Bench;

export!(Bench);

work::blocking_guest!(Bench, Client, block_on);

struct Client(WebSocketStream<TcpStream>);

fn payload(message: Option<Result<Message, Error>>) -> Vec<u8> {
    match message {
        Some(Ok(Message::Binary(payload))) => payload.into(),
        other => panic!("{other:?}"),
    }
}

impl work::Client for Client {
    type Payload = Vec<u8>;

    async fn connect(url: &str, roots: Option<&str>) -> Self {
        assert_eq!(roots, None, "it has no TLS");
        let (websocket, _) = connect_async(url).await.expect("a connection");
        Self(websocket)
    }

    async fn send(&mut self, payload: &[u8]) {
        let message = Message::binary(payload.to_vec());
        self.0.send(message).await.expect("sent");
    }

    async fn receive(&mut self) -> Vec<u8> {
        payload(self.0.next().await)
    }

    async fn exchange(&mut self, payloads: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        for payload in payloads {
            let message = Message::binary(payload);
            self.0.feed(message).await.expect("queued");
        }
        self.0.flush().await.expect("sent");
        let mut messages = vec![self.receive().await];
        while let Some(message) = self.0.next().now_or_never() {
            messages.push(payload(message));
        }
        messages
    }

    async fn close(mut self) {
        self.0.close(None).await.expect("closed");
    }
}
