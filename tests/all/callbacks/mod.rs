//! The crate's callbacks, in the seed's shape: what is told to handlers and callbacks, and in which
//! order. What of it the seed does wrong is in `iotjs_calls.rs` too.

mod arguments;
mod commands;
mod handlers;
mod seed;

use std::sync::{Arc, Mutex};

use integration_tests::{Scripted, Stream, close_payload, frame, runtime};
use wasocket::Closed;
use wasocket::callback::{Handle, Websocket};

/// What handlers and callbacks were told, in order.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn tell(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    /// A callback, or handler, that tells this.
    fn telling(&self, what: &'static str) -> impl FnMut(&Handle) + Send + 'static {
        let told = self.clone();
        move |_| told.tell(what)
    }

    /// The same for `close`.
    fn closing(&self, what: &'static str) -> impl FnOnce(&Handle, Closed) + Send + 'static {
        let told = self.clone();
        move |_, _| told.tell(what)
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// A connection, not yet made, whose handlers tell of every event.
    fn websocket(&self) -> Websocket {
        let mut websocket = Websocket::new(runtime());
        websocket.on_open(self.telling("open"));
        let told = self.clone();
        websocket.on_message(move |_, message| told.tell(format!("message: {message:?}")));
        let told = self.clone();
        websocket.on_error(move |_, error| told.tell(format!("error: {error}")));
        let told = self.clone();
        websocket.on_close(move |_, closed| {
            told.tell(format!(
                "close: {} {:?} {}",
                closed.code, closed.reason, closed.was_clean
            ));
        });
        websocket
    }
}

/// Connects to a server that does the opening handshake, and then plays `script`; calls `callback`
/// when open, and waits for the end of both.
async fn play<F>(
    websocket: Websocket,
    script: impl FnOnce(Stream) -> F + Send + 'static,
    callback: impl FnOnce(&Handle) + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let peer = accepting(script).await;
    websocket
        .connect(Some(&peer.url()), None, None, callback)
        .closed()
        .await;
    peer.finish().await;
}

/// A server that does the opening handshake, and then plays `script`.
async fn accepting<F>(script: impl FnOnce(Stream) -> F + Send + 'static) -> Scripted
where
    F: Future<Output = ()> + Send + 'static,
{
    Scripted::start(async |mut stream| {
        stream.accept().await;
        script(stream).await;
    })
    .await
}

/// Does the closing handshake that the server starts with this code and reason, and ends the
/// stream.
async fn close(mut stream: Stream, code: u16, reason: &str) {
    stream
        .send(&frame(0x88, &close_payload(code, reason)))
        .await;
    stream.expect_frame(0x88, &close_payload(code, "")).await;
    stream.end().await;
}
