//! The WIT interface of the component for WASI 0.3, as components use it. What a server sends and what
//! becomes of it is in the corpus.

mod calls;
mod ends;
mod flow;
mod packed;
mod statistics;
mod streams;

use integration_tests::Scripted;
use integration_tests::guest_0_3::types;

fn text(text: &str) -> types::Message {
    types::Message::Text(text.to_owned())
}

/// A server that accepts the connection and then says nothing.
async fn quiet() -> Scripted {
    Scripted::start(async |mut stream| {
        stream.accept().await;
        stream.drain().await;
    })
    .await
}
