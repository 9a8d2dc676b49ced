//! The smallest program that works: says one thing to a server, and prints what comes back.
//!
//! ```console
//! $ cargo run --package wasocket --example echo -- ws://localhost:8080/
//! ```

use wasocket::{Grants, Runtime};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("where to? Give a URL")?;
    // Whoever runs this program chooses where it connects. A program that chooses by itself grants
    // that host and port, and no other.
    let runtime = Runtime::builder()
        .grants(Grants::new().everything())
        .build()?;
    let mut websocket = runtime.connect(&url).await?;
    websocket.send("Hello").await?;
    match websocket.receive().await? {
        Some(message) => println!("{message:?}"),
        None => println!("closed: {:?}", websocket.closed()),
    }
    websocket.close(1000, "done").await?;
    Ok(())
}
