use wasocket::{Error, Grants, Message, Options, Runtime};

const HELLO: &str = "Hello";

/// Connects, sends, pings and closes, and prints for each of these functions that it worked.
/// `roots` are certificates to trust, PEM. Fails with why the first that did not work did not.
pub(crate) async fn converse(
    runtime: &Runtime,
    url: &str,
    roots: Option<&str>,
) -> Result<(), String> {
    let mut options = Options::new().grants(Grants::new().everything());
    if let Some(roots) = roots {
        options = options.roots(roots);
    }
    let said = |error: Error| error.to_string();

    let mut websocket = runtime.connect_with(url, &options).await.map_err(said)?;
    println!("connect ok");

    websocket.send(HELLO).await.map_err(said)?;
    match websocket.receive().await.map_err(said)? {
        Some(Message::Text(text)) if text == HELLO => println!("send ok"),
        other => return Err(format!("send: {other:?} came back")),
    }

    let pong = websocket.ping(HELLO).await.map_err(said)?;
    if pong.payload != HELLO.as_bytes() {
        return Err(format!("ping: {pong:?} came back"));
    }
    println!("ping ok");

    let closed = websocket.close(1000, "").await.map_err(said)?;
    if closed.code != 1000 || !closed.was_clean {
        return Err(format!("close: {closed:?}"));
    }
    println!("close ok");
    Ok(())
}
