//! How connections end, and what that does to the calls in flight.

use integration_tests::guest_0_3::{run_guest, types};
use integration_tests::{Echo, Scripted, close_payload, frame};
use types::{CallError, ErrorCode, Event, Part, ReadyState};

use super::{quiet, text};

#[test]
fn close_completes_when_the_connection_is_closed() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let closed = guest.close(websocket, Some(4000), Some("enough")).await;
        let closed = closed.expect("a code that can be sent");
        assert_eq!((closed.code, closed.reason.as_str()), (4000, "enough"));
        assert!(closed.was_clean);
        assert_eq!(closed.error, None);
        assert_eq!(guest.ready_state(websocket).await, ReadyState::Closed);
        // It is latched, and what is called late says so.
        assert_eq!(guest.closed(websocket).await, closed);
        assert_eq!(guest.close(websocket, None, None).await, Ok(closed.clone()));
        assert_eq!(guest.events(websocket).await, [Event::Close(closed)]);
        assert_eq!(guest.events(websocket).await, []);
        assert_eq!(guest.receive(websocket).await, Ok(None));
        let state = CallError::InvalidState(ReadyState::Closed);
        assert_eq!(guest.send(websocket, "late").await, Err(state.clone()));
        assert_eq!(guest.ping(websocket, b"late").await, Err(state));
    });
}

#[test]
fn a_code_that_cannot_be_sent_is_refused_and_nothing_is_closed() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        for code in [0, 999, 1005, 1006, 1015, 5000] {
            let closed = guest.close(websocket, Some(code), None).await;
            assert_eq!(closed.expect_err("a refusal").part, Part::CloseCode);
        }
        let closed = guest.close(websocket, None, Some(&"x".repeat(124))).await;
        assert_eq!(closed.expect_err("a refusal").part, Part::CloseReason);
        assert_eq!(guest.send(websocket, "still here").await, Ok(()));
        assert_eq!(guest.receive(websocket).await, Ok(Some(text("still here"))));
    });
}

#[test]
fn all_that_wait_are_told_that_the_server_closed() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, b"there?").await;
            stream.send(&frame(0x81, b"last")).await;
            stream.send(&frame(0x88, &close_payload(4001, "bye"))).await;
            stream.expect_close(4001, "").await;
            stream.end().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let receives = async {
            (
                guest.receive(websocket).await,
                guest.receive(websocket).await,
            )
        };
        let (ping, (last, end), first, second) = tokio::join!(
            guest.ping(websocket, b"there?"),
            receives,
            guest.closed(websocket),
            guest.closed(websocket),
        );
        assert_eq!(ping, Err(CallError::Ended));
        assert_eq!((last, end), (Ok(Some(text("last"))), Ok(None)));
        assert_eq!((first.code, first.reason.as_str()), (4001, "bye"));
        assert_eq!(second, first);
        peer.finish().await;
    });
}

#[test]
fn a_failure_is_told_behind_the_messages_before_it_and_again() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"last")).await;
            // A reserved opcode.
            stream.send(&frame(0x83, b"")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let closed = guest.closed(websocket).await;
        let error = closed.error.clone().expect("an error");
        assert_eq!(error.code, ErrorCode::ProtocolError);
        assert_eq!((closed.code, closed.was_clean), (1006, false));
        assert_eq!(guest.receive(websocket).await, Ok(Some(text("last"))));
        assert_eq!(guest.receive(websocket).await, Err(error.clone()));
        assert_eq!(guest.receive(websocket).await, Err(error));
    });
}

#[test]
fn a_stream_that_ends_without_a_close_frame_is_an_error() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.end().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let error = guest.receive(websocket).await.expect_err("an error");
        assert_eq!(error.code, ErrorCode::ConnectionEnded);
    });
}

#[test]
fn a_reset_is_an_error_and_touches_no_other_connection() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let other = guest.open(&echo.url()).await;
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.reset();
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let error = guest.receive(websocket).await.expect_err("an error");
        assert_eq!(error.code, ErrorCode::ConnectionLost, "{error:?}");
        assert_eq!(guest.send(other, "still here").await, Ok(()));
        assert_eq!(guest.receive(other).await, Ok(Some(text("still here"))));
    });
}

#[test]
fn a_server_that_does_not_answer_the_close_frame_is_given_up() {
    run_guest(async |guest| {
        let peer = quiet().await;
        let options = guest.options().await;
        guest
            .set_close_timeout(options, integration_tests::scaled(200))
            .await;
        let connected = guest.connect(&peer.url(), Some(options)).await;
        let websocket = connected.expect("an open connection");
        let closed = guest.close(websocket, None, None).await.expect("closed");
        assert!(!closed.was_clean);
        assert_eq!(closed.code, 1006);
    });
}
