//! What ends with what: runtimes, Tokio's and ours, and futures.

use std::thread;

use futures_util::FutureExt;
use futures_util::future::join_all;
use integration_tests::{Echo, Scripted, run, run_on_one_thread, runtime};
use tokio::sync::oneshot;
use wasocket::{Error, ReadyState, Runtime, WebSocket};

use super::{assert_echoes, builder};

#[test]
fn tokio_runtimes_on_several_threads_share_one_runtime() {
    let runtime = builder().build().unwrap();
    thread::scope(|scope| {
        for run in [run, run, run_on_one_thread] as [fn(_); 3] {
            let runtime = &runtime;
            scope.spawn(move || run(echo_twenty(runtime.clone())));
        }
    });

    async fn echo_twenty(runtime: Runtime) {
        let echo = Echo::start().await;
        let url = echo.url();
        for websocket in join_all((0..20).map(|_| runtime.connect(&url))).await {
            assert_echoes(&mut websocket.unwrap()).await;
        }
    }
}

#[test]
fn a_connection_can_be_used_from_another_tokio_runtime_than_its_own() {
    run(async {
        let echo = Echo::start().await;
        let mut websocket = runtime().connect(&echo.url()).await.unwrap();
        let elsewhere = move || {
            run(async move {
                assert_echoes(&mut websocket).await;
                assert!(websocket.close(1000, "").await.unwrap().was_clean);
            });
        };
        tokio::task::spawn_blocking(elsewhere).await.unwrap();
    });
}

#[test]
fn one_thread_is_enough_for_many_connections() {
    run_on_one_thread(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let websockets = join_all((0..20).map(|_| runtime().connect(&url))).await;
        let mut websockets: Vec<WebSocket> =
            websockets.into_iter().collect::<Result<_, _>>().unwrap();
        join_all(websockets.iter_mut().map(assert_echoes)).await;
        let closes = websockets.iter().map(|websocket| websocket.close(1000, ""));
        for closed in join_all(closes).await {
            assert!(closed.unwrap().was_clean);
        }
    });
}

#[test]
fn connections_live_on_without_their_runtime() {
    run(async {
        let runtime = builder().build().unwrap();
        let echo = Echo::start().await;
        let mut websocket = runtime.connect(&echo.url()).await.unwrap();
        drop(runtime);
        assert_echoes(&mut websocket).await;
        assert!(websocket.close(1000, "").await.unwrap().was_clean);
    });
}

#[test]
fn a_connection_ends_with_the_tokio_runtime_on_which_it_was_opened() {
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let (opened, connection) = oneshot::channel();
        let elsewhere = move || {
            run(async move {
                let connected = runtime().connect(&url).await;
                opened.send(connected.unwrap()).unwrap();
            });
        };
        tokio::task::spawn_blocking(elsewhere).await.unwrap();
        let mut websocket = connection.await.unwrap();
        assert_eq!(websocket.event().await, None);
        let closed = Error::InvalidState(ReadyState::Closed);
        assert_eq!(websocket.send("Hello").await, Err(closed.clone()));
        assert_eq!(websocket.close(1000, "").await, Err(closed));
    });
}

#[test]
fn a_connect_that_is_dropped_before_the_answer_gives_the_connection_up() {
    run(async {
        let (request, requested) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            request.send(()).unwrap();
            stream.expect_eof().await;
        })
        .await;
        let url = peer.url();
        tokio::select! {
            connected = runtime().connect(&url) => panic!("{connected:?}"),
            requested = requested => requested.unwrap(),
        }
        peer.finish().await;
    });
}

#[test]
fn a_connect_that_is_polled_once_and_dropped_does_no_harm() {
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        for _ in 0..50 {
            drop(runtime().connect(&url).now_or_never());
        }
        assert_echoes(&mut runtime().connect(&url).await.unwrap()).await;
    });
}
