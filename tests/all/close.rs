//! The closing handshake (RFC 6455, sections 5.5.1 and 7).

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt};
use integration_tests::{
    Scripted, Server, Stream, close_payload, frame, on_each_peer, on_servers, passing_timeout, run,
    run_on_one_thread, runtime, scaled,
};
use tokio::sync::oneshot;
use wasocket::{
    Closed, Error, Event, Failure, FailureKind, Message, Options, Part, ReadyState, Step, Timeout,
    WebSocket,
};

/// The longest reason that fits a Close frame, in bytes.
const MAX_REASON_LEN: usize = 123;

on_servers! {
    a_server_answers_with_the_code_and_the_reason,:
    tungstenite tungstenite_tls python python_tls node node_tls nginx_tls lws lws_tls
}

// Section 5.5.1: "an endpoint typically echos the status code it received"; the reason need not be.
on_servers! {
    tornado_answers_with_the_code_alone,:
    tornado tornado_tls
}

on_each_peer! {
    a_server_that_closes_first_is_answered,
    a_server_that_reads_nothing_is_left_after_the_close_timeout,
}

async fn a_server_answers_with_the_code_and_the_reason(server: Server) {
    let longest = "é".repeat(MAX_REASON_LEN / 2) + ".";
    assert_eq!(longest.len(), MAX_REASON_LEN);
    for (code, reason) in [(1000, ""), (3000, "bye"), (4999, longest.as_str())] {
        let mut websocket = server.connect("/echo").await;
        let closed = websocket.close(code, reason).await.unwrap();
        assert_is_clean(&closed, code, reason);
        assert_eq!(websocket.event().await, Some(Event::Close(closed)));
        assert_eq!(websocket.event().await, None);
    }
}

async fn tornado_answers_with_the_code_alone(server: Server) {
    for (code, reason) in [(1000, ""), (3000, "bye"), (4999, "Grüße")] {
        let mut websocket = server.connect("/echo").await;
        let closed = websocket.close(code, reason).await.unwrap();
        assert_is_clean(&closed, code, "");
        assert_eq!(websocket.event().await, Some(Event::Close(closed)));
        assert_eq!(websocket.event().await, None);
    }
}

async fn a_server_that_closes_first_is_answered(server: Server) {
    for (path, code, reason) in [
        ("/close?code=1000", 1000, ""),
        ("/close?code=1001&reason=bye", 1001, "bye"),
        ("/close?code=4999&reason=Gr%C3%BC%C3%9Fe", 4999, "Grüße"),
    ] {
        let mut websocket = server.connect(path).await;
        assert_eq!(websocket.receive().await, Ok(None));
        assert_is_clean(websocket.closed().unwrap(), code, reason);
    }
}

async fn a_server_that_reads_nothing_is_left_after_the_close_timeout(server: Server) {
    let options = server.options().close_timeout(scaled(100));
    let url = server.url("/silent");
    let mut websocket = runtime().connect_with(&url, &options).await.unwrap();
    let closed = websocket.close(1000, "").await.unwrap();
    assert_timed_out(&mut websocket, &closed).await;
}

#[test]
fn a_server_that_closes_without_a_code_is_answered_without_one() {
    run(async {
        let node = Server::node().await;
        let mut websocket = node.connect("/close").await;
        assert_eq!(websocket.receive().await, Ok(None));
        assert_is_clean(websocket.closed().unwrap(), 1005, "");

        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(b"\x88\x00").await;
            stream.expect_frame(0x88, b"").await;
            // The server ends the stream first (section 7.1.1).
            stream.end().await;
            stream.expect_eof().await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        assert_eq!(websocket.receive().await, Ok(None));
        assert_is_clean(websocket.closed().unwrap(), 1005, "");
        peer.finish().await;
    });
}

#[test]
fn what_a_close_frame_may_not_carry_is_refused_and_nothing_is_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"still open").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
            let refused = websocket.close(code, "").await.unwrap_err();
            assert_is_invalid(&refused, Part::CloseCode);
        }
        for reason in ["x".repeat(124), "é".repeat(62)] {
            let refused = websocket.close(1000, &reason).await.unwrap_err();
            assert_is_invalid(&refused, Part::CloseReason);
        }
        websocket.send("still open").await.unwrap();
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn close_waits_for_the_close_frame_of_the_server() {
    run(async {
        let (go_on, told_to_go_on) = oneshot::channel();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(b"\x81\x07not yet").await;
            told_to_go_on.await.unwrap();
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.end().await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        let sender = websocket.sender();
        let mut closing = pin!(sender.close(1000, ""));
        tokio::select! {
            biased;
            closed = &mut closing => panic!("{closed:?}"),
            message = websocket.receive() => assert_eq!(message, Ok(Some("not yet".into()))),
        }
        go_on.send(()).unwrap();
        assert_is_clean(&closing.await.unwrap(), 1000, "");
        assert_eq!(websocket.receive().await, Ok(None));
        peer.finish().await;
    });
}

#[test]
fn a_server_that_does_not_answer_is_left_after_the_close_timeout() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x88, &close_payload(4000, "bye")).await;
            stream.expect_eof().await;
        })
        .await;
        let options = Options::new().close_timeout(scaled(100));
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        let closed = websocket.close(4000, "bye").await.unwrap();
        assert_timed_out(&mut websocket, &closed).await;
        peer.finish().await;
    });
}

#[test]
fn a_server_that_does_not_end_the_stream_is_left_after_the_close_timeout() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.expect_eof().await;
        })
        .await;
        let options = Options::new().close_timeout(passing_timeout());
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        let closed = websocket.close(1000, "").await.unwrap();
        // Both Close frames went their way, so that nothing failed.
        assert_is_clean(&closed, 1000, "");
        assert_eq!(websocket.event().await, Some(Event::Close(closed)));
        peer.finish().await;
    });
}

#[test]
fn a_message_that_is_arriving_when_close_is_called_is_delivered() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(b"\x89\x00\x81\x05Hel").await;
            stream.expect_frame(0x8a, b"").await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(b"lo\x82\x01\xff").await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.end().await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        // With the ping came the first half of the message.
        assert_eq!(websocket.event().await, Some(Event::Ping(vec![])));
        let closed = websocket.close(1000, "").await.unwrap();
        assert_is_clean(&closed, 1000, "");
        assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
        assert_eq!(websocket.receive().await, Ok(Some(vec![0xff].into())));
        assert_eq!(websocket.receive().await, Ok(None));
        peer.finish().await;
    });
}

#[test]
fn close_completes_though_nobody_takes_what_the_server_streams() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            let message = frame(0x82, &[0; 64 << 10]);
            // Gets stuck, for more than TCP holds, until the client closes.
            for _ in 0..512 {
                stream.send(&message).await;
            }
            stream.expect_close(1000, "").await;
        })
        .await;
        // A machine that has much to do takes its time for 32 MiB.
        let options = Options::new().close_timeout(Duration::from_secs(3600));
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        let closed = websocket.close(1000, "").await.unwrap();
        assert_is_clean(&closed, 1000, "");
        // What found room is still there.
        assert_eq!(
            websocket.receive().await,
            Ok(Some(vec![0; 64 << 10].into()))
        );
        peer.finish().await;
    });
}

#[test]
fn close_completes_in_time_though_messages_wait_for_a_server_that_does_not_read() {
    run(async {
        let peer = Scripted::start(ping_to_the_end).await;
        let options = Options::new().close_timeout(scaled(100));
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        fill(&mut websocket);
        let closed = websocket.close(1000, "").await.unwrap();
        assert_eq!((closed.code, closed.was_clean), (1006, false));
        peer.finish().await;
    });
}

#[test]
fn all_calls_of_close_complete_with_the_one_end() {
    // On one thread, so that both are called before the connection's task does anything.
    run_on_one_thread(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_close(4000, "first").await;
            // No second one.
            stream.expect_eof().await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let (first, second) = tokio::join!(
            websocket.close(4000, "first"),
            websocket.close(4001, "second")
        );
        let closed = first.unwrap();
        assert_is_clean(&closed, 4000, "first");
        assert_eq!(second, Ok(closed.clone()));
        // Nothing can be asked of a connection that has ended, which tells how it did.
        assert_eq!(websocket.close(1000, "").await, Err(Error::Closed(closed)));
        peer.finish().await;
    });
}

#[test]
fn the_sink_can_be_closed_again() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        websocket.feed("Hello".into()).await.unwrap();
        SinkExt::close(&mut websocket).await.unwrap();
        SinkExt::close(&mut websocket).await.unwrap();
        assert_eq!(websocket.receive().await, Ok(None));
        peer.finish().await;
    });
}

#[test]
fn nothing_is_sent_after_close_is_called() {
    // On one thread, so that all are called before the connection's task does anything.
    run_on_one_thread(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"before").await;
            stream.expect_close(1000, "").await;
            stream.expect_eof().await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let (before, closed, after, ping) = tokio::join!(
            websocket.send("before"),
            websocket.close(1000, ""),
            websocket.send("after"),
            websocket.ping("after")
        );
        assert_eq!(before, Ok(()));
        assert_eq!(after, Err(Error::InvalidState(ReadyState::Closing)));
        assert_eq!(ping, Err(Error::InvalidState(ReadyState::Closing)));
        let closed = Error::Closed(closed.unwrap());
        assert_eq!(websocket.send("after").await, Err(closed.clone()));
        assert_eq!(websocket.ping("after").await, Err(closed));
        peer.finish().await;
    });
}

#[test]
fn a_connection_that_is_dropped_is_closed_as_going_away() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_close(1001, "").await;
        })
        .await;
        drop(runtime().connect(&peer.url()).await.unwrap());
        peer.finish().await;
    });
}

#[test]
fn a_connection_lives_as_long_as_one_of_its_senders() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_close(1001, "").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let sender = websocket.sender();
        drop(websocket);
        sender.send("Hello").await.unwrap();
        drop(sender);
        peer.finish().await;
    });
}

#[test]
fn what_is_queued_is_sent_before_a_connection_that_is_dropped_is_closed() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for _ in 0..64 {
                stream.expect_frame(0x82, &[0; 64 << 10]).await;
            }
            stream.expect_close(1001, "").await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        for _ in 0..64 {
            websocket.feed(vec![0; 64 << 10].into()).await.unwrap();
        }
        drop(websocket);
        peer.finish().await;
    });
}

#[test]
fn a_connection_that_is_dropped_ends_though_the_server_does_not_read() {
    run(async {
        let peer = Scripted::start(ping_to_the_end).await;
        let options = Options::new().close_timeout(scaled(100));
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        fill(&mut websocket);
        drop(websocket);
        peer.finish().await;
    });
}

/// A server that reads nothing, and pings so that it sees the client go.
async fn ping_to_the_end(mut stream: Stream) {
    stream.accept().await;
    while stream.try_send(b"\x89\x00").await.is_ok() {}
}

/// Sends messages until no more are taken: more than TCP holds.
fn fill(websocket: &mut WebSocket) {
    let message = Message::from(vec![0; 64 << 10]);
    while websocket.feed(message.clone()).now_or_never().is_some() {}
}

#[track_caller]
fn assert_is_clean(closed: &Closed, code: u16, reason: &str) {
    assert_eq!((closed.code, closed.reason.as_str()), (code, reason));
    assert!(closed.was_clean);
}

#[track_caller]
fn assert_is_invalid(error: &Error, expected: Part) {
    let Error::InvalidArgument { part, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(*part, expected);
}

/// Asserts that the connection ended as `closed` has it because the close timeout passed.
async fn assert_timed_out(websocket: &mut WebSocket, closed: &Closed) {
    assert_eq!((closed.code, closed.was_clean), (1006, false));
    let failure = failure(websocket.event().await);
    assert_eq!(failure.step, Step::Close);
    assert_eq!(failure.kind, FailureKind::Timeout(Timeout::Close));
    assert_eq!(websocket.event().await, Some(Event::Close(closed.clone())));
    assert_eq!(websocket.event().await, None);
}

#[track_caller]
fn failure(event: Option<Event>) -> Failure {
    match event {
        Some(Event::Error(failure)) => failure,
        other => panic!("{other:?}"),
    }
}
