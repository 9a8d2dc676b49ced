//! Sends a text to a server that echoes, and prints what comes back.
//!
//! ```console
//! $ cargo run --package wasocket --example echo -- ws://localhost:8080/
//! ```

use std::error::Error;

use wasocket::{Grants, Message, Runtime};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("where to? Give a URL")?;
    // Whoever runs this program chooses where it connects. A program that chooses by itself grants
    // that host and port, and no other.
    let runtime = Runtime::builder()
        .grants(Grants::new().everything())
        .build()?;
    println!("{}", echo(&runtime, &url, "Hello").await?);
    Ok(())
}

/// Sends a text; returns the text that comes back.
pub(crate) async fn echo(
    runtime: &Runtime,
    url: &str,
    text: &str,
) -> Result<String, Box<dyn Error>> {
    let mut websocket = runtime.connect(url).await?;
    websocket.send(text).await?;
    let answer = match websocket.receive().await? {
        Some(Message::Text(answer)) => answer,
        Some(Message::Binary(_)) => return Err("the server answered, but not with a text".into()),
        None => return Err("the server closed the connection without an answer".into()),
    };
    let pong = websocket.ping("still there?").await?;
    eprintln!("a ping took {:?}", pong.round_trip);
    websocket.close(1000, "that was all").await?;
    Ok(answer)
}
