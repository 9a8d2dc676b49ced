//! What a websocket counts. The protocol's part in it is tested there.

use integration_tests::guest_0_3::run_guest;
use integration_tests::{Scripted, frame};

use super::text;

#[test]
fn frames_are_counted_both_ways_and_pongs_tell_the_round_trip() {
    run_guest(async |guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_frame(0x89, b"p").await;
            stream.send(&frame(0x8a, b"p")).await;
            stream.send(&frame(0x81, b"abc")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let before = guest.statistics(websocket).await;
        guest.send(websocket, "Hello").await.expect("sent");
        guest.ping(websocket, b"p").await.expect("answered");
        let message = guest.receive(websocket).await;
        assert_eq!(message, Ok(Some(text("abc"))));

        let after = guest.statistics(websocket).await;
        let (sent, received) = (after.sent, after.received);
        assert_eq!(sent.bytes - before.sent.bytes, 6 + 5 + 6 + 1);
        assert_eq!((sent.frames, sent.messages, sent.pings), (2, 1, 1));
        assert_eq!(received.bytes - before.received.bytes, 3 + 5);
        assert_eq!((received.frames, received.messages), (2, 1));
        assert_eq!(received.pongs, 1);
        let round_trip = after.round_trip.expect("a pong came");
        assert_eq!(round_trip.smoothed, round_trip.last);
    });
}
