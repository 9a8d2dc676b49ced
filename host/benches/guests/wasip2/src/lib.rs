//! A user of `wasocket:websocket` on WASI 0.2, to be composed with the component. It waits with the
//! component's own `waiter`.

use std::collections::VecDeque;

use futures_util::FutureExt;
use wasocket::websocket::client::{ConnectOptions, Waiter, Websocket};
use wasocket::websocket::types::{Event, MessageKind, PackedHeader, PackedMessages, SendOptions};
use work::{PackedPayload, pack, unpack};

wit_bindgen::generate!({
    path: ["../work/wit", "../../../../wit/0.2"],
    inline: "
        package wasocket:bench-of-wasip2;

        world user {
            include wasocket:bench/guest;
            import wasocket:websocket/client@0.2.0;
        }
    ",
    generate_all,
});

struct Bench;

export!(Bench);

work::blocking_guest!(Bench, Client, run);

/// Runs what never pends: where it has to wait, it blocks.
fn run<T>(work: impl Future<Output = T>) -> T {
    work.now_or_never().expect("it blocks")
}

struct Client {
    websocket: Websocket,
    waiter: Waiter,
    /// What came with a message that was asked for.
    messages: VecDeque<PackedPayload>,
}

/// What a turn brought, beside messages.
#[derive(PartialEq, Eq)]
enum Turn {
    Opened,
    Closed,
    Other,
}

impl Client {
    fn queue<T: AsRef<[u8]>>(&self, payloads: &[T]) {
        let header = |payload: &T| PackedHeader {
            kind: MessageKind::Binary,
            len: payload.as_ref().len() as u64,
        };
        let messages = PackedMessages {
            headers: payloads.iter().map(header).collect(),
            words: pack(payloads),
        };
        let sent = self.websocket.send_packed(&messages, SendOptions::empty());
        sent.expect("an open connection");
    }

    fn drive(&mut self) -> Turn {
        let mut turn = Turn::Other;
        for event in self.websocket.drive().events {
            match event {
                Event::Open(_) => turn = Turn::Opened,
                Event::PackedMessages(messages) => {
                    let lens = messages.headers.into_iter().map(|header| header.len);
                    self.messages.extend(unpack(lens, messages.words));
                }
                Event::Sent(_) => {}
                Event::Close(closed) if closed.was_clean => turn = Turn::Closed,
                other => panic!("{other:?}"),
            }
        }
        turn
    }

    fn wait(&self) {
        let ready = self.waiter.wait(&[&self.websocket], None);
        ready.expect("a connection");
    }

    fn until(&mut self, turn: Turn) {
        while self.drive() != turn {
            self.wait();
        }
    }

    fn until_message(&mut self) {
        while self.messages.is_empty() {
            self.drive();
            if self.messages.is_empty() {
                self.wait();
            }
        }
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
        let websocket = Websocket::connect(Some(url), None, None, options.as_ref());
        let mut client = Self {
            websocket: websocket.expect("a URL"),
            waiter: Waiter::new(),
            messages: VecDeque::new(),
        };
        client.websocket.receive_packed(true);
        client.until(Turn::Opened);
        client
    }

    async fn send(&mut self, payload: &[u8]) {
        self.queue(&[payload]);
    }

    async fn receive(&mut self) -> PackedPayload {
        self.until_message();
        self.messages.pop_front().expect("a message")
    }

    async fn exchange(&mut self, payloads: Vec<Vec<u8>>) -> Vec<PackedPayload> {
        self.queue(&payloads);
        self.until_message();
        self.messages.drain(..).collect()
    }

    async fn close(mut self) {
        let closing = self.websocket.close(None, None);
        closing.expect("an open connection");
        self.until(Turn::Closed);
    }
}
