//! Connections that are made anew when they are lost.

mod ends;
mod example;
mod hooks;
mod kills;
mod messages;

use std::time::Duration;

use integration_tests::{Scripted, Stream, frame, runtime, runtime_of};
use wasocket::reconnect::{
    Attempt, Cause, Disconnected, Event, HookError, Policy, Reconnect, Reconnecting, Undelivered,
};
use wasocket::{Message, Runtime};

/// A policy that does not wait, as [`through`] has it draw the shortest delays.
fn policy() -> Policy {
    Policy::new().stable_after(Duration::MAX)
}

/// Connects to these peers one after another. There is no attempt after the last of them.
fn through<'a>(peers: impl IntoIterator<Item = &'a Scripted>) -> Reconnect {
    let urls: Vec<String> = peers.into_iter().map(Scripted::url).collect();
    let mut urls = urls.into_iter();
    Reconnect::new(runtime(), "ws://unused.invalid/")
        .policy(policy())
        .random(|| 0.0)
        .before_attempt(move |mut attempt: Attempt| {
            let url = urls.next();
            async move {
                attempt.url = url.ok_or_else(|| HookError::new("no more peers"))?;
                Ok(attempt)
            }
        })
        .is_final(|cause| matches!(cause, Cause::Hook(_)) || cause.is_final())
}

/// A runtime whose instances take messages of up to 8 MiB.
fn small_runtime() -> Runtime {
    runtime_of(32 << 20)
}

/// A message that a [`small_runtime`] does not take.
fn too_long() -> Message {
    vec![0; (8 << 20) + 1].into()
}

/// A peer that does the opening handshake, and resets the connection once it has read `count`
/// messages. It answers pings.
async fn resetting_after(count: usize) -> Scripted {
    Scripted::start(async move |mut stream| {
        stream.accept().await;
        for _ in 0..count {
            next_message(&mut stream).await.expect("a message");
        }
        stream.reset();
    })
    .await
}

/// A peer that does the opening handshake, and expects these messages and a closing handshake with
/// 1000. It answers pings.
async fn expecting(messages: &'static [&'static str]) -> Scripted {
    Scripted::start(async move |mut stream| {
        stream.accept().await;
        assert_eq!(until_close(&mut stream).await, messages);
    })
    .await
}

/// The client's next message, up to its Close frame, which is answered as its pings are.
async fn next_message(stream: &mut Stream) -> Option<String> {
    loop {
        match stream.frame().await {
            (0x89, payload) => stream.send(&frame(0x8a, &payload)).await,
            (0x88, payload) => {
                stream.send(&frame(0x88, &payload)).await;
                stream.end().await;
                return None;
            }
            (0x81, payload) => return Some(String::from_utf8(payload).expect("text")),
            (first, payload) => panic!("{first:x} {payload:x?}"),
        }
    }
}

/// The client's messages, up to its Close frame, which is answered as its pings are.
async fn until_close(stream: &mut Stream) -> Vec<String> {
    let mut messages = Vec::new();
    while let Some(message) = next_message(stream).await {
        messages.push(message);
    }
    messages
}

/// Takes events up to the next opening.
async fn opened(connection: &mut Reconnecting) {
    loop {
        match connection.event().await.expect("an opening") {
            Event::Open(_) => return,
            Event::Ended(end) => panic!("{end:?}"),
            _ => {}
        }
    }
}

/// Takes events up to the next failure.
async fn disconnected(connection: &mut Reconnecting) -> Disconnected {
    loop {
        match connection.event().await.expect("a failure") {
            Event::Disconnected(lost) => return lost,
            Event::Ended(end) => panic!("{end:?}"),
            _ => {}
        }
    }
}

/// Takes events up to the next message that is returned.
async fn undelivered(connection: &mut Reconnecting) -> Undelivered {
    loop {
        match connection.event().await.expect("a message") {
            Event::Undelivered(returned) => return returned,
            Event::Ended(end) => panic!("{end:?}"),
            _ => {}
        }
    }
}

/// Takes all events that are left, up to [`Event::Ended`].
async fn rest(connection: &mut Reconnecting) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = connection.event().await {
        events.push(event);
    }
    events
}
