//! A server that breaks a rule of RFC 6455 after the opening handshake: the connection fails, and
//! the server is told why by a Close frame before the stream ends. Which rules there are to break,
//! the corpus asks.

use integration_tests::{
    Authority, Scripted, Stream, assert_failure, close_payload, failure, frame, open, run, runtime,
};
use wasocket::{Error, Event, FailureKind, Options, Step};

/// Asserts that the client fails the connection with this code and reason (RFC 6455, section
/// 7.1.7): a Close frame, and then the end of the stream.
async fn expect_failing(stream: &mut Stream, code: u16, reason: &str) {
    stream
        .expect_frame(0x88, &close_payload(code, reason))
        .await;
    stream.expect_end().await;
}

#[test]
fn what_came_before_a_violation_is_delivered_and_what_comes_after_is_not() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            let frames = [
                &frame(0x81, b"before"),
                &b"\x83\x00"[..],
                &frame(0x81, b"after"),
            ];
            stream.send(&frames.concat()).await;
            expect_failing(&mut stream, 1002, "the opcode 0x3 is reserved").await;
        })
        .await;
        assert_eq!(
            websocket.event().await,
            Some(Event::Message("before".into()))
        );
        let failure = failure(&mut websocket).await;
        assert_eq!(
            websocket.send("too late").await,
            Err(Error::Failed(failure))
        );
        peer.finish().await;
    });
}

#[test]
fn a_violation_in_the_closing_handshake_is_not_answered_by_a_second_close_frame() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(b"\x83\x00").await;
            stream.expect_end().await;
        })
        .await;
        let closed = websocket.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1006, false));
        assert_failure(
            &failure(&mut websocket).await,
            Step::Close,
            FailureKind::ProtocolError,
            "closing handshake: the opcode 0x3 is reserved",
        );
        peer.finish().await;
    });
}

#[test]
fn over_tls_the_close_frame_comes_before_close_notify_and_the_end_of_the_stream() {
    run(async {
        let authority = Authority::new();
        let peer = Scripted::start_tls(authority.issue().acceptor(), async |mut stream| {
            stream.accept().await;
            stream.send(b"\xc1\x00").await;
            // The end of the stream is one in order only after close_notify.
            expect_failing(&mut stream, 1002, "reserved bits are set: 100").await;
        })
        .await;
        let options = Options::new().roots(authority.pem());
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        assert_failure(
            &failure(&mut websocket).await,
            Step::Open,
            FailureKind::ProtocolError,
            "connection: reserved bits are set: 100",
        );
        peer.finish().await;
    });
}
