//! What a websocket counts.

use integration_tests::guest::{is_close, is_message, run_guest, types};
use integration_tests::{Scripted, frame};
use types::Traffic;

/// A connection that was not opened.
const NOTHING: Traffic = Traffic {
    bytes: 0,
    frames: 0,
    messages: 0,
    pings: 0,
    pongs: 0,
};

#[test]
fn frames_are_counted_both_ways_and_pongs_tell_the_round_trip() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_frame(0x89, b"p").await;
            stream.send(&frame(0x8a, b"p")).await;
            stream.send(&frame(0x01, b"abc")).await;
            stream.send(&frame(0x80, b"")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let before = guest.statistics(websocket).await;
        assert!(before.sent.bytes > 0 && before.received.bytes > 0);
        assert_eq!(before.round_trip, None);

        guest.send(websocket, "Hello").await.expect("sent");
        guest.ping(websocket, b"p").await.expect("sent");
        guest.until(websocket, is_message).await;
        let after = guest.statistics(websocket).await;
        let sent = Traffic {
            bytes: before.sent.bytes + 6 + 5 + 6 + 1,
            frames: 2,
            messages: 1,
            pings: 1,
            pongs: 0,
        };
        let received = Traffic {
            bytes: before.received.bytes + 3 + 5 + 2,
            frames: 3,
            messages: 1,
            pings: 0,
            pongs: 1,
        };
        assert_eq!((after.sent, after.received), (sent, received));
        let round_trip = after.round_trip.expect("a pong came");
        assert!(round_trip.last > 0);
        assert_eq!(round_trip.smoothed, round_trip.last);
        let turn = guest.drive(websocket).await;
        assert_eq!(turn.statistics, after);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn what_was_not_opened_has_counted_nothing() {
    run_guest(async |mut guest| {
        let websocket = guest.connect("ws://localhost/", None).await;
        guest.close(websocket, None, None).await.expect("given up");
        guest.until(websocket, is_close).await;
        let counted = guest.statistics(websocket).await;
        assert_eq!((counted.sent, counted.received), (NOTHING, NOTHING));
        assert_eq!(counted.round_trip, None);
    });
}
