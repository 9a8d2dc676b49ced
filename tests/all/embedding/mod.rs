//! What those rely on who embed the crate: that connections do not touch each other, what ends with
//! what, how a runtime is made, and what is logged.

mod beside;
mod cache;
mod counters;
mod examples;
mod facade;
mod isolation;
mod lifetimes;
mod logs;
mod patched;
mod pool;
mod precompiled;
mod shared;
mod spare;

use integration_tests::runtime_builder;
use wasocket::{Grants, RuntimeBuilder, WebSocket};

/// A mebibyte.
const MIB: usize = 1 << 20;

/// Sets up a runtime for connections to anywhere.
fn builder() -> RuntimeBuilder {
    runtime_builder().grants(Grants::new().everything())
}

/// Asserts that what is sent comes back.
async fn assert_echoes(websocket: &mut WebSocket) {
    websocket.send("Hello").await.unwrap();
    assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
}
