//! What waits to be sent and to be received: its bounds, and who is told of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use futures_util::{FutureExt, SinkExt, StreamExt};
use integration_tests::{Echo, Scripted, frame, open, open_with, rest, run, runtime, stuck_at};
use tokio::sync::oneshot;
use wasocket::{Error, Event, Marks, Message, Options, Part, TrySendError};

const LEN: usize = 64 << 10;

/// Of these messages, the buffers of TCP hold less than half.
const COUNT: usize = 1_024;

/// The `number`th of these messages.
fn numbered(number: usize) -> Vec<u8> {
    let mut message = vec![0; LEN];
    message[..8].copy_from_slice(&(number as u64).to_be_bytes());
    message
}

#[test]
fn what_finds_no_room_is_given_back_and_room_is_told() {
    run(async {
        // TCP holds less than half of it.
        const LEN: usize = 32 << 20;
        const LOW: u64 = 1 << 16;

        let (go_on, told_to_go_on) = oneshot::channel();
        let options = Options::new().send_marks(Marks::new(1 << 20, 3).low(LOW, 0));
        let (websocket, peer) = open_with(&options, async |mut stream| {
            told_to_go_on.await.unwrap();
            stream.expect_frame(0x82, &[7; LEN]).await;
            stream.expect_frame(0x81, b"next").await;
            stream.expect_frame(0x81, b"last").await;
        })
        .await;
        let sender = websocket.sender();
        assert_eq!(
            (sender.buffered_amount(), sender.buffered_messages()),
            (0, 0)
        );
        sender.drained().await;

        // A single message may be longer than the mark.
        sender.try_send(vec![7; LEN]).unwrap();
        let full = Err(TrySendError::Full("next".into()));
        assert_eq!(sender.try_send("next"), full);
        assert!(sender.drained().now_or_never().is_none());
        let waits = sender.buffered_amount();
        // The header of the frame counts too.
        assert!(
            (LEN as u64 / 2..=LEN as u64 + 14).contains(&waits),
            "{waits}"
        );
        assert_eq!(sender.buffered_messages(), 1);
        let mut next = Box::pin(sender.send("next"));
        assert!((&mut next).now_or_never().is_none());
        // Nobody is overtaken.
        let full = Err(TrySendError::Full("last".into()));
        assert_eq!(sender.try_send("last"), full);

        go_on.send(()).unwrap();
        next.await.unwrap();
        sender.drained().await;
        assert_eq!(
            (sender.buffered_amount(), sender.buffered_messages()),
            (0, 0)
        );
        sender.try_send("last").unwrap();
        peer.finish().await;
    });
}

#[test]
fn sending_waits_while_as_many_messages_wait_as_the_mark_says() {
    run(async {
        let options = Options::new().send_marks(Marks::new(u64::MAX, 2));
        let (websocket, peer) = open_with(&options, async |mut stream| {
            for number in 0..COUNT {
                stream.expect_frame(0x82, &numbered(number)).await;
            }
        })
        .await;
        let sender = websocket.sender();
        let sends = (0..COUNT).map(async |number| {
            sender.send(numbered(number)).await.unwrap();
            let messages = sender.buffered_messages();
            assert!(messages <= 2, "{messages} messages wait");
        });
        join_all(sends).await;
        peer.finish().await;
    });
}

#[test]
fn nothing_waits_once_a_connection_has_ended() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.frame().await;
            stream.reset();
        })
        .await;
        let sender = websocket.sender();
        while sender.send(numbered(0)).await.is_ok() {}
        peer.finish().await;
        rest(&mut websocket).await;
        sender.drained().await;
        assert_eq!(
            (sender.buffered_amount(), sender.buffered_messages()),
            (0, 0)
        );
        let refused = sender.try_send("late");
        assert!(
            matches!(&refused, Err(TrySendError::Refused { message, .. })
                if *message == Message::from("late")),
            "{refused:?}"
        );
    });
}

#[test]
fn a_message_that_is_too_long_is_given_back() {
    run(async {
        let echo = Echo::start().await;
        let websocket = runtime().connect(&echo.url()).await.unwrap();
        let refused = websocket.sender().try_send(vec![0; (64 << 20) + 1]);
        assert!(matches!(
            refused,
            Err(TrySendError::Refused { error, message })
                if matches!(*error, Error::InvalidArgument { part: Part::Message, .. })
                    && message.len() == (64 << 20) + 1
        ));
    });
}

#[test]
fn what_waits_to_be_received_is_told() {
    run(async {
        let (websocket, peer) = open(async |mut stream| {
            stream.send(&frame(0x81, b"Hello")).await;
            stream.send(&frame(0x89, b"")).await;
            stream.expect_frame(0x8a, b"").await;
            stream.drain().await;
        })
        .await;
        let (sender, mut receiver) = websocket.split();
        // The pong to the ping behind them says that both have come.
        while receiver.unread_events() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(receiver.unread_amount(), 2 * 64 + 5);
        assert_eq!(receiver.event().await, Some(Event::Message("Hello".into())));
        assert_eq!(receiver.unread_amount(), 64);
        assert_eq!(receiver.event().await, Some(Event::Ping(Vec::new())));
        assert_eq!((receiver.unread_events(), receiver.unread_amount()), (0, 0));
        drop((sender, receiver));
        peer.finish().await;
    });
}

#[test]
fn a_server_is_slowed_down_by_few_events_if_the_mark_says_so() {
    run(async {
        let sent = std::sync::Arc::new(AtomicUsize::new(0));
        let count = sent.clone();
        let options = Options::new().receive_marks(Marks::new(u64::MAX, 2));
        let (mut websocket, peer) = open_with(&options, async move |mut stream| {
            for number in 0..COUNT {
                stream.send(&frame(0x82, &numbered(number))).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
        .await;
        let count = stuck_at(&sent).await;
        assert!(count < COUNT / 2, "{count} of {COUNT} messages were read");
        for number in 0..COUNT {
            let received = websocket.receive().await.unwrap();
            assert!(received == Some(numbered(number).into()), "not {number}");
        }
        peer.finish().await;
    });
}

#[test]
fn marks_that_cannot_be_used_are_refused_before_anything_is_sent() {
    run(async {
        let options = Options::new();
        for options in [
            options.clone().send_marks(Marks::new(0, 1)),
            options.receive_marks(Marks::new(10, 10).low(10, 5)),
        ] {
            let refused = runtime().connect_with("ws://localhost:1/", &options).await;
            assert!(
                matches!(
                    &refused,
                    Err(Error::InvalidArgument {
                        part: Part::Limit,
                        ..
                    })
                ),
                "{refused:?}"
            );
        }
    });
}

#[test]
fn halves_work_in_different_tasks_and_are_one_again() {
    run(async {
        let echo = Echo::start().await;
        let websocket = runtime().connect(&echo.url()).await.unwrap();
        let (mut send, mut receive) = websocket.split();
        let sending = tokio::spawn(async move {
            for number in 0..1_000 {
                send.feed(number.to_string().into()).await.unwrap();
            }
            send
        });
        for number in 0..1_000 {
            let message = receive.next().await.unwrap();
            assert_eq!(message, Ok(number.to_string().into()));
        }
        let mut websocket = sending.await.unwrap().reunite(receive).unwrap();
        websocket.send("again").await.unwrap();
        assert_eq!(websocket.receive().await, Ok(Some("again".into())));
    });
}

#[test]
fn halves_of_different_connections_are_given_back() {
    run(async {
        let echo = Echo::start().await;
        let first = runtime().connect(&echo.url()).await.unwrap();
        let second = runtime().connect(&echo.url()).await.unwrap();
        let (send, receive) = first.split();
        let (other_send, other_receive) = second.split();
        let error = send.reunite(other_receive).unwrap_err();
        let (send, other_receive) = *error.0;
        send.reunite(receive).unwrap();
        other_send.reunite(other_receive).unwrap();
    });
}

#[test]
fn a_connection_lives_until_both_halves_are_dropped() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"Hello")).await;
            stream.expect_close(1001, "").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let (send, mut receive) = websocket.split();
        drop(send);
        assert_eq!(receive.receive().await, Ok(Some("Hello".into())));
        drop(receive);
        peer.finish().await;
    });
}
