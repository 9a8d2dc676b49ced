//! What ends it: the application, a cause that is final, or a limit.

use std::future::pending;
use std::time::Duration;

use integration_tests::{
    ClosedPort, Scripted, close_payload, frame, run, runtime, runtime_builder,
};
use tokio::sync::oneshot;
use wasocket::reconnect::{
    Attempt, Cause, Disconnected, End, Event, Fate, Limit, Reconnect, SendError, Undelivered,
};
use wasocket::{Error, FailureKind, Grants, Options, Part, ReadyState};

use super::{disconnected, expecting, opened, policy, resetting_after, rest, through};

/// Long enough that nothing but the end of it ends a test in time.
const FOR_EVER: Duration = Duration::from_secs(24 * 60 * 60);

/// A peer that refuses the opening handshake.
async fn refusing(answer: &'static str) -> Scripted {
    Scripted::start(async move |mut stream| {
        stream.request().await;
        stream.send(answer.as_bytes()).await;
        stream.end().await;
        stream.drain().await;
    })
    .await
}

fn status(lost: &Disconnected) -> Option<u16> {
    match &lost.cause {
        Cause::Error(Error::Failed(failure)) => match &failure.kind {
            FailureKind::Refused(refusal) => Some(refusal.status),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn retry_after_is_waited_for_and_a_status_that_is_final_ends_it() {
    run(async {
        let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n";
        let unauthorized = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
        let peers = [refusing(busy).await, refusing(unauthorized).await];
        let at_most = Duration::from_millis(7);
        let mut connection = through(&peers)
            .policy(policy().max_retry_after(at_most))
            .start();
        assert_eq!(connection.event().await, Some(Event::Connecting(1)));
        let lost = disconnected(&mut connection).await;
        assert_eq!((status(&lost), lost.was_open), (Some(503), false));
        assert_eq!(lost.retry_in, Some(at_most));
        assert_eq!(connection.event().await, Some(Event::Connecting(2)));
        let lost = disconnected(&mut connection).await;
        assert_eq!((status(&lost), lost.retry_in), (Some(401), None));
        let ended = Event::Ended(End::Final(lost.cause));
        assert_eq!(rest(&mut connection).await, [ended]);
        for peer in peers {
            peer.finish().await;
        }
    });
}

#[test]
fn the_application_may_say_that_a_cause_is_not_final() {
    run(async {
        let not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        let peers = [refusing(not_found).await, expecting(&[]).await];
        let mut connection = through(&peers).is_final(|_| false).start();
        let lost = disconnected(&mut connection).await;
        assert_eq!(
            (status(&lost), lost.retry_in),
            (Some(404), Some(Duration::ZERO))
        );
        opened(&mut connection).await;
        connection.close(1000, "").await.unwrap();
    });
}

#[test]
fn a_subprotocol_that_was_not_offered_is_final() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let answer = String::from_utf8(stream.request().await.answer()).unwrap();
            let fields = "\r\nSec-WebSocket-Protocol: other\r\n\r\n";
            stream
                .send(answer.replace("\r\n\r\n", fields).as_bytes())
                .await;
            stream.drain().await;
        })
        .await;
        let options = Options::new().subprotocol("chat");
        let mut connection = through([&peer]).options(options).start();
        let lost = disconnected(&mut connection).await;
        let Cause::Error(Error::Failed(failure)) = &lost.cause else {
            panic!("{lost:?}");
        };
        assert_eq!(failure.kind, FailureKind::HandshakeInvalid);
        let ended = Event::Ended(End::Final(lost.cause));
        assert_eq!(rest(&mut connection).await, [ended]);
    });
}

#[test]
fn what_cannot_be_used_and_what_is_not_granted_is_final() {
    run(async {
        let mut connection = Reconnect::new(runtime(), "http://localhost/").start();
        let lost = disconnected(&mut connection).await;
        let Cause::Error(Error::InvalidArgument { part, .. }) = &lost.cause else {
            panic!("{lost:?}");
        };
        assert_eq!(*part, Part::Scheme);
        let ended = Event::Ended(End::Final(lost.cause));
        assert_eq!(rest(&mut connection).await, [ended]);

        let runtime = runtime_builder().grants(Grants::new()).build().unwrap();
        let mut connection = Reconnect::new(&runtime, "ws://localhost/").start();
        let lost = disconnected(&mut connection).await;
        assert_eq!(lost.retry_in, None, "{lost:?}");
    });
}

#[test]
fn a_clean_closure_with_1000_is_final_and_one_with_1001_is_not() {
    run(async {
        let closing = async |code: u16| {
            Scripted::start(async move |mut stream| {
                stream.accept().await;
                let payload = close_payload(code, "");
                stream.send(&frame(0x88, &payload)).await;
                stream.expect_frame(0x88, &payload).await;
                stream.end().await;
            })
            .await
        };
        let peers = [closing(1001).await, closing(1000).await];
        let mut connection = through(&peers).start();
        let mut codes = Vec::new();
        for _ in 0..2 {
            let lost = disconnected(&mut connection).await;
            assert!(lost.was_open);
            match lost.cause {
                Cause::Error(Error::Closed(closed)) => {
                    assert!(closed.was_clean);
                    codes.push((closed.code, lost.retry_in.is_some()));
                }
                cause => panic!("{cause:?}"),
            }
        }
        assert_eq!(codes, [(1001, true), (1000, false)]);
    });
}

#[test]
fn so_many_attempts_are_made_and_messages_are_returned_at_the_end() {
    run(async {
        let port = ClosedPort::take();
        let mut connection = Reconnect::new(runtime(), format!("ws://{}/", port.address()))
            .policy(policy().max_attempts(3))
            .random(|| 0.0)
            .start();
        let receipt = connection.send("Hello").await.unwrap();
        let id = receipt.id();
        for attempt in 1..=3 {
            let lost = disconnected(&mut connection).await;
            assert_eq!(lost.attempt, attempt);
            assert_eq!(lost.retry_in.is_some(), attempt < 3);
        }
        let told = receipt.await.unwrap_err();
        assert_eq!(told.fate, Fate::Unsent);
        match <[Event; 2]>::try_from(rest(&mut connection).await) {
            Ok([Event::Undelivered(returned), Event::Ended(end)]) => {
                assert_eq!((returned.id, returned.fate), (id, Fate::Unsent));
                assert_eq!(returned.message, "Hello".into());
                assert_eq!(returned.cause, told.cause);
                let limit = Limit::Attempts;
                let cause = told.cause;
                assert_eq!(end, End::Exhausted { limit, cause });
            }
            other => panic!("{other:?}"),
        }
        let refused = SendError::Ended("late".into());
        assert_eq!(connection.send("late").await.unwrap_err(), refused);
        assert_eq!(connection.try_send("late").unwrap_err(), refused);
        assert_eq!(
            connection.close(1000, "").await,
            Err(Error::InvalidState(ReadyState::Closed))
        );
    });
}

#[test]
fn closing_ends_it_while_it_waits() {
    run(async {
        let peer = resetting_after(0).await;
        let mut connection = through([&peer])
            .policy(policy().first_delay(FOR_EVER).max_delay(FOR_EVER))
            .random(|| 1.0)
            .start();
        assert_eq!(disconnected(&mut connection).await.retry_in, Some(FOR_EVER));
        let receipt = connection.send("Hello").await.unwrap();
        assert_eq!(connection.close(1000, "").await, Ok(None));
        assert_eq!(receipt.await.unwrap_err().fate, Fate::Unsent);
        assert_closed_with_one_unsent(rest(&mut connection).await);
    });
}

#[test]
fn closing_ends_it_while_it_connects() {
    run(async {
        let (request, requested) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            request.send(()).unwrap();
            stream.expect_eof().await;
        })
        .await;
        let mut connection = through([&peer]).start();
        let _receipt = connection.send("Hello").await.unwrap();
        requested.await.unwrap();
        assert_eq!(connection.close(1000, "").await, Ok(None));
        peer.finish().await;
        assert_eq!(connection.event().await, Some(Event::Connecting(1)));
        assert_closed_with_one_unsent(rest(&mut connection).await);
    });
}

#[test]
fn closing_ends_it_while_a_hook_works() {
    run(async {
        let mut connection = Reconnect::new(runtime(), "ws://unused.invalid/")
            .before_attempt(|_: Attempt| pending())
            .start();
        let _receipt = connection.send("Hello").await.unwrap();
        assert_eq!(connection.event().await, Some(Event::Connecting(1)));
        assert_eq!(connection.close(1000, "").await, Ok(None));
        assert_closed_with_one_unsent(rest(&mut connection).await);
    });
}

fn assert_closed_with_one_unsent(events: Vec<Event>) {
    match <[Event; 2]>::try_from(events) {
        Ok(
            [
                Event::Undelivered(Undelivered { fate, .. }),
                Event::Ended(end),
            ],
        ) => {
            assert_eq!((fate, end), (Fate::Unsent, End::Closed(None)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn closing_sends_what_waits_and_tells_how_the_connection_was_closed() {
    run(async {
        let peer = expecting(&["one", "two"]).await;
        let mut connection = through([&peer]).start();
        opened(&mut connection).await;
        let receipts = [
            connection.send("one").await.unwrap(),
            connection.send("two").await.unwrap(),
        ];
        let closed = connection.close(1000, "").await.unwrap().unwrap();
        assert_eq!((closed.code, closed.was_clean), (1000, true));
        for receipt in receipts {
            assert_eq!(receipt.await, Ok(()));
        }
        let ended = Event::Ended(End::Closed(Some(closed)));
        assert_eq!(rest(&mut connection).await, [ended]);
        peer.finish().await;
    });
}

#[test]
fn closing_with_a_code_that_may_not_be_sent_changes_nothing() {
    run(async {
        let peer = expecting(&["still here"]).await;
        let mut connection = through([&peer]).start();
        opened(&mut connection).await;
        match connection.close(1006, "").await {
            Err(Error::InvalidArgument { part, .. }) => assert_eq!(part, Part::CloseCode),
            other => panic!("{other:?}"),
        }
        assert_eq!(connection.send("still here").await.unwrap().await, Ok(()));
        connection.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn dropping_it_closes_the_connection_and_ends_its_senders() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_close(1001, "").await;
        })
        .await;
        let mut connection = through([&peer]).start();
        opened(&mut connection).await;
        let sender = connection.sender();
        drop(connection);
        peer.finish().await;
        // It may be taken before the end is.
        match sender.send("late").await {
            Ok(receipt) => assert_eq!(receipt.await.unwrap_err().fate, Fate::Unsent),
            Err(error) => assert_eq!(error, SendError::Ended("late".into())),
        }
    });
}

#[test]
fn dropping_it_while_it_connects_gives_the_connection_up() {
    run(async {
        let (request, requested) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            request.send(()).unwrap();
            stream.expect_eof().await;
        })
        .await;
        let connection = through([&peer]).start();
        let receipt = connection.send("Hello").await.unwrap();
        requested.await.unwrap();
        drop(connection);
        peer.finish().await;
        assert_eq!(receipt.await.unwrap_err().fate, Fate::Unsent);
    });
}
