//! Calls that are cancelled, and what comes after them.

use std::future::Future;
use std::pin::pin;

use futures_util::FutureExt;

use crate::bindings::wasocket::websocket::client::{ConnectOptions, Websocket};
use crate::bindings::wasocket::websocket::types::{Message, MessageKind, SendOptions};

/// How often each call is cancelled.
const TIMES: usize = 20;

/// # Errors
///
/// If something was lost, or does not work any more.
pub(crate) async fn run(
    url: &str,
    options: &ConnectOptions,
    websocket: &Websocket,
) -> Result<(), String> {
    for _ in 0..TIMES {
        cancel("connect", connect(url, options))?;
    }
    for number in 0..TIMES {
        cancel("receive", websocket.receive())?;
        cancel("receive-stream", websocket.receive_stream())?;
        cancel("events", websocket.events())?;
        cancel("closed", websocket.closed())?;
        assert_echoes(websocket, &number.to_string()).await?;
    }
    give_up_a_stream(url, options).await?;
    drop_open_websockets(url, options).await
}

/// Starts a call that cannot complete yet, and drops it.
fn cancel<T>(name: &str, call: impl Future<Output = T>) -> Result<(), String> {
    match pin!(call).as_mut().now_or_never() {
        None => Ok(()),
        Some(_) => Err(format!("{name} completed at once")),
    }
}

async fn connect(url: &str, options: &ConnectOptions) -> Result<Websocket, String> {
    Websocket::connect(Some(url.to_owned()), None, None, Some(options))
        .await
        .map_err(|error| format!("connect: {error:?}"))
}

/// Nothing was taken by a call that was cancelled: the next message is the one that comes next.
async fn assert_echoes(websocket: &Websocket, text: &str) -> Result<(), String> {
    let message = Message::Text(text.to_owned());
    let sent = websocket.send(message, SendOptions::empty()).await;
    sent.map_err(|error| format!("send: {error:?}"))?;
    match websocket.receive().await {
        Ok(Some(Message::Text(received))) if received == text => Ok(()),
        other => Err(format!("receive: {other:?} for {text}")),
    }
}

/// A message that was begun cannot be taken back, so that the connection is closed.
async fn give_up_a_stream(url: &str, options: &ConnectOptions) -> Result<(), String> {
    let websocket = connect(url, options).await?;
    let (mut writer, payload) = crate::bindings::wit_stream::new();
    let mut sending =
        Box::pin(websocket.send_stream(MessageKind::Text, payload, SendOptions::empty()));
    if sending.as_mut().now_or_never().is_some() {
        return Err("send-stream completed at once".to_owned());
    }
    let left = writer.write_all(b"begun".to_vec()).await;
    if !left.is_empty() {
        return Err(format!("send-stream did not take {} bytes", left.len()));
    }
    // Once this is answered, what was written before it has been sent.
    let pong = websocket.ping(Vec::new(), SendOptions::empty()).await;
    pong.map_err(|error| format!("ping: {error:?}"))?;
    drop(sending);
    let closed = websocket.closed().await;
    if closed.code == 1011 {
        Ok(())
    } else {
        Err(format!("send-stream was given up: {closed:?}"))
    }
}

/// One that is dropped ends, and the others go on.
async fn drop_open_websockets(url: &str, options: &ConnectOptions) -> Result<(), String> {
    for _ in 0..TIMES {
        let websocket = connect(url, options).await?;
        assert_echoes(&websocket, "dropped").await?;
    }
    Ok(())
}
