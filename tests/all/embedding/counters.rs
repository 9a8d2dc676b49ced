//! What a connection and a runtime count.

use std::collections::BTreeMap;

use integration_tests::{ClosedPort, Scripted, close_payload, frame, run};
use tokio::runtime::Builder;
use wasocket::{Error, Grants, Options, Step};

use super::builder;

#[test]
fn what_goes_both_ways_is_counted_before_it_is_told() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"Hello").await;
            stream.expect_frame(0x89, b"p").await;
            stream.send(&frame(0x8a, b"p")).await;
            stream.send(&frame(0x01, b"abc")).await;
            stream.send(&frame(0x80, b"")).await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.end().await;
        })
        .await;
        let runtime = builder().build().unwrap();
        let mut websocket = runtime.connect(&peer.url()).await.unwrap();
        let opened = websocket.metrics();
        assert!(opened.sent.bytes > 0 && opened.received.bytes > 0);
        assert_eq!((opened.sent.frames, opened.received.frames), (0, 0));

        websocket.send("Hello").await.unwrap();
        let sent = websocket.metrics().sent;
        assert_eq!(sent.bytes - opened.sent.bytes, 6 + 5);
        assert_eq!((sent.frames, sent.messages), (1, 1));

        let pong = websocket.ping("p").await.unwrap();
        let pinged = websocket.sender().metrics();
        assert_eq!((pinged.sent.pings, pinged.received.pongs), (1, 1));
        let round_trip = pinged.round_trip.unwrap();
        assert_eq!(round_trip.last, pong.round_trip);
        assert_eq!(round_trip.smoothed, pong.round_trip);

        assert_eq!(websocket.receive().await, Ok(Some("abc".into())));
        let received = websocket.metrics().received;
        assert_eq!(received.bytes - opened.received.bytes, 3 + 5 + 2);
        assert_eq!((received.frames, received.messages), (3, 1));

        websocket.close(1000, "").await.unwrap();
        let closed = websocket.metrics();
        assert_eq!((closed.sent.frames, closed.received.frames), (3, 4));
        let all = runtime.metrics();
        assert_eq!((all.sent, all.received), (closed.sent, closed.received));
        peer.finish().await;
    });
}

#[test]
fn a_runtime_counts_its_connections_by_what_became_of_them() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x88, &close_payload(4001, ""))).await;
            stream.expect_frame(0x88, &close_payload(4001, "")).await;
            stream.end().await;
        })
        .await;
        let runtime = builder().build().unwrap();
        let mut websocket = runtime.connect(&peer.url()).await.unwrap();
        assert_eq!(websocket.receive().await, Ok(None));
        peer.finish().await;

        let closed = ClosedPort::take();
        let url = format!("ws://{}/", closed.address());
        runtime.connect(&url).await.unwrap_err();
        let nothing = Options::new().grants(Grants::new());
        for _ in 0..2 {
            let denied = runtime.connect_with("ws://localhost/", &nothing).await;
            denied.unwrap_err();
        }
        let invalid = runtime.connect("ws://local host/").await;
        assert!(matches!(invalid, Err(Error::InvalidArgument { .. })));

        let counted = runtime.metrics();
        assert_eq!((counted.attempted, counted.opened, counted.open), (5, 1, 0));
        let failed = BTreeMap::from([(Step::Connect, 1), (Step::Name, 2)]);
        assert_eq!(counted.failed, failed);
        assert_eq!(counted.closed, BTreeMap::from([(4001, 1)]));
        // Those of another runtime are its own.
        assert_eq!(builder().build().unwrap().metrics(), Default::default());
    });
}

#[test]
fn a_connection_whose_task_is_dropped_is_no_longer_open() {
    let runtime = builder().build().unwrap();
    let tokio = Builder::new_current_thread().enable_all().build().unwrap();
    let websocket = tokio.block_on(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.drain().await;
        })
        .await;
        runtime.connect(&peer.url()).await.unwrap()
    });
    assert_eq!(runtime.metrics().open, 1);
    drop(tokio);
    assert_eq!(runtime.metrics().open, 0);
    assert_eq!(websocket.metrics().received.frames, 0);
}
