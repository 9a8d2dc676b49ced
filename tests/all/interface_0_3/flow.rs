//! Back-pressure both ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use integration_tests::guest_0_3::{run_guest, types};
use integration_tests::{Scripted, frame, stuck_at};
use tokio::sync::oneshot;
use types::Message;

use super::text;

/// Of these messages, the buffers of TCP and those of a connection hold less than half.
const COUNT: usize = 1024;
const LEN: usize = 64 << 10;

#[test]
fn a_slow_reader_slows_the_server_down() {
    run_guest(async |guest| {
        let sent = Arc::new(AtomicUsize::new(0));
        let count = sent.clone();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            for number in 0..COUNT {
                stream.send(&frame(0x82, &payload(number))).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let count = stuck_at(&sent).await;
        assert!(count < COUNT / 2, "{count} of {COUNT} messages were read");
        for number in 0..COUNT {
            let message = Message::Binary(payload(number));
            assert!(
                guest.receive(websocket).await == Ok(Some(message)),
                "{number}"
            );
        }
    });
}

#[test]
fn sends_wait_for_a_server_that_does_not_read() {
    run_guest(async |guest| {
        let (go_on, is_to_read) = oneshot::channel();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            is_to_read.await.expect("the test goes on");
            for number in 0..COUNT {
                let (first, received) = stream.frame().await;
                assert!((first, received) == (0x82, payload(number)), "{number}");
            }
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let sent = AtomicUsize::new(0);
        let sends = (0..COUNT).map(async |number| {
            let options = types::SendOptions::UNCOMPRESSED;
            let message = Message::Binary(payload(number));
            let result = guest.send_with(websocket, message, options).await;
            sent.fetch_add(1, Ordering::Relaxed);
            result
        });
        let watch = async {
            let count = stuck_at(&sent).await;
            assert!(count < COUNT / 2, "{count} of {COUNT} messages were sent");
            let buffered = guest.buffered_amount(websocket).await;
            assert!(buffered < 2 << 20, "{buffered} bytes wait");
            go_on.send(()).expect("the server waits");
        };
        let (results, ()) = tokio::join!(join_all(sends), watch);
        assert!(results.iter().all(Result::is_ok));
        drop(peer);
    });
}

#[test]
fn who_only_sends_is_not_held_up_by_pings() {
    run_guest(async |guest| {
        const PINGS: usize = 20_000;

        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for _ in 0..PINGS / 100 {
                stream.send(&frame(0x89, b"there?").repeat(100)).await;
                loop {
                    let (first, _) = stream.frame().await;
                    if first == 0x81 {
                        break;
                    }
                }
            }
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        for _ in 0..PINGS / 100 {
            assert_eq!(guest.send(websocket, "telemetry").await, Ok(()));
        }
        drop(peer);
    });
}

#[test]
fn what_is_sent_is_told_though_nothing_is_received() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // More than is kept for calls to come.
            for _ in 0..4 {
                stream.send(&frame(0x82, &payload(0))).await;
            }
            for _ in 0..10 {
                stream.expect_frame(0x81, b"hello").await;
            }
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        for _ in 0..10 {
            assert_eq!(guest.send(websocket, "hello").await, Ok(()));
        }
        for _ in 0..4 {
            let message = Message::Binary(payload(0));
            assert!(guest.receive(websocket).await == Ok(Some(message)));
        }
    });
}

#[test]
fn messages_that_nobody_receives_do_not_hold_up_close() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for _ in 0..COUNT {
                stream.send(&frame(0x82, &payload(0))).await;
            }
            let (first, payload) = stream.frame().await;
            assert_eq!(first, 0x88);
            stream.send(&frame(0x88, &payload)).await;
            stream.end().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let closed = guest.close(websocket, None, None).await.expect("closed");
        assert_eq!((closed.code, closed.was_clean), (1000, true));
        peer.finish().await;
    });
}

#[test]
fn messages_before_the_first_call_are_kept() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            let answer = stream.request().await.answer();
            stream.send(&[answer, frame(0x81, b"early")].concat()).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        assert_eq!(guest.receive(websocket).await, Ok(Some(text("early"))));
    });
}

/// The payload of a message, which says which one it is.
fn payload(number: usize) -> Vec<u8> {
    number.to_be_bytes().repeat(LEN / size_of::<usize>())
}
