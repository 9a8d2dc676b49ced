//! Connects to the URL in `WASOCKET_URL`, sends, pings and closes, and prints for each of these
//! functions whether it worked. `WASOCKET_ROOTS` has the root certificates to trust, PEM.
//!
//! It imports `wasocket:websocket`, and is to be composed with the component.

mod bindings;

use std::env;

use bindings::wasocket::websocket::client::{ConnectOptions, Waiter, Websocket};
use bindings::wasocket::websocket::types::{Event, Message, SendOptions};

const HELLO: &str = "Hello";

fn main() {
    if let Err(error) = run() {
        println!("failed: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let url = env::var("WASOCKET_URL").map_err(|error| format!("WASOCKET_URL: {error}"))?;
    let options = ConnectOptions::new();
    if let Ok(roots) = env::var("WASOCKET_ROOTS") {
        options
            .add_roots(roots.as_bytes())
            .map_err(|error| error.message)?;
    }
    let websocket = Websocket::connect(Some(&url), None, None, Some(&options))
        .map_err(|error| error.message)?;
    let events = Events::new(&websocket);

    events.until(|event| matches!(event, Event::Open(_)))?;
    println!("connect ok");

    let none = SendOptions::empty();
    let token = websocket
        .send(&Message::Text(HELLO.to_owned()), none)
        .map_err(|error| format!("send: {error:?}"))?;
    events.until(|event| matches!(event, Event::Sent(sent) if *sent == token))?;
    events.until(|event| matches!(event, Event::Message(Message::Text(text)) if text == HELLO))?;
    println!("send ok");

    let token = websocket
        .ping(HELLO.as_bytes(), none)
        .map_err(|error| format!("ping: {error:?}"))?;
    events.until(|event| {
        matches!(event, Event::Pong(pong)
            if pong.token == Some(token) && pong.payload == HELLO.as_bytes())
    })?;
    println!("ping ok");

    let token = websocket
        .close(None, None)
        .map_err(|error| format!("close: {error:?}"))?;
    events.until(|event| {
        matches!(event, Event::Close(closed)
            if closed.token == Some(token) && closed.code == 1000 && closed.was_clean)
    })?;
    println!("close ok");
    Ok(())
}

/// The events of a websocket, as they happen.
struct Events<'a> {
    websocket: &'a Websocket,
    waiter: Waiter,
}

impl<'a> Events<'a> {
    fn new(websocket: &'a Websocket) -> Self {
        Self {
            websocket,
            waiter: Waiter::new(),
        }
    }

    /// Waits for an event; those before it are passed over.
    fn until(&self, is_awaited: impl Fn(&Event) -> bool) -> Result<(), String> {
        loop {
            for event in self.websocket.drive().events {
                match event {
                    Event::Error(error) => return Err(error.message),
                    event if is_awaited(&event) => return Ok(()),
                    Event::Close(closed) => return Err(format!("closed: {closed:?}")),
                    _ => {}
                }
            }
            self.waiter
                .wait(&[self.websocket], None)
                .map_err(|error| error.message)?;
        }
    }
}
