//! The WIT interface, as components use it: many websockets in one instance, without the host
//! crate.

mod commands;
mod dialing;
mod driving;
mod dropping;
mod held;
mod lost;
mod packed;
mod parts;
mod sessions;
mod statistics;

use integration_tests::Scripted;
use integration_tests::guest::{Guest, is_message, types};
use types::Event;
use wasmtime::component::ResourceAny;

fn text(text: &str) -> Event {
    Event::Message(types::Message::Text(text.to_owned()))
}

/// A server that accepts the connection and then says nothing.
async fn quiet() -> Scripted {
    Scripted::start(async |mut stream| {
        stream.accept().await;
        stream.drain().await;
    })
    .await
}

/// Drives a websocket on which nothing happens until it is not ready any more: hosts may take what
/// was read for readable once more.
async fn settle(guest: &mut Guest, websocket: ResourceAny) {
    let waiter = guest.waiter().await;
    loop {
        let now = Some(guest.now());
        let ready = guest.wait(waiter, &[websocket], now).await.expect("a wait");
        if ready.websockets.is_empty() {
            return guest.drop(waiter).await;
        }
        assert_eq!(guest.drive(websocket).await.events, []);
    }
}

/// Asserts that a websocket to an echo server does what it is for.
async fn assert_echoes(guest: &mut Guest, websocket: ResourceAny) {
    let token = guest.send(websocket, "still here").await.expect("sent");
    let mut events = guest.until(websocket, is_message).await;
    events.retain(|event| *event != Event::Sent(token));
    assert_eq!(events, [text("still here")]);
}

/// Closes a websocket to an echo server, and asserts that it is closed cleanly.
async fn assert_closes(guest: &mut Guest, websocket: ResourceAny) {
    let token = guest.close(websocket, None, None).await.expect("closing");
    let events = guest
        .until(websocket, integration_tests::guest::is_close)
        .await;
    let Some(Event::Close(closed)) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!((closed.code, closed.token), (1000, Some(token)));
    assert!(closed.was_clean);
}
