//! Connects to the URL in `WASOCKET_URL`, sends, pings and closes, and prints for each of these
//! functions whether it worked. `WASOCKET_ROOTS` has the root certificates to trust, PEM.
//!
//! It imports `wasocket:websocket@0.3`, and is to be composed with the component. Between them calls
//! can be cancelled, which the host cannot do: that is tried here, too.

mod bindings;
mod cancelling;

use std::env;

use bindings::wasocket::websocket::client::{ConnectOptions, Websocket};
use bindings::wasocket::websocket::types::{Message, SendOptions};

const HELLO: &str = "Hello";

struct Command;

wasip3::cli::command::export!(Command);

impl wasip3::exports::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        run().await.map_err(|error| println!("failed: {error}"))
    }
}

async fn run() -> Result<(), String> {
    let url = env::var("WASOCKET_URL").map_err(|error| format!("WASOCKET_URL: {error}"))?;
    let options = ConnectOptions::new();
    if let Ok(roots) = env::var("WASOCKET_ROOTS") {
        options
            .add_roots(roots.as_bytes())
            .map_err(|error| error.message)?;
    }
    let websocket = Websocket::connect(Some(url.clone()), None, None, Some(&options))
        .await
        .map_err(|error| format!("connect: {error:?}"))?;
    println!("connect ok");

    let none = SendOptions::empty();
    websocket
        .send(Message::Text(HELLO.to_owned()), none)
        .await
        .map_err(|error| format!("send: {error:?}"))?;
    match websocket.receive().await {
        Ok(Some(Message::Text(text))) if text == HELLO => println!("send ok"),
        other => return Err(format!("receive: {other:?}")),
    }

    let pong = websocket
        .ping(HELLO.as_bytes().to_vec(), none)
        .await
        .map_err(|error| format!("ping: {error:?}"))?;
    if pong.payload != HELLO.as_bytes() {
        return Err(format!("ping: {pong:?}"));
    }
    println!("ping ok");

    cancelling::run(&url, &options, &websocket).await?;
    println!("cancel ok");

    let closed = websocket
        .close(None, None)
        .await
        .map_err(|error| error.message)?;
    if closed.code != 1000 || !closed.was_clean {
        return Err(format!("close: {closed:?}"));
    }
    println!("close ok");
    Ok(())
}
