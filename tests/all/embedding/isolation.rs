//! Connections of one runtime do not touch each other.

use futures_util::SinkExt;
use futures_util::future::join_all;
use integration_tests::{
    ClosedPort, Echo, Scripted, Stream, failure, frame, run, runtime, runtime_of,
};
use wasocket::{Error, FailureKind, Grants, Message, Options, Part, Step};

use super::{MIB, assert_echoes};

/// Connections at the same time.
const COUNT: usize = 50;

#[test]
fn each_of_fifty_connections_has_its_own_messages() {
    run(async {
        let echo = Echo::start().await;
        let url = echo.url();
        let connects = (0..COUNT).map(|_| runtime().connect(&url));
        let websockets = join_all(connects).await;
        let exchanges = websockets.into_iter().enumerate().map(exchange);
        join_all(exchanges).await;

        async fn exchange((number, websocket): (usize, Result<wasocket::WebSocket, Error>)) {
            let mut websocket = websocket.unwrap();
            for round in 0..10 {
                let text = format!("{number} {round}");
                websocket.send(text.as_str()).await.unwrap();
                assert_eq!(websocket.receive().await, Ok(Some(text.into())));
            }
            let closed = websocket.close(1000, "").await.unwrap();
            assert!(closed.was_clean);
        }
    });
}

#[test]
fn a_message_that_would_not_fit_the_instance_is_refused_and_nothing_is_lost() {
    run(async {
        let runtime = runtime_of(8 * MIB);
        let echo = Echo::start().await;
        let mut websocket = runtime.connect(&echo.url()).await.unwrap();
        let too_long = vec![0; 2 * MIB + 1];
        let refused = Err(Error::InvalidArgument {
            part: Part::Message,
            message:
                "2097153 bytes are more than the memory of the instance allows (2097152 bytes)"
                    .into(),
        });
        assert_eq!(websocket.send(too_long.clone()).await, refused);
        assert_eq!(websocket.feed(too_long.into()).await, refused);
        for _ in 0..4 {
            let longest = Message::from(vec![1; 2 * MIB]);
            websocket.send(longest.clone()).await.unwrap();
            assert!(websocket.receive().await == Ok(Some(longest)));
        }
    });
}

/// A server whose message traps an instance of 8 MiB.
async fn trapping() -> Scripted {
    Scripted::start(async |mut stream: Stream| {
        stream.accept().await;
        let message = frame(0x82, &vec![0; 16 * MIB]);
        // The client is gone before it has all.
        let _ = stream.try_send(&message).await;
        stream.drain().await;
    })
    .await
}

#[test]
fn a_trap_ends_its_connection_and_touches_no_other() {
    run(async {
        let runtime = runtime_of(8 * MIB);
        let echo = Echo::start().await;
        let url = echo.url();
        let mut others = join_all((0..COUNT).map(|_| runtime.connect(&url))).await;
        for _ in 0..3 {
            let peer = trapping().await;
            let mut websocket = runtime.connect(&peer.url()).await.unwrap();
            let failure = failure(&mut websocket).await;
            assert_eq!(failure.step, Step::Open);
            let FailureKind::Trap(report) = &failure.kind else {
                panic!("{failure:?}");
            };
            // What people read has what the engine said.
            assert!(failure.message.ends_with(&report.to_string()), "{failure}");
            let error = Error::Failed(failure);
            assert_eq!(websocket.send("too late").await, Err(error.clone()));
            assert_eq!(websocket.ping("").await.map(drop), Err(error.clone()));
            assert_eq!(websocket.close(1000, "").await.map(drop), Err(error));
            peer.finish().await;
        }
        for other in &mut others {
            assert_echoes(other.as_mut().unwrap()).await;
        }
        assert_echoes(&mut runtime.connect(&url).await.unwrap()).await;
    });
}

#[test]
fn an_instance_without_the_memory_to_start_is_a_failure_that_says_so() {
    run(async {
        for max_memory in [0, 1 << 16] {
            let refused = runtime_of(max_memory).connect("ws://localhost/").await;
            let Err(Error::Failed(failure)) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(failure.step, Step::Start);
            assert!(matches!(failure.kind, FailureKind::Trap(_)), "{failure:?}");
            let text = failure.to_string();
            let start = "component: the component could not be started: ";
            assert!(text.starts_with(start), "{text}");
            assert!(text.contains("memory"), "{text}");
        }
    });
}

#[test]
fn after_failures_of_every_kind_the_same_runtime_connects() {
    run(async {
        let runtime = runtime_of(8 * MIB);
        let echo = Echo::start().await;
        let url = echo.url();
        let port = ClosedPort::take();
        let new = Options::new;
        for (url, options) in [
            ("no URL", new()),
            (&url, new().header("Host", "x")),
            (&url, new().roots("no PEM")),
            (&url, new().grants(Grants::new())),
            ("ws://something.invalid/", new()),
            (&format!("ws://{}/", port.address()), new()),
            // There is no TLS.
            (&url.replace("ws", "wss"), new()),
        ] {
            runtime.connect_with(url, &options).await.unwrap_err();
        }
        let peer = trapping().await;
        let mut websocket = runtime.connect(&peer.url()).await.unwrap();
        failure(&mut websocket).await;

        assert_echoes(&mut runtime.connect(&url).await.unwrap()).await;
    });
}
