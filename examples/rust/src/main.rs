//! A program that talks to an echo server: its argument is the URL, and the environment variable
//! ROOTS may have certificates to trust, PEM.

mod websocket;

use std::env;

use websocket::{Error, Message, WebSocket};

fn main() -> Result<(), Error> {
    let url = env::args().nth(1).ok_or("usage: rust URL")?;
    let mut websocket = WebSocket::connect(&url, env::var("ROOTS").ok())?;
    println!("open");

    websocket.send(Message::Text("one".to_owned()))?;
    websocket.send(Message::Text("two".to_owned()))?;
    websocket.send(Message::Binary(vec![1, 2, 3]))?;
    for message in websocket.by_ref().take(3) {
        match message? {
            Message::Text(text) => println!("text {text}"),
            Message::Binary(bytes) => println!("binary {} bytes", bytes.len()),
        }
    }

    let payload = websocket.ping(b"still there?")?;
    println!("pong {}", String::from_utf8_lossy(&payload));

    let closed = websocket.close(1000, "done")?;
    println!("closed {} {}", closed.code, closed.reason);
    Ok(())
}
