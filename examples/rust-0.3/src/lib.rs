//! A program that talks to an echo server: its argument is the URL, and the environment variable
//! ROOTS may have certificates to trust, PEM.

use std::env;
use std::error::Error;

use futures_util::try_join;

use bindings::wasocket::websocket::client::{ConnectOptions, Websocket};
use bindings::wasocket::websocket::types::{Message, SendOptions};

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package wasocket:example;

            world program {
                import wasocket:websocket/client@0.3.0;
            }
        ",
        path: "../../wit/0.3",
        with: { "wasi:clocks/types@0.3.0": wasip3::clocks::types },
        generate_all,
    });
}

struct Program;

wasip3::cli::command::export!(Program);

impl wasip3::exports::cli::run::Guest for Program {
    async fn run() -> Result<(), ()> {
        talk().await.map_err(|error| eprintln!("{error}"))
    }
}

async fn talk() -> Result<(), Box<dyn Error>> {
    let url = env::args().nth(1).ok_or("usage: rust-0.3 URL")?;
    let options = ConnectOptions::new();
    if let Ok(pem) = env::var("ROOTS") {
        options.add_roots(pem.as_bytes())?;
    }
    let websocket = Websocket::connect(Some(url), None, None, Some(&options)).await?;
    println!("open");

    // Any number of calls may be in flight: the messages go out in the order of the calls.
    let send = |message| websocket.send(message, SendOptions::empty());
    try_join!(
        send(Message::Text("one".to_owned())),
        send(Message::Text("two".to_owned())),
        send(Message::Binary(vec![1, 2, 3])),
    )?;
    for _ in 0..3 {
        match websocket.receive().await? {
            Some(Message::Text(text)) => println!("text {text}"),
            Some(Message::Binary(bytes)) => println!("binary {} bytes", bytes.len()),
            None => return Err("closed before the last message".into()),
        }
    }

    let payload = b"still there?".to_vec();
    let pong = websocket.ping(payload, SendOptions::empty()).await?;
    println!("pong {}", String::from_utf8_lossy(&pong.payload));

    let closed = websocket.close(Some(1000), Some("done".to_owned())).await?;
    println!("closed {} {}", closed.code, closed.reason);
    Ok(())
}
