//! What ends with what: runtimes, Tokio's and ours, and futures.

use std::thread;

use futures_util::FutureExt;
use futures_util::future::join_all;
use integration_tests::{
    Echo, Scripted, close_payload, frame, rest, run, run_on_one_thread, runtime, scaled,
};
use tokio::sync::oneshot;
use wasocket::{Error, Options, Pool, ReadyState, Runtime, WebSocket};

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

#[test]
fn a_connect_that_is_dropped_in_the_tls_handshake_gives_the_connection_up() {
    run(async {
        let (hello, said) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            // Of the first record of TLS, its type and version.
            stream.expect(b"\x16\x03\x01").await;
            hello.send(()).unwrap();
            stream.drain().await;
        })
        .await;
        let url = peer.url_of("wss");
        tokio::select! {
            connected = runtime().connect(&url) => panic!("{connected:?}"),
            said = said => said.unwrap(),
        }
        peer.finish().await;
    });
}

#[test]
fn a_connection_that_is_dropped_while_it_closes_closes_once() {
    run(async {
        let (close, received) = oneshot::channel();
        let (dropped, go_on) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream
                .expect_frame(0x88, &close_payload(4000, "enough"))
                .await;
            close.send(()).unwrap();
            go_on.await.unwrap();
            stream.send(&frame(0x88, &close_payload(4000, ""))).await;
            stream.end().await;
            stream.expect_end().await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        tokio::select! {
            closed = websocket.close(4000, "enough") => panic!("{closed:?}"),
            received = received => received.unwrap(),
        }
        drop(websocket);
        dropped.send(()).unwrap();
        peer.finish().await;
    });
}

#[test]
fn futures_that_are_dropped_half_way_leave_the_connection_as_it_was() {
    // What is polled once is given, and cannot be carried out before it is polled again.
    run_on_one_thread(async {
        let (ping, received) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"first").await;
            stream.expect_frame(0x89, b"ping").await;
            ping.send(()).unwrap();
            stream.expect_frame(0x81, b"second").await;
            stream.send(&frame(0x8a, b"ping")).await;
            stream.send(&frame(0x81, b"answer")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        assert!(websocket.receive().now_or_never().is_none());
        assert!(websocket.send("first").now_or_never().is_none());
        tokio::select! {
            pong = websocket.ping("ping") => panic!("{pong:?}"),
            received = received => received.unwrap(),
        }
        websocket.send("second").await.unwrap();
        assert_eq!(websocket.receive().await, Ok(Some("answer".into())));
        assert!(websocket.close(1000, "").await.unwrap().was_clean);
        peer.finish().await;
    });
}

#[test]
fn a_dropped_connection_gives_its_instance_back_though_the_server_does_not_read() {
    let runtime = builder().pool(Pool::new(1)).build().unwrap();
    run(async {
        let (connected_again, until) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // Nothing is read before it has come to its end.
            until.await.unwrap();
            stream.drain().await;
        })
        .await;
        let options = Options::new().close_timeout(scaled(200));
        let websocket = runtime.connect_with(&peer.url(), &options).await.unwrap();
        let more_than_fits = vec![0; 32 << 20];
        assert!(websocket.send(more_than_fits).now_or_never().is_none());
        drop(websocket);
        let echo = Echo::start().await;
        assert_echoes(&mut runtime.connect(&echo.url()).await.unwrap()).await;
        connected_again.send(()).unwrap();
        peer.finish().await;
    });
}

#[test]
fn instances_of_a_tokio_runtime_that_is_gone_are_given_back() {
    let runtime = builder().pool(Pool::new(2)).build().unwrap();
    let mut left_over = Vec::new();
    for _ in 0..3 {
        let (tx, rx) = std::sync::mpsc::channel();
        let of_these = runtime.clone();
        run(async move {
            let echo = Echo::start().await;
            for _ in 0..2 {
                tx.send(of_these.connect(&echo.url()).await.unwrap())
                    .unwrap();
            }
        });
        left_over.extend(rx);
    }
    run(async {
        for mut websocket in left_over {
            // It may have seen the server go, which was on the same.
            rest(&mut websocket).await;
        }
    });
}
