//! Reads many feeds at once, in the order in which their messages come. Each feed has its own
//! connection in its own sandbox: one that fails ends alone.
//!
//! ```console
//! $ cargo run --package wasocket --example fan_in -- wss://a.example.org/ wss://b.example.org/
//! ```

use std::error::Error;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::select_all;
use wasocket::{Grants, Message, Runtime};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    // Whoever runs this program chooses where it connects.
    let runtime = Runtime::builder()
        .grants(Grants::new().everything())
        .build()?;
    fan_in(&runtime, &urls, |url, news| match news {
        Ok(message) => println!("{url}: {message:?}"),
        Err(error) => eprintln!("{url}: {error}"),
    })
    .await;
    Ok(())
}

/// Tells the messages of all feeds, and why a feed failed, until the last has ended.
pub(crate) async fn fan_in(
    runtime: &Runtime,
    urls: &[String],
    mut tell: impl FnMut(&str, Result<Message, wasocket::Error>),
) {
    let connects = urls
        .iter()
        .map(|url| async move { (url.as_str(), runtime.connect(url).await) });
    let mut feeds = Vec::new();
    for (url, connected) in join_all(connects).await {
        match connected {
            // A connection is a stream of its messages. What is not taken yet slows its server down.
            Ok(websocket) => feeds.push(websocket.map(move |news| (url, news))),
            Err(error) => tell(url, Err(error)),
        }
    }
    let mut all = select_all(feeds);
    while let Some((url, news)) = all.next().await {
        tell(url, news);
    }
}
