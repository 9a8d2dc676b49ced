//! Faults of the network, and servers that do not answer: what is told, and what is done.

use integration_tests::{
    ClosedPort, Scripted, assert_failure, close_payload, connect_failure, failure, frame, open,
    open_with, passing_timeout, rest, run, runtime,
};
use wasocket::{Error, Event, FailureKind, Options, Step, Timeout};

#[test]
fn a_port_on_which_nobody_listens_refuses_the_connection() {
    run(async {
        let port = ClosedPort::take();
        let url = format!("ws://{}/", port.address());
        assert_failure(
            &connect_failure(&url, &Options::new()).await,
            Step::Connect,
            FailureKind::ConnectionRefused,
            &format!("TCP connection: {}: connection refused", port.address()),
        );
    });
}

#[test]
fn a_name_that_does_not_exist_is_named() {
    run(async {
        assert_failure(
            &connect_failure("ws://Something.invalid/", &Options::new()).await,
            Step::Name,
            FailureKind::NameNotFound,
            "name lookup: something.invalid does not exist, or has no address",
        );
    });
}

#[test]
fn a_reset_before_the_answer_fails_the_opening_handshake() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            stream.reset();
        })
        .await;
        assert_failure(
            &connect_failure(&peer.url(), &Options::new()).await,
            Step::Handshake,
            FailureKind::ConnectionLost,
            "opening handshake: the connection was lost: connection reset",
        );
    });
}

#[test]
fn a_reset_in_the_middle_of_the_answer_fails_the_opening_handshake() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let answer = stream.request().await.answer();
            stream.send(&answer[..40]).await;
            stream.until_read().await;
            stream.reset();
        })
        .await;
        let failure = connect_failure(&peer.url(), &Options::new()).await;
        assert_eq!(failure.step, Step::Handshake);
        assert_eq!(failure.kind, FailureKind::ConnectionLost);
    });
}

#[test]
fn a_reset_while_open_is_told_by_error_and_close_after_what_came_before() {
    run(async {
        // Between frames, inside a header, inside a payload, between fragments.
        for begun in [
            &b""[..],
            b"\x82",
            b"\x82\x7e\x00",
            b"\x82\x05ab",
            b"\x02\x02ab",
        ] {
            let (mut websocket, peer) = open(async move |mut stream| {
                stream.send(&[&frame(0x81, b"whole"), begun].concat()).await;
                stream.until_read().await;
                stream.reset();
            })
            .await;
            assert_eq!(websocket.receive().await, Ok(Some("whole".into())));
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::ConnectionLost,
                "connection: the connection was lost: connection reset",
            );
            peer.finish().await;
        }
    });
}

#[test]
fn the_end_of_the_stream_without_a_request_read_fails_the_opening_handshake() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.end().await;
            stream.drain().await;
        })
        .await;
        let failure = connect_failure(&peer.url(), &Options::new()).await;
        assert_eq!(failure.step, Step::Handshake);
        assert_eq!(failure.kind, FailureKind::ConnectionEnded);
        peer.finish().await;
    });
}

#[test]
fn the_end_of_the_stream_without_a_close_frame_is_told_by_error_and_close() {
    run(async {
        // Between frames, inside a header, inside a payload, between fragments.
        for begun in [
            &b""[..],
            b"\x82",
            b"\x82\x7e\x00",
            b"\x82\x05ab",
            b"\x02\x02ab",
        ] {
            let (mut websocket, peer) = open(async move |mut stream| {
                stream.send(&[&frame(0x81, b"whole"), begun].concat()).await;
                stream.end().await;
                stream.expect_end().await;
            })
            .await;
            assert_eq!(websocket.receive().await, Ok(Some("whole".into())));
            let failure = failure(&mut websocket).await;
            assert_failure(
                &failure,
                Step::Open,
                FailureKind::ConnectionEnded,
                "connection: the stream ended without a close frame",
            );
            assert_eq!(
                websocket.send("to nobody").await,
                Err(Error::Failed(failure))
            );
            peer.finish().await;
        }
    });
}

#[test]
fn commands_under_way_fail_when_the_stream_ends() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x89, b"are you there?").await;
            stream.end().await;
        })
        .await;
        let error = websocket.ping("are you there?").await.unwrap_err();
        assert_eq!(error, Error::Failed(failure(&mut websocket).await));
        peer.finish().await;
    });
}

#[test]
fn a_server_that_never_answers_is_given_up_after_the_connect_timeout() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            stream.expect_end().await;
        })
        .await;
        let options = Options::new().connect_timeout(passing_timeout());
        assert_failure(
            &connect_failure(&peer.url(), &options).await,
            Step::Handshake,
            FailureKind::Timeout(Timeout::Connect),
            "opening handshake: the opening handshake was not done within the connect timeout",
        );
        peer.finish().await;
    });
}

#[test]
fn a_server_that_answers_without_end_is_given_up_after_the_connect_timeout() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            stream.send(b"HTTP/1.1 101 ok\r\nX-Slow: ").await;
            while stream.try_send(b".").await.is_ok() {
                stream.until_read().await;
            }
        })
        .await;
        let options = Options::new().connect_timeout(passing_timeout());
        let failure = connect_failure(&peer.url(), &options).await;
        assert_eq!(failure.kind, FailureKind::Timeout(Timeout::Connect));
        peer.finish().await;
    });
}

#[test]
fn a_server_that_never_ends_tcp_after_the_closing_handshake_is_left() {
    run(async {
        let options = Options::new().close_timeout(passing_timeout());
        let (mut websocket, peer) = open_with(&options, async |mut stream| {
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.expect_end().await;
        })
        .await;
        let closed = websocket.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1000, true));
        assert_eq!(rest(&mut websocket).await, [Event::Close(closed)]);
        peer.finish().await;
    });
}

#[test]
fn a_server_that_closes_and_never_ends_tcp_is_left() {
    run(async {
        let options = Options::new().close_timeout(passing_timeout());
        let (mut websocket, peer) = open_with(&options, async |mut stream| {
            stream.send(&frame(0x88, &close_payload(1001, ""))).await;
            stream.expect_frame(0x88, &close_payload(1001, "")).await;
            stream.expect_end().await;
        })
        .await;
        assert_eq!(websocket.receive().await, Ok(None));
        let closed = websocket.closed().unwrap();
        assert_eq!((closed.code, closed.was_clean), (1001, true));
        peer.finish().await;
    });
}

#[test]
fn a_server_that_never_answers_the_close_frame_is_left_with_an_error() {
    run(async {
        let options = Options::new().close_timeout(passing_timeout());
        let (mut websocket, peer) = open_with(&options, async |mut stream| {
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.expect_end().await;
        })
        .await;
        let closed = websocket.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1006, false));
        assert_failure(
            &failure(&mut websocket).await,
            Step::Close,
            FailureKind::Timeout(Timeout::Close),
            "closing handshake: the peer did not answer the close frame in time",
        );
        peer.finish().await;
    });
}

#[test]
fn a_server_that_ends_tcp_instead_of_answering_the_close_frame_is_an_error() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.end().await;
            stream.expect_end().await;
        })
        .await;
        let closed = websocket.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1006, false));
        assert_failure(
            &failure(&mut websocket).await,
            Step::Close,
            FailureKind::ConnectionEnded,
            "closing handshake: the stream ended without a close frame",
        );
        peer.finish().await;
    });
}

#[test]
fn a_reset_after_the_closing_handshake_is_no_error() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.until_read().await;
            stream.reset();
        })
        .await;
        let closed = websocket.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1000, true));
        assert_eq!(rest(&mut websocket).await, [Event::Close(closed)]);
        peer.finish().await;
    });
}

#[test]
fn a_connection_that_is_given_up_while_connecting_is_closed() {
    run(async {
        let (asked, was_asked) = tokio::sync::oneshot::channel();
        let peer = Scripted::start(async move |mut stream| {
            stream.request().await;
            asked.send(()).unwrap();
            stream.expect_end().await;
        })
        .await;
        let url = peer.url();
        tokio::select! {
            connected = runtime().connect(&url) => panic!("{connected:?}"),
            asked = was_asked => asked.unwrap(),
        }
        peer.finish().await;
    });
}
