use wasocket::{Error, Event, Failure, FailureKind, Options, Runtime, Step, WebSocket};

use crate::runtime;
use crate::scripted::{Scripted, Stream};

/// Connects to a server that does the opening handshake, and then plays `script`.
pub async fn open<F>(script: impl FnOnce(Stream) -> F + Send + 'static) -> (WebSocket, Scripted)
where
    F: Future<Output = ()> + Send + 'static,
{
    open_with(&Options::new(), script).await
}

/// The same with these options.
pub async fn open_with<F>(
    options: &Options,
    script: impl FnOnce(Stream) -> F + Send + 'static,
) -> (WebSocket, Scripted)
where
    F: Future<Output = ()> + Send + 'static,
{
    open_by(runtime(), options, script).await
}

async fn open_by<F>(
    runtime: &Runtime,
    options: &Options,
    script: impl FnOnce(Stream) -> F + Send + 'static,
) -> (WebSocket, Scripted)
where
    F: Future<Output = ()> + Send + 'static,
{
    let peer = Scripted::start(async |mut stream| {
        stream.accept().await;
        script(stream).await;
    })
    .await;
    let connected = runtime.connect_with(&peer.url(), options).await;
    (connected.expect("a connection"), peer)
}

/// Connects in vain, and says why; asserts that the runtime connects again after it.
///
/// # Panics
///
/// If it connects, or fails in another way than by a [`Failure`].
pub async fn connect_failure(url: &str, options: &Options) -> Failure {
    connect_failure_by(runtime(), url, options).await
}

/// The same of this runtime.
///
/// # Panics
///
/// As [`connect_failure`] does.
pub async fn connect_failure_by(runtime: &Runtime, url: &str, options: &Options) -> Failure {
    let failure = match runtime.connect_with(url, options).await {
        Err(Error::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    };
    let script = async |mut stream: Stream| stream.expect_close(1001, "").await;
    let (websocket, peer) = open_by(runtime, &Options::new(), script).await;
    drop(websocket);
    peer.finish().await;
    failure
}

/// Takes all events that are left, up to [`Event::Close`].
pub async fn rest(websocket: &mut WebSocket) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = websocket.event().await {
        events.push(event);
    }
    events
}

/// Takes the end of a connection that fails without a Close frame of the server: an error, and
/// then `close` with 1006.
///
/// # Panics
///
/// If other events are left.
pub async fn failure(websocket: &mut WebSocket) -> Failure {
    match <[Event; 2]>::try_from(rest(websocket).await) {
        Ok([Event::Error(failure), Event::Close(closed)]) => {
            assert_eq!((closed.code, closed.reason.as_str()), (1006, ""));
            assert!(!closed.was_clean);
            failure
        }
        other => panic!("not an error and then a close: {other:?}"),
    }
}

/// Asserts what a failure says to a program, and, after the step, to people.
#[track_caller]
pub fn assert_failure(failure: &Failure, step: Step, kind: FailureKind, text: &str) {
    assert_eq!((failure.step, &failure.kind), (step, &kind), "{failure}");
    assert_eq!(failure.to_string(), text);
}
