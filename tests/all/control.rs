//! Ping and Pong (RFC 6455, sections 5.5.2 and 5.5.3), asked for and not.

use futures_util::FutureExt;
use futures_util::future::join_all;
use integration_tests::{
    Scripted, Server, close_payload, frame, on_each_peer, on_each_server, on_servers, run, runtime,
    scaled,
};
use wasocket::{Error, Event, FailureKind, Options, Part, SendOptions, Step, Timeout};

on_each_server! {
    a_pong_carries_the_payload_of_its_ping,
}

// libwebsockets drops a ping that comes before the pong for the one before is written, where section
// 5.5.3 would have it answer at least the last.
on_servers! {
    pings_in_flight_are_each_answered,:
    tungstenite tungstenite_tls python python_tls node node_tls nginx_tls tornado tornado_tls
}

on_each_peer! {
    the_pings_of_a_server_are_answered_and_told,
}

async fn a_pong_carries_the_payload_of_its_ping(server: Server) {
    let websocket = server.connect("/echo").await;
    let not_utf8 = b"\0\xff\xfe\xed\xa0\x80";
    for payload in [b"".as_slice(), b"ping", &[b'x'; 125], not_utf8] {
        let pong = websocket.ping(payload).await.unwrap();
        assert_eq!(pong.payload, payload);
    }
}

async fn pings_in_flight_are_each_answered(server: Server) {
    let websocket = server.connect("/echo").await;
    // Some alike: each ping has a pong all the same.
    let payloads = ["a", "b", "", "b", "c", ""];
    let pongs = join_all(payloads.map(|payload| websocket.ping(payload))).await;
    for (pong, payload) in pongs.into_iter().zip(payloads) {
        assert_eq!(pong.unwrap().payload, payload.as_bytes());
    }
}

async fn the_pings_of_a_server_are_answered_and_told(server: Server) {
    let mut websocket = server
        .connect("/ping?payload=&payload=00ff&payload=68")
        .await;
    for (payload, hex) in [(b"".as_slice(), ""), (b"\x00\xff", "00ff"), (b"h", "68")] {
        assert_eq!(websocket.event().await, Some(Event::Ping(payload.to_vec())));
        // What the server says that our pong carried.
        assert_eq!(websocket.event().await, Some(Event::Message(hex.into())));
    }
    assert_eq!(websocket.receive().await, Ok(None));
    assert!(websocket.closed().unwrap().was_clean);
}

#[test]
fn a_ping_is_one_masked_frame() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, b"Hello").await;
            stream.send(b"\x8a\x05Hello").await;
            stream.expect(b"\x89\x85\0\0\0\0Hello").await;
            stream.send(b"\x8a\x05Hello").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        websocket.ping("Hello").await.unwrap();
        let unmasked = SendOptions::new().unmasked();
        let sender = websocket.sender();
        sender.ping_with("Hello", unmasked).await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_ping_of_126_bytes_is_refused_and_nothing_is_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, &[b'x'; 125]).await;
            stream.send(&frame(0x8a, &[b'x'; 125])).await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let refused = websocket.ping([b'x'; 126]).await.unwrap_err();
        let Error::InvalidArgument { part, .. } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(part, Part::PingPayload);
        websocket.ping([b'x'; 125]).await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_pong_answers_the_pings_before_it_too() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, b"1").await;
            stream.expect_frame(0x89, b"2").await;
            // Section 5.5.3: an endpoint "MAY elect to send a Pong frame for only the most
            // recently processed Ping frame".
            stream.send(b"\x8a\x012").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let (first, second) = tokio::join!(websocket.ping("1"), websocket.ping("2"));
        assert_eq!(first.unwrap().payload, b"2");
        assert_eq!(second.unwrap().payload, b"2");
        peer.finish().await;
    });
}

#[test]
fn a_pong_that_nobody_asked_for_is_told() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(b"\x8a\x05Hello").await;
            stream.expect_frame(0x89, b"ping").await;
            stream.send(b"\x8a\x04gnip\x8a\x04ping").await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        assert_eq!(websocket.event().await, Some(Event::Pong(b"Hello".into())));
        assert_eq!(websocket.ping("ping").await.unwrap().payload, b"ping");
        assert_eq!(websocket.event().await, Some(Event::Pong(b"gnip".into())));
        peer.finish().await;
    });
}

#[test]
fn a_ping_need_not_be_waited_for() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, b"forgotten").await;
            stream.send(b"\x8a\x09forgotten\x81\x05Hello").await;
        })
        .await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        // Polled once, so that it is sent.
        let _ = websocket.ping("forgotten").now_or_never();
        // Its pong answers a ping, so that it is not told.
        let event = websocket.event().await;
        assert_eq!(event, Some(Event::Message("Hello".into())));
        peer.finish().await;
    });
}

#[test]
fn pings_in_one_segment_are_all_answered_in_order() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(b"\x89\x011\x89\x00\x89\x012").await;
            stream.expect_frame(0x8a, b"1").await;
            stream.expect_frame(0x8a, b"").await;
            stream.expect_frame(0x8a, b"2").await;
        })
        .await;
        // Answered though nothing is polled here.
        let _websocket = runtime().connect(&peer.url()).await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_ping_that_is_not_answered_in_time_fails_the_connection() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, b"ping").await;
            let reason = close_payload(1011, "the peer did not answer a ping in time");
            stream.expect_frame(0x88, &reason).await;
            stream.expect_eof().await;
        })
        .await;
        let options = Options::new().pong_timeout(scaled(100));
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        let Err(Error::Failed(failure)) = websocket.ping("ping").await else {
            panic!("the ping was answered");
        };
        assert_eq!(failure.step, Step::Open);
        assert_eq!(failure.kind, FailureKind::Timeout(Timeout::Pong));
        assert_eq!(websocket.event().await, Some(Event::Error(failure)));
        assert_is_lost(websocket.event().await);
        assert_eq!(websocket.event().await, None);
        peer.finish().await;
    });
}

#[test]
fn keepalive_pings_that_are_answered_are_not_told() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for number in 1_u64..=3 {
                let payload = number.to_be_bytes();
                stream.expect_frame(0x89, &payload).await;
                stream.send(&frame(0x8a, &payload)).await;
            }
            stream.send(b"\x81\x05Hello").await;
        })
        .await;
        let options = Options::new().ping_interval(scaled(20));
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        let event = websocket.event().await;
        assert_eq!(event, Some(Event::Message("Hello".into())));
        peer.finish().await;
    });
}

#[test]
fn a_keepalive_ping_that_is_not_answered_in_time_fails_the_connection() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, &1_u64.to_be_bytes()).await;
            let reason = close_payload(1011, "the peer did not answer a ping in time");
            stream.expect_frame(0x88, &reason).await;
            stream.expect_eof().await;
        })
        .await;
        let options = Options::new()
            .ping_interval(scaled(20))
            .pong_timeout(scaled(100));
        let mut websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        let Some(Event::Error(failure)) = websocket.event().await else {
            panic!("the ping was answered");
        };
        assert_eq!(failure.step, Step::Open);
        assert_eq!(failure.kind, FailureKind::Timeout(Timeout::Pong));
        assert_is_lost(websocket.event().await);
        assert_eq!(websocket.event().await, None);
        peer.finish().await;
    });
}

/// Asserts that the connection ended without a Close frame of the server.
#[track_caller]
fn assert_is_lost(event: Option<Event>) {
    let Some(Event::Close(closed)) = event else {
        panic!("{event:?}");
    };
    assert_eq!((closed.code, closed.was_clean), (1006, false));
}
