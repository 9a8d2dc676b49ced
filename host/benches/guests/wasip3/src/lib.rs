//! A user of `wasocket:websocket` on WASI 0.3, to be composed with the component.

use futures_util::future::join;
use wasocket::websocket::client::{ConnectOptions, Websocket};
use wasocket::websocket::types::{Event, Message, SendOptions};

wit_bindgen::generate!({
    path: ["../work/wit", "../../../../wit/0.3"],
    inline: "
        package wasocket:bench-of-wasip3;

        world user {
            include wasocket:bench/async-guest;
            import wasocket:websocket/client@0.3.0;
        }
    ",
    generate_all,
});

struct Bench;

export!(Bench);

impl Guest for Bench {
    async fn round_trips(url: String, roots: Option<String>, len: u32, count: u32) -> Vec<u64> {
        work::round_trips::<Client>(&url, roots.as_deref(), len, count).await
    }

    async fn pipelined(url: String, roots: Option<String>, count: u32) -> u64 {
        work::pipelined::<Client>(&url, roots.as_deref(), count).await
    }

    async fn handshakes(url: String, roots: Option<String>, count: u32) -> Vec<u64> {
        work::handshakes::<Client>(&url, roots.as_deref(), count).await
    }

    async fn idle(url: String, roots: Option<String>, count: u32) {
        work::idle::<Client>(&url, roots.as_deref(), count).await;
    }
}

struct Client(Websocket);

impl Client {
    async fn send(&self, payload: Vec<u8>) {
        let sent = self.0.send(Message::Binary(payload), SendOptions::empty());
        sent.await.expect("an open connection");
    }
}

impl work::Client for Client {
    async fn connect(url: &str, roots: Option<&str>) -> Self {
        let options = ConnectOptions::new();
        if let Some(roots) = roots {
            options.remove_built_in_roots();
            options.add_roots(roots.as_bytes()).expect("a root");
        }
        let websocket = Websocket::connect(Some(url.to_owned()), None, None, Some(&options)).await;
        Self(websocket.expect("an open connection"))
    }

    async fn send(&mut self, payload: &[u8]) {
        Self::send(self, payload.to_vec()).await;
    }

    async fn receive(&mut self) -> Vec<u8> {
        match self.0.receive().await {
            Ok(Some(Message::Binary(payload))) => payload,
            other => panic!("{other:?}"),
        }
    }

    async fn exchange(&mut self, payloads: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        let messages = payloads.into_iter().map(Message::Binary).collect();
        let sent = self.0.send_all(messages, SendOptions::empty());
        let (sent, events) = join(sent, self.0.events()).await;
        sent.expect("an open connection");
        let message = |event| match event {
            Event::Message(Message::Binary(payload)) => payload,
            other => panic!("{other:?}"),
        };
        events.into_iter().map(message).collect()
    }

    async fn close(self) {
        let closed = self.0.close(None, None).await.expect("a close code");
        assert!(closed.was_clean, "{closed:?}");
    }
}
