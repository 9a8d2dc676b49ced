//! Sends the lines of standard input, and prints the messages of others as they come.
//!
//! ```console
//! $ cargo run --package wasocket --example chat -- wss://chat.example.org/room
//! ```

use std::error::Error;
use std::pin::pin;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use wasocket::{Grants, Message, Runtime, WebSocket};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("where to? Give a URL")?;
    // Whoever runs this program chooses where it connects.
    let runtime = Runtime::builder()
        .grants(Grants::new().everything())
        .build()?;
    let websocket = runtime.connect(&url).await?;
    let input = BufReader::new(tokio::io::stdin());
    chat(websocket, input, tokio::io::stdout()).await
}

/// Talks until the input ends or the server closes the connection.
pub(crate) async fn chat(
    websocket: WebSocket,
    input: impl AsyncBufRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> Result<(), Box<dyn Error>> {
    // Each half has its own loop, so that neither waits for the other.
    let (sender, mut receiver) = websocket.split();
    let talk = async {
        let mut lines = input.lines();
        while let Some(line) = lines.next_line().await? {
            sender.send(line).await?;
        }
        sender.close(1000, "goodbye").await?;
        Ok::<_, Box<dyn Error>>(())
    };
    let mut listen = pin!(async {
        while let Some(message) = receiver.receive().await? {
            let line = match message {
                Message::Text(text) => format!("{text}\n"),
                Message::Binary(bytes) => format!("({} bytes)\n", bytes.len()),
            };
            output.write_all(line.as_bytes()).await?;
            output.flush().await?;
        }
        Ok(())
    });
    tokio::select! {
        // The server closed the connection, or it failed: nobody waits for the next line.
        ended = &mut listen => return ended,
        talked = talk => talked?,
    }
    // What came before the end is still to be printed.
    listen.await
}
