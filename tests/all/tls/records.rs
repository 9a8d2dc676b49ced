//! Records: in pieces, changed, forged, and how they end.

use integration_tests::{
    Authority, Relay, Scripted, TEST_TIMEOUT, assert_failure, close_payload, connect_failure,
    failure, frame, rest, run, runtime,
};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{AlertDescription, ServerConfig, SupportedProtocolVersion};
use wasocket::{Event, FailureKind, Step};

use super::{By, VERSIONS, trusting};

/// Both who may do TLS, with either version of it.
fn ways() -> impl Iterator<Item = (By, &'static SupportedProtocolVersion)> {
    By::BOTH
        .into_iter()
        .flat_map(|by| VERSIONS.map(|version| (by, version)))
}

#[test]
fn records_that_come_one_byte_at_a_time_are_put_together() {
    for version in VERSIONS {
        run(async {
            let authority = Authority::new();
            // Tickets are long, and no different from what else comes in records.
            let without_tickets = |config: &mut ServerConfig| config.send_tls13_tickets = 0;
            let tls =
                authority
                    .issue()
                    .acceptor_from(default_provider(), &[version], without_tickets);
            let peer = Scripted::start_tls(tls, async |mut stream| {
                stream.accept().await;
                stream.send(&frame(0x81, b"Hello")).await;
                stream.expect_frame(0x82, b"there").await;
                stream.expect_close(1000, "").await;
            })
            .await;
            let relay = Relay::start(peer.port()).await;
            let url = format!("wss://localhost:{}/", relay.port());
            // Each byte takes a turn of three tasks, which is long on a busy machine.
            let options = trusting(&authority).connect_timeout(TEST_TIMEOUT);
            let mut websocket = runtime().connect_with(&url, &options).await.unwrap();
            assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
            websocket.send(&b"there"[..]).await.unwrap();
            assert!(websocket.close(1000, "").await.unwrap().was_clean);
            peer.finish().await;
        });
    }
}

#[test]
fn a_record_that_is_split_anywhere_is_put_together() {
    run(async {
        for (by, version) in ways() {
            // 5 bytes of header, and 16 or 17 that seal the 7 of the frame.
            let (mut websocket, peer) = by
                .open(version, async |mut stream| {
                    for at in 1..28 {
                        let records = stream.seal(&frame(0x81, b"Hello"));
                        let (start, end) = records.split_at(at);
                        assert!(!end.is_empty(), "{at}");
                        stream.send_beneath(start).await;
                        stream.until_read().await;
                        stream.send_beneath(end).await;
                    }
                    stream.expect_close(1000, "").await;
                })
                .await;
            for _ in 1..28 {
                assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
            }
            assert!(websocket.close(1000, "").await.unwrap().was_clean);
            peer.finish().await;
        }
    });
}

#[test]
fn a_message_in_many_small_records_is_put_together() {
    run(async {
        let authority = Authority::new();
        // The smallest that rustls has: 32 bytes, with the 22 that seal them.
        let small = |config: &mut ServerConfig| config.max_fragment_size = Some(32);
        let tls = authority
            .issue()
            .acceptor_from(default_provider(), &VERSIONS, small);
        let message = vec![0x2a; 10_000];
        let sent = frame(0x82, &message);
        let (mut websocket, peer) = By::Guest
            .open_on(&authority, tls, async move |mut stream| {
                stream.send(&sent).await;
                stream.expect_close(1000, "").await;
            })
            .await;
        assert_eq!(websocket.receive().await, Ok(Some(message.into())));
        assert!(websocket.close(1000, "").await.unwrap().was_clean);
        peer.finish().await;
    });
}

#[test]
fn a_server_may_change_its_keys() {
    run(async {
        let (mut websocket, peer) = By::Guest
            .open(&TLS13, async |mut stream| {
                for text in ["before", "after"] {
                    stream.send(&frame(0x81, text.as_bytes())).await;
                    stream.refresh_keys();
                }
                stream.expect_frame(0x81, b"answer").await;
                stream.expect_close(1000, "").await;
            })
            .await;
        for text in ["before", "after"] {
            assert_eq!(websocket.receive().await, Ok(Some(text.into())));
        }
        websocket.send("answer").await.unwrap();
        assert!(websocket.close(1000, "").await.unwrap().was_clean);
        peer.finish().await;
    });
}

#[test]
fn a_record_that_was_changed_on_the_way_fails_the_connection() {
    run(async {
        for (by, version) in ways() {
            let says = match by {
                By::Guest => "the server's TLS is wrong",
                By::Host => "the connection was lost",
            };
            // In what it seals first, in the middle of it, and in the tag at its end; by itself, or read
            // with the one before it.
            for (from_end, together) in [(20, false), (10, false), (1, false), (10, true)] {
                let (mut websocket, peer) = by
                    .open(version, async move |mut stream| {
                        let mut records = stream.seal(&frame(0x81, b"whole"));
                        if !together {
                            stream.send_beneath(&records).await;
                            stream.until_read().await;
                            records.clear();
                        }
                        records.extend(stream.seal(&frame(0x81, b"changed")));
                        let at = records.len() - from_end;
                        records[at] ^= 0x01;
                        stream.send_beneath(&records).await;
                        stream.expect_alert(AlertDescription::BadRecordMac).await;
                    })
                    .await;
                assert_eq!(websocket.receive().await, Ok(Some("whole".into())));
                assert_failure(
                    &failure(&mut websocket).await,
                    Step::Open,
                    FailureKind::TlsFailed,
                    &format!("connection: {says}: cannot decrypt peer's message"),
                );
                peer.finish().await;
            }
        }
    });
}

#[test]
fn a_record_that_is_repeated_fails_the_connection() {
    run(async {
        for version in VERSIONS {
            let (mut websocket, peer) = By::Guest
                .open(version, async |mut stream| {
                    let records = stream.seal(&frame(0x81, b"once"));
                    stream.send_beneath(&records).await;
                    stream.send_beneath(&records).await;
                    stream.expect_alert(AlertDescription::BadRecordMac).await;
                })
                .await;
            assert_eq!(websocket.receive().await, Ok(Some("once".into())));
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::TlsFailed,
                "connection: the server's TLS is wrong: cannot decrypt peer's message",
            );
            peer.finish().await;
        }
    });
}

#[test]
fn what_is_not_sealed_is_not_taken_for_data_or_an_end() {
    run(async {
        for version in VERSIONS {
            for (forged, alert, says) in [
                // A record of data, and close_notify.
                (
                    &b"\x17\x03\x03\x00\x07\x81\x05Hello"[..],
                    AlertDescription::BadRecordMac,
                    "cannot decrypt peer's message",
                ),
                (
                    b"\x15\x03\x03\x00\x02\x01\x00",
                    AlertDescription::BadRecordMac,
                    "cannot decrypt peer's message",
                ),
                // A frame without any record.
                (
                    b"\x81\x05Hello",
                    AlertDescription::DecodeError,
                    "received corrupt message of type InvalidContentType",
                ),
            ] {
                let (mut websocket, peer) = By::Guest
                    .open(version, async move |mut stream| {
                        stream.send_beneath(forged).await;
                        stream.expect_alert(alert).await;
                    })
                    .await;
                assert_failure(
                    &failure(&mut websocket).await,
                    Step::Open,
                    FailureKind::TlsFailed,
                    &format!("connection: the server's TLS is wrong: {says}"),
                );
                peer.finish().await;
            }
        }
    });
}

#[test]
fn the_end_of_the_stream_without_close_notify_is_told_apart() {
    run(async {
        for (by, version) in ways() {
            let lost = match by {
                By::Guest => "",
                By::Host => "the connection was lost: ",
            };
            let (mut websocket, peer) = by
                .open(version, async |mut stream| {
                    stream.send(&frame(0x81, b"whole")).await;
                    stream.cut().await;
                    stream.expect_end().await;
                })
                .await;
            assert_eq!(websocket.receive().await, Ok(Some("whole".into())));
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::TlsTruncated,
                &format!("connection: {lost}the stream ended without a close_notify alert"),
            );
            peer.finish().await;

            let (mut websocket, peer) = by
                .open(version, async |mut stream| {
                    stream.end().await;
                    stream.expect_end().await;
                })
                .await;
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::ConnectionEnded,
                "connection: the stream ended without a close frame",
            );
            peer.finish().await;
        }
    });
}

/// The component tried for ever to send the close_notify that it owed.
#[test]
fn a_reset_while_open_is_told_by_error_and_close() {
    run(async {
        for version in VERSIONS {
            let (mut websocket, peer) = By::Guest
                .open(version, async |mut stream| {
                    stream.send(&frame(0x81, b"whole")).await;
                    stream.until_read().await;
                    stream.reset();
                })
                .await;
            assert_eq!(websocket.receive().await, Ok(Some("whole".into())));
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::ConnectionLost,
                "connection: the connection was lost: connection reset",
            );
            peer.finish().await;
        }
    });
}

#[test]
fn the_end_of_the_stream_in_the_tls_handshake_is_told_so() {
    run(async {
        for by in By::BOTH {
            // Before the answer, and in the header of its first record.
            for begun in [&b""[..], b"\x16\x03\x03"] {
                let peer = Scripted::start(async move |mut stream| {
                    assert_eq!(stream.record().await.0, 0x16);
                    stream.send(begun).await;
                    stream.end().await;
                    stream.expect_end().await;
                })
                .await;
                let options = trusting(&Authority::new());
                assert_failure(
                    &by.connect_failure(&peer.url_of("wss"), &options).await,
                    Step::Tls,
                    FailureKind::ConnectionEnded,
                    "TLS: the stream ended before the TLS handshake was done",
                );
                peer.finish().await;
            }
        }
    });
}

#[test]
fn a_reset_in_the_tls_handshake_is_told_so() {
    run(async {
        for (by, says) in [
            (By::Guest, "TLS: the connection was lost: connection reset"),
            (By::Host, "TLS: connection reset"),
        ] {
            let peer = Scripted::start(async |mut stream| {
                assert_eq!(stream.record().await.0, 0x16);
                stream.reset();
            })
            .await;
            let options = trusting(&Authority::new());
            assert_failure(
                &by.connect_failure(&peer.url_of("wss"), &options).await,
                Step::Tls,
                FailureKind::ConnectionLost,
                says,
            );
            peer.finish().await;
        }
    });
}

#[test]
fn the_end_of_the_stream_in_the_opening_handshake_is_told_apart() {
    run(async {
        for (with_close_notify, kind, says) in [
            (
                false,
                FailureKind::TlsTruncated,
                "opening handshake: the stream ended without a close_notify alert",
            ),
            (
                true,
                FailureKind::ConnectionEnded,
                "opening handshake: the stream ended before the server had answered",
            ),
        ] {
            let authority = Authority::new();
            let tls = authority.issue().acceptor();
            let peer = Scripted::start_tls(tls, async move |mut stream| {
                let answer = stream.request().await.answer();
                stream.send(&answer[..40]).await;
                if with_close_notify {
                    stream.end().await;
                } else {
                    stream.cut().await;
                }
                stream.expect_end().await;
            })
            .await;
            let failure = connect_failure(&peer.url(), &trusting(&authority)).await;
            assert_failure(&failure, Step::Handshake, kind, says);
            peer.finish().await;
        }
    });
}

#[test]
fn a_closing_handshake_is_clean_without_close_notify_and_ends_with_ours() {
    run(async {
        for (by, version) in ways() {
            let (mut websocket, peer) = by
                .open(version, async |mut stream| {
                    let payload = close_payload(1000, "");
                    stream.expect_frame(0x88, &payload).await;
                    stream.send(&frame(0x88, &payload)).await;
                    stream.cut().await;
                    stream.expect_end().await;
                })
                .await;
            let closed = websocket.close(1000, "").await.unwrap();
            assert_eq!((closed.code, closed.was_clean), (1000, true));
            assert_eq!(rest(&mut websocket).await, [Event::Close(closed)]);
            peer.finish().await;
        }
    });
}
