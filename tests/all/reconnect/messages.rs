//! What becomes of messages: confirmed, sent again, returned, or waiting.

use std::future::pending;

use futures_util::FutureExt;
use integration_tests::{Scripted, frame, run};
use tokio::sync::oneshot;
use wasocket::reconnect::{
    Attempt, Cause, Confirm, Event, Fate, HookError, OnLoss, Reconnect, SendError,
};
use wasocket::{Error, Message, Part};

use super::{
    disconnected, expecting, policy, resetting_after, rest, small_runtime, through, too_long,
    undelivered,
};

#[test]
fn a_message_is_confirmed_by_the_pong_that_follows_it() {
    run(async {
        let (ping, pinged) = oneshot::channel();
        let (answer, answered) = oneshot::channel::<()>();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"Hello").await;
            let (first, payload) = stream.frame().await;
            assert_eq!(first, 0x89);
            ping.send(()).unwrap();
            answered.await.unwrap();
            stream.send(&frame(0x8a, &payload)).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let connection = through([&peer]).start();
        let mut receipt = connection.send("Hello").await.unwrap();
        pinged.await.unwrap();
        assert_eq!((&mut receipt).now_or_never(), None);
        answer.send(()).unwrap();
        assert_eq!(receipt.await, Ok(()));
        connection.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_message_that_is_handed_to_the_transport_is_done_with_if_that_is_enough() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let policy = policy().confirm(Confirm::Transport);
        let connection = through([&peer]).policy(policy).start();
        assert_eq!(connection.send("Hello").await.unwrap().await, Ok(()));
        connection.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_message_that_may_have_been_sent_is_returned_unless_it_is_to_be_sent_again() {
    run(async {
        for (on_loss, received) in [
            (OnLoss::Return, &["two"][..]),
            (OnLoss::Resend, &["one", "two"]),
        ] {
            let peers = [resetting_after(1).await, expecting(received).await];
            let policy = policy().maybe_sent(on_loss);
            let mut connection = through(&peers).policy(policy).start();
            let receipt = connection.send("one").await.unwrap();
            let id = receipt.id();
            let lost = disconnected(&mut connection).await;
            assert!(lost.was_open);
            if on_loss == OnLoss::Return {
                let told = receipt.await.unwrap_err();
                assert_eq!((told.fate, &told.cause), (Fate::MaybeSent, &lost.cause));
                let returned = undelivered(&mut connection).await;
                assert_eq!((returned.id, returned.fate), (id, Fate::MaybeSent));
                assert_eq!(returned.message, "one".into());
            } else {
                assert_eq!(receipt.await, Ok(()));
            }
            assert_eq!(connection.send("two").await.unwrap().await, Ok(()));
            connection.close(1000, "").await.unwrap();
            for peer in peers {
                peer.finish().await;
            }
        }
    });
}

#[test]
fn a_message_of_which_the_server_has_a_part_may_have_been_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // More than buffers hold, so that not all of it was handed over.
            stream.expect(&[0x82, 0xff]).await;
            stream.reset();
        })
        .await;
        let mut connection = through([&peer]).start();
        let receipt = connection.send(vec![0; 16 << 20]).await.unwrap();
        let lost = disconnected(&mut connection).await;
        assert_eq!(receipt.await.unwrap_err().fate, Fate::MaybeSent);
        let returned = undelivered(&mut connection).await;
        assert_eq!(returned.fate, Fate::MaybeSent);
        assert_eq!(returned.cause, lost.cause);
        assert_eq!(returned.message.len(), 16 << 20);
        peer.finish().await;
    });
}

#[test]
fn messages_wait_for_the_next_connection_in_their_order() {
    run(async {
        let peers = [
            resetting_after(0).await,
            expecting(&["one", "two", "three"]).await,
        ];
        let (go, gone) = oneshot::channel::<()>();
        let gone = gone.shared();
        let urls: Vec<String> = peers.iter().map(Scripted::url).collect();
        let mut urls = urls.into_iter();
        let mut connection = through([])
            .before_attempt(move |mut attempt| {
                let gone = gone.clone();
                let url = urls.next();
                async move {
                    attempt.url = url.ok_or_else(|| HookError::new("no more peers"))?;
                    if attempt.number > 1 {
                        gone.await?;
                    }
                    Ok(attempt)
                }
            })
            .start();
        disconnected(&mut connection).await;
        let mut receipts = Vec::new();
        for message in ["one", "two", "three"] {
            receipts.push(connection.send(message).await.unwrap());
        }
        go.send(()).unwrap();
        for receipt in receipts {
            assert_eq!(receipt.await, Ok(()));
        }
        connection.close(1000, "").await.unwrap();
        for peer in peers {
            peer.finish().await;
        }
    });
}

#[test]
fn what_waits_is_bounded_by_count_and_by_bytes_until_it_is_taken_back() {
    run(async {
        for policy in [
            policy().max_buffered_messages(2),
            policy().max_buffered_bytes(6),
        ] {
            let connecting = |_: Attempt| pending();
            let mut connection = through([])
                .policy(policy)
                .before_attempt(connecting)
                .start();
            let sender = connection.sender();
            let _receipts = [
                sender.try_send("one").unwrap(),
                sender.send("two").await.unwrap(),
            ];
            assert_eq!(
                sender.try_send("three").unwrap_err(),
                SendError::Full("three".into())
            );
            let mut waits = Box::pin(sender.send("three"));
            assert!((&mut waits).now_or_never().is_none());
            connection.close(1000, "").await.unwrap();
            // Whoever waits is not left to wait.
            assert_eq!(waits.await.unwrap_err(), SendError::Ended("three".into()));
            let returned = rest(&mut connection).await.into_iter();
            let returned: Vec<Message> = returned
                .filter_map(|event| match event {
                    Event::Undelivered(returned) => Some(returned.message),
                    _ => None,
                })
                .collect();
            assert_eq!(returned, ["one".into(), "two".into()]);
        }
    });
}

#[test]
fn room_is_given_back_when_a_message_is_confirmed_or_taken_back() {
    run(async {
        let peers = [resetting_after(1).await, expecting(&["two", "three"]).await];
        let policy = policy().max_buffered_messages(1);
        let mut connection = through(&peers).policy(policy).start();
        let sender = connection.sender();
        assert!(sender.send("one").await.unwrap().await.is_err());
        let mut waits = Box::pin(sender.send("two"));
        assert!((&mut waits).now_or_never().is_none());
        let returned = undelivered(&mut connection).await;
        assert_eq!(returned.message, "one".into());
        assert_eq!(waits.await.unwrap().await, Ok(()));
        assert_eq!(sender.try_send("three").unwrap().await, Ok(()));
        connection.close(1000, "").await.unwrap();
        for peer in peers {
            peer.finish().await;
        }
    });
}

#[test]
fn a_message_that_no_connection_takes_is_returned_and_in_nobodys_way() {
    run(async {
        let runtime = small_runtime();
        let peer = expecting(&["before", "after"]).await;
        let mut connection = Reconnect::new(&runtime, peer.url()).start();
        let before = connection.send("before").await.unwrap();
        let too_long = connection.send(too_long()).await.unwrap();
        assert_eq!(before.await, Ok(()));
        let told = too_long.await.unwrap_err();
        match (told.fate, told.cause) {
            (Fate::Unsent, Cause::Error(Error::InvalidArgument { part, .. })) => {
                assert_eq!(part, Part::Message);
            }
            other => panic!("{other:?}"),
        }
        // It has all the room until it is taken back.
        undelivered(&mut connection).await;
        assert_eq!(connection.send("after").await.unwrap().await, Ok(()));
        connection.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}
