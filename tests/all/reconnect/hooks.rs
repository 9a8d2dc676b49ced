//! What the application does on each attempt, and when.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use integration_tests::{Scripted, run, runtime};
use wasocket::reconnect::{Attempt, Cause, End, Event, HookError, OnLoss, Reconnect};
use wasocket::{Error, Part};

use super::{
    disconnected, expecting, opened, policy, resetting_after, rest, small_runtime, through,
    too_long, until_close,
};

#[test]
fn hooks_are_called_in_order_and_may_change_each_attempt() {
    run(async {
        let accepting = async |count: usize| {
            Scripted::start(async move |mut stream| {
                let request = stream.accept().await;
                assert_eq!(request.values("X-Token"), [format!("token {count}")]);
                if count == 2 {
                    let messages = until_close(&mut stream).await;
                    assert_eq!(messages, ["subscribe", "reading"]);
                } else {
                    stream.expect_frame(0x81, b"subscribe").await;
                    stream.reset();
                }
            })
            .await
        };
        let peers = [accepting(1).await, accepting(2).await];
        let mut urls = [peers[0].url(), peers[1].url()].into_iter();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let log = |call: &'static str| {
            let calls = calls.clone();
            move || calls.lock().unwrap().push(call)
        };
        let (before, open, after) = (log("before"), log("open"), log("after"));
        let mut connection = Reconnect::new(runtime(), "ws://unused.invalid/")
            .policy(policy())
            .random(|| 0.0)
            .before_attempt(move |mut attempt: Attempt| {
                before();
                let url = urls.next();
                async move {
                    attempt.url = url.ok_or_else(|| HookError::new("no more peers"))?;
                    let token = format!("token {}", attempt.number);
                    attempt.options = attempt.options.header("X-Token", token);
                    Ok(attempt)
                }
            })
            .on_open(move |_| {
                open();
                vec!["subscribe".into()]
            })
            .after_failure(move |lost| {
                assert!(lost.was_open);
                after();
            })
            .start();
        disconnected(&mut connection).await;
        assert_eq!(connection.send("reading").await.unwrap().await, Ok(()));
        connection.close(1000, "").await.unwrap();
        assert_eq!(
            *calls.lock().unwrap(),
            ["before", "open", "after", "before", "open"]
        );
        for peer in peers {
            peer.finish().await;
        }
    });
}

#[test]
fn a_hook_that_fails_is_a_failed_attempt() {
    run(async {
        let mut connection = Reconnect::new(runtime(), "ws://unused.invalid/")
            .policy(policy().max_attempts(2))
            .random(|| 0.0)
            .before_attempt(async |_: Attempt| Err(HookError::new("no token")))
            .start();
        let lost = disconnected(&mut connection).await;
        assert_eq!(
            lost.cause.to_string(),
            "the hook before the attempt: no token"
        );
        assert_eq!(
            (lost.was_open, lost.retry_in),
            (false, Some(Duration::ZERO))
        );
        let lost = disconnected(&mut connection).await;
        assert_eq!(lost.retry_in, None);
    });
}

#[test]
fn a_first_message_that_cannot_be_sent_ends_it() {
    run(async {
        let runtime = small_runtime();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_close(1001, "").await;
        })
        .await;
        let mut connection = Reconnect::new(&runtime, peer.url())
            .on_open(|_| vec![too_long()])
            .start();
        opened(&mut connection).await;
        let lost = disconnected(&mut connection).await;
        match &lost.cause {
            Cause::Error(Error::InvalidArgument { part, .. }) => assert_eq!(*part, Part::Message),
            cause => panic!("{cause:?}"),
        }
        let ended = Event::Ended(End::Final(lost.cause));
        assert_eq!(rest(&mut connection).await, [ended]);
        peer.finish().await;
    });
}

#[test]
fn delays_grow_until_a_connection_was_stable() {
    run(async {
        // With no time to be stable for, each connection is; with more than there is, none.
        for (stable_after, delays, numbers) in [
            (Duration::MAX, [1, 3, 9], [1, 2, 3]),
            (Duration::ZERO, [1, 1, 1], [1, 1, 1]),
        ] {
            let mut peers = Vec::new();
            for _ in 0..3 {
                peers.push(resetting_after(1).await);
            }
            peers.push(expecting(&["Hello"]).await);
            let first_delay = Duration::from_millis(1);
            let policy = policy()
                .first_delay(first_delay)
                .factor(3)
                .stable_after(stable_after)
                .maybe_sent(OnLoss::Resend);
            let mut connection = through(&peers).policy(policy).random(|| 1.0).start();
            let receipt = connection.send("Hello").await.unwrap();
            for (delay, number) in delays.into_iter().zip(numbers) {
                let lost = disconnected(&mut connection).await;
                assert!(lost.was_open);
                assert_eq!(lost.attempt, number);
                assert_eq!(lost.retry_in, Some(delay * first_delay));
            }
            assert_eq!(receipt.await, Ok(()));
            connection.close(1000, "").await.unwrap();
        }
    });
}
