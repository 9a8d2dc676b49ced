//! The flow of messages: their order, back-pressure in both directions, and futures that are
//! dropped.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::join_all;
use integration_tests::{Echo, Scripted, frame, run, runtime, stuck_at};
use tokio::sync::oneshot;
use wasocket::Message;

/// Of these messages, the buffers of TCP and those of a connection hold less than half.
const LARGE_COUNT: usize = 1_024;
const LARGE_LEN: usize = 64 << 10;

#[test]
fn a_server_is_slowed_down_by_large_messages_that_are_not_taken() {
    run(async {
        let messages: Vec<Message> = (0..LARGE_COUNT).map(|n| numbered(n).into()).collect();
        assert_slows_the_server_down(messages).await;
    });
}

#[test]
fn a_server_is_slowed_down_by_small_messages_that_are_not_taken() {
    run(async {
        // Of an odd length, so that every read leaves a part of one for the next.
        let messages = (0..2_000_000).map(|number| format!("{number:07}").into());
        assert_slows_the_server_down(messages.collect()).await;
    });
}

/// Asserts that a server that sends these messages gets stuck before it has sent half of them if
/// they are not taken, and that all of them arrive if they are.
async fn assert_slows_the_server_down(messages: Vec<Message>) {
    const PIECES: usize = 1024;

    let frames: Vec<u8> = messages.iter().flat_map(data_frame).collect();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let peer = Scripted::start(async move |mut stream| {
        stream.accept().await;
        for piece in frames.chunks(frames.len().div_ceil(PIECES)) {
            stream.send(piece).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
    })
    .await;
    let mut websocket = runtime().connect(&peer.url()).await.unwrap();
    let count = stuck_at(&sent).await;
    assert!(count < PIECES / 2, "{count} of {PIECES} pieces were read");
    for (number, message) in messages.iter().enumerate() {
        let received = websocket.receive().await.unwrap();
        assert!(received.as_ref() == Some(message), "not message {number}");
    }
    peer.finish().await;
}

#[test]
fn a_message_waits_for_a_server_that_does_not_read() {
    run(async {
        let (go_on, told_to_go_on) = oneshot::channel();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            told_to_go_on.await.unwrap();
            for number in 0..LARGE_COUNT {
                stream.expect_frame(0x82, &numbered(number)).await;
            }
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let sent = AtomicUsize::new(0);
        let send = async {
            for number in 0..LARGE_COUNT {
                websocket.send(numbered(number)).await.unwrap();
                sent.fetch_add(1, Ordering::Relaxed);
            }
        };
        let watch = async {
            let count = stuck_at(&sent).await;
            assert!(count < LARGE_COUNT / 2, "{count} messages were sent");
            go_on.send(()).unwrap();
        };
        tokio::join!(send, watch);
        peer.finish().await;
    });
}

#[test]
fn messages_for_which_there_is_no_room_yet_are_sent_once_there_is() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for number in 0..64 {
                stream.expect_frame(0x82, &numbered(number)).await;
            }
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        // 4 MiB at once, where 1 MiB may wait in the component. The server says nothing that would
        // wake the connection.
        let sends = (0..64).map(|number| websocket.send(numbered(number)));
        for sent in join_all(sends).await {
            sent.unwrap();
        }
        peer.finish().await;
    });
}

#[test]
fn messages_are_sent_and_done_with_in_the_order_of_the_calls() {
    run(async {
        const COUNT: usize = 100;

        let echo = Echo::start().await;
        let mut websocket = runtime().connect(&echo.url()).await.unwrap();
        let sender = websocket.sender();
        let done = Mutex::new(Vec::new());
        let sends = (0..COUNT).map(async |number| {
            sender.send(number.to_string()).await.unwrap();
            done.lock().unwrap().push(number);
        });
        join_all(sends).await;
        assert_eq!(*done.lock().unwrap(), Vec::from_iter(0..COUNT));
        for number in 0..COUNT {
            let message = websocket.receive().await.unwrap();
            assert_eq!(message, Some(number.to_string().into()));
        }
    });
}

#[test]
fn senders_in_other_tasks_each_keep_their_order() {
    run(async {
        const TASKS: usize = 8;
        const COUNT: usize = 100;

        let echo = Echo::start().await;
        let mut websocket = runtime().connect(&echo.url()).await.unwrap();
        for task in 0..TASKS {
            let sender = websocket.sender();
            tokio::spawn(async move {
                for number in 0..COUNT {
                    sender.send(format!("{task} {number}")).await.unwrap();
                }
            });
        }
        let mut next = [0; TASKS];
        for _ in 0..TASKS * COUNT {
            let message = websocket.receive().await.unwrap().unwrap();
            let (task, number) = message.as_text().unwrap().split_once(' ').unwrap();
            let next = &mut next[task.parse::<usize>().unwrap()];
            assert_eq!(number, next.to_string());
            *next += 1;
        }
    });
}

#[test]
fn no_message_is_lost_by_dropping_futures_that_wait_for_one() {
    run(async {
        const COUNT: usize = 1_000;

        let echo = Echo::start().await;
        let mut websocket = runtime().connect(&echo.url()).await.unwrap();
        let sender = websocket.sender();
        tokio::spawn(async move {
            for number in 0..COUNT {
                sender.send(number.to_string()).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut dropped = 0;
        for number in 0..COUNT {
            let message = loop {
                tokio::select! {
                    biased;
                    message = websocket.receive() => break message,
                    () = tokio::task::yield_now() => dropped += 1,
                }
            };
            assert_eq!(message, Ok(Some(number.to_string().into())));
        }
        assert!(dropped > 0);
    });
}

#[test]
fn a_message_whose_future_is_dropped_is_sent_whole_or_not_at_all() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x82, &numbered(1)).await;
            stream.expect_frame(0x81, b"after").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        // Polled once, so that it has its place among the messages.
        let _ = websocket.send(numbered(1)).now_or_never();
        // Not polled.
        drop(websocket.send(numbered(2)));
        websocket.send("after").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_server_that_does_not_read_holds_up_no_other_connection() {
    run(async {
        let (done, told_when_done) = oneshot::channel::<()>();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            let _ = told_when_done.await;
        })
        .await;
        let stuck = runtime().connect(&peer.url()).await.unwrap();
        let sent = AtomicUsize::new(0);
        let send = async {
            while stuck.send(numbered(0)).await.is_ok() {
                sent.fetch_add(1, Ordering::Relaxed);
            }
        };
        let other = async {
            stuck_at(&sent).await;
            let echo = Echo::start().await;
            let mut websocket = runtime().connect(&echo.url()).await.unwrap();
            websocket.send("Hello").await.unwrap();
            assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
        };
        tokio::select! {
            () = send => panic!("the connection ended"),
            () = other => {}
        }
        drop(done);
        peer.finish().await;
    });
}

/// The frame in which a server sends a message.
fn data_frame(message: &Message) -> Vec<u8> {
    let first = match message {
        Message::Text(_) => 0x81,
        Message::Binary(_) => 0x82,
    };
    frame(first, message.as_bytes())
}

/// A large message that tells which one it is.
fn numbered(number: usize) -> Vec<u8> {
    let mut message = vec![0; LARGE_LEN];
    message[..8].copy_from_slice(&(number as u64).to_be_bytes());
    message
}
