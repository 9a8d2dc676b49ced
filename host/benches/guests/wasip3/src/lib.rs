//! A user of `wasocket:websocket` on WASI 0.3, to be composed with the component.

use std::collections::VecDeque;

use futures_util::future::join;
use wasocket::websocket::client::{ConnectOptions, Websocket};
use wasocket::websocket::types::{MessageKind, PackedHeader, PackedMessages, SendOptions};
use work::{PackedPayload, pack, unpack};

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

work::async_guest!(Bench, Client);

struct Client {
    websocket: Websocket,
    /// What came with a message that was asked for.
    messages: VecDeque<PackedPayload>,
}

impl Client {
    async fn send<T: AsRef<[u8]>>(&self, payloads: &[T]) {
        let header = |payload: &T| PackedHeader {
            kind: MessageKind::Binary,
            len: payload.as_ref().len() as u64,
        };
        let messages = PackedMessages {
            headers: payloads.iter().map(header).collect(),
            words: pack(payloads),
        };
        let sent = self.websocket.send_packed(messages, SendOptions::empty());
        sent.await.expect("an open connection");
    }

    async fn receive(&self) -> impl Iterator<Item = PackedPayload> {
        let messages = self.websocket.receive_packed().await;
        let messages = messages.expect("a connection").expect("a message");
        let lens = messages.headers.into_iter().map(|header| header.len);
        unpack(lens, messages.words)
    }
}

impl work::Client for Client {
    type Payload = PackedPayload;

    async fn connect(url: &str, roots: Option<&str>) -> Self {
        let options = roots.map(|roots| {
            let options = ConnectOptions::new();
            options.remove_built_in_roots();
            options.add_roots(roots.as_bytes()).expect("a root");
            options
        });
        let url = Some(url.to_owned());
        let websocket = Websocket::connect(url, None, None, options.as_ref()).await;
        Self {
            websocket: websocket.expect("an open connection"),
            messages: VecDeque::new(),
        }
    }

    async fn send(&mut self, payload: &[u8]) {
        Self::send(self, &[payload]).await;
    }

    async fn receive(&mut self) -> PackedPayload {
        if self.messages.is_empty() {
            self.messages = Self::receive(self).await.collect();
        }
        self.messages.pop_front().expect("a message")
    }

    async fn exchange(&mut self, payloads: Vec<Vec<u8>>) -> Vec<PackedPayload> {
        let ((), messages) = join(Self::send(self, &payloads), Self::receive(self)).await;
        messages.collect()
    }

    async fn close(self) {
        let closed = self
            .websocket
            .close(None, None)
            .await
            .expect("a close code");
        assert!(closed.was_clean, "{closed:?}");
    }
}
