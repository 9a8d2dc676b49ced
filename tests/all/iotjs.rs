//! What a server sends that the `websocket` module of IoT.js takes wrongly: each test is of a fault
//! of it, and says how it is done right. Its calls are in `iotjs_calls.rs`.

use std::time::Duration;

use integration_tests::{
    Scripted, assert_failure, close_payload, connect_failure, failure, frame, open, rest, run,
    runtime,
};
use wasocket::{Event, FailureKind, Message, Options, Step};

/// The length of [`integration_tests::Request::answer`].
const ANSWER_LEN: usize = 129;

#[test]
fn an_answer_split_anywhere_opens_the_connection() {
    run(async {
        let hello = frame(0x81, b"Hello");
        for at in 1..ANSWER_LEN + hello.len() {
            let hello = hello.clone();
            let peer = Scripted::start(async move |mut stream| {
                let answer = stream.request().await.answer();
                assert_eq!(answer.len(), ANSWER_LEN);
                stream.send_split(&[answer, hello].concat(), at).await;
                stream.drain().await;
            })
            .await;
            let mut websocket = runtime().connect(&peer.url()).await.unwrap();
            assert_eq!(websocket.receive().await, Ok(Some("Hello".into())), "{at}");
        }
    });
}

#[test]
fn an_answer_one_byte_at_a_time_opens_the_connection() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let answer = stream.request().await.answer();
            stream.send_one_by_one(&answer).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        // The server asks the system after each byte whether it was read, which takes a while where much
        // is under way.
        let options = Options::new().connect_timeout(Duration::from_secs(3600));
        let websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
        assert!(websocket.close(1000, "").await.unwrap().was_clean);
        peer.finish().await;
    });
}

#[test]
fn an_answer_without_accept_is_an_error() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            stream
                .send(
                    b"HTTP/1.1 101 Switching Protocols\r\n\
                      Upgrade: websocket\r\n\
                      Connection: Upgrade\r\n\
                      \r\n",
                )
                .await;
            stream.drain().await;
        })
        .await;
        assert_failure(
            &connect_failure(&peer.url(), &Options::new()).await,
            Step::Handshake,
            FailureKind::HandshakeInvalid,
            "opening handshake: the answer has no header field Sec-WebSocket-Accept",
        );
    });
}

#[test]
fn header_fields_in_lower_case_open_the_connection() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let accept = stream.request().await.accept;
            let answer = format!(
                "HTTP/1.1 101 ok\r\nupgrade:WEBSOCKET\r\nconnection:keep-alive , upgrade\r\n\
                 sec-websocket-accept:{accept}\r\n\r\n"
            );
            stream.send(answer.as_bytes()).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

/// Frames, and the message that they are. The lengths have each of their three forms.
fn messages() -> Vec<(Vec<u8>, Message)> {
    let text = "Grüße, 世界 🌍";
    vec![
        (frame(0x81, b""), "".into()),
        (frame(0x82, b""), Message::Binary(vec![])),
        (frame(0x81, text.as_bytes()), text.into()),
        (frame(0x82, &[0x81; 125]), vec![0x81; 125].into()),
        (frame(0x82, &[0x88; 126]), vec![0x88; 126].into()),
        (
            // The character ü is in two of the fragments.
            [
                frame(0x01, b"Gr\xc3"),
                frame(0x00, b"\xbc\xc3\x9f"),
                frame(0x80, b"e"),
            ]
            .concat(),
            "Grüße".into(),
        ),
        (frame(0x82, &[0x8a; 65_536]), vec![0x8a; 65_536].into()),
    ]
}

/// Where to split so many bytes: everywhere, but in a long payload only at its ends.
fn splits(len: usize) -> impl Iterator<Item = usize> {
    (1..len).filter(move |&at| at < 200 || at > len - 4)
}

#[test]
fn frames_split_anywhere_are_whole_messages() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            for (frames, _) in messages() {
                for at in splits(frames.len()) {
                    stream.send_split(&frames, at).await;
                }
            }
            stream.expect_close(1000, "").await;
        })
        .await;
        for (frames, message) in messages() {
            for at in splits(frames.len()) {
                let received = websocket.receive().await.unwrap();
                assert!(received.as_ref() == Some(&message), "split at {at}");
            }
        }
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn frames_one_byte_at_a_time_are_whole_messages() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            for (frames, _) in messages() {
                if frames.len() < 200 {
                    stream.send_one_by_one(&frames).await;
                }
            }
            stream.expect_close(1000, "").await;
        })
        .await;
        for (_, message) in messages().into_iter().filter(|(f, _)| f.len() < 200) {
            assert_eq!(websocket.receive().await, Ok(Some(message)));
        }
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_payload_that_comes_after_its_header_is_not_taken_for_frames() {
    run(async {
        // As frames, it would be pings without a payload.
        let payload = [0x89, 0x00].repeat(35_000);
        let (mut websocket, peer) = open(async |mut stream| {
            let payload = [0x89, 0x00].repeat(35_000);
            stream.send_split(&frame(0x82, &payload), 10).await;
            // No pong comes before it.
            stream.expect_close(1000, "").await;
        })
        .await;
        let event = websocket.event().await.unwrap();
        assert!(event == Event::Message(payload.into()));
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_first_fragment_is_not_delivered_as_a_message() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.send(&frame(0x01, b"Hel")).await;
            stream.until_read().await;
            // It is answered, so that the fragment before it was handled.
            stream.send(&frame(0x89, b"between")).await;
            stream.expect_frame(0x8a, b"between").await;
            stream.send(&frame(0x80, b"lo")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ping = websocket.event().await;
        assert_eq!(ping, Some(Event::Ping(b"between".to_vec())));
        assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

/// Sends a message of `len` bytes to the server and back.
async fn assert_echoed(len: usize) {
    let pattern = |len| (0..len).map(|index| (index % 251) as u8).collect();
    let (mut websocket, peer) = open(async move |mut stream| {
        let message: Vec<u8> = pattern(len);
        stream.expect_frame(0x82, &message).await;
        stream.send(&frame(0x82, &message)).await;
        stream.expect_close(1000, "").await;
    })
    .await;
    let message: Vec<u8> = pattern(len);
    websocket.send(message.clone()).await.unwrap();
    let received = websocket.receive().await.unwrap();
    assert!(received == Some(message.into()));
    websocket.close(1000, "").await.unwrap();
    peer.finish().await;
}

#[test]
fn a_message_of_70_000_bytes_goes_both_ways() {
    run(assert_echoed(70_000));
}

#[test]
fn a_message_of_16_mebibytes_goes_both_ways() {
    run(assert_echoed(16 << 20));
}

#[test]
fn empty_messages_go_both_ways() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x81, b"").await;
            stream.send(b"\x81\x00").await;
            stream.expect_frame(0x82, b"").await;
            stream.send(b"\x82\x00").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        for message in [Message::Text(String::new()), Message::Binary(vec![])] {
            websocket.send(message.clone()).await.unwrap();
            assert_eq!(websocket.receive().await, Ok(Some(message)));
        }
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn lone_surrogates_are_not_text() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.send(&frame(0x81, b"\xed\xa0\x80")).await;
            let payload = close_payload(1007, "a text message is not UTF-8");
            stream.expect_frame(0x88, &payload).await;
            stream.expect_end().await;
        })
        .await;
        assert_failure(
            &failure(&mut websocket).await,
            Step::Open,
            FailureKind::InvalidUtf8,
            "connection: a text message is not UTF-8",
        );
        peer.finish().await;
    });
}

#[test]
fn a_close_of_the_server_is_answered_with_its_code() {
    run(async {
        for (payload, answer, code, reason) in [
            (
                close_payload(1000, "bye"),
                close_payload(1000, ""),
                1000,
                "bye",
            ),
            (close_payload(1001, ""), close_payload(1001, ""), 1001, ""),
            (
                close_payload(4999, "Grüße"),
                close_payload(4999, ""),
                4999,
                "Grüße",
            ),
            (vec![], vec![], 1005, ""),
        ] {
            let (mut websocket, peer) = open(async move |mut stream| {
                stream.send(&frame(0x88, &payload)).await;
                stream.expect_frame(0x88, &answer).await;
                stream.end().await;
                stream.expect_end().await;
            })
            .await;
            let events = rest(&mut websocket).await;
            let [Event::Close(closed)] = events.as_slice() else {
                panic!("{events:?}");
            };
            assert_eq!((closed.code, closed.reason.as_str()), (code, reason));
            assert!(closed.was_clean);
            peer.finish().await;
        }
    });
}

#[test]
fn what_follows_the_servers_close_frame_is_discarded() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            let frames = [
                frame(0x81, b"before"),
                frame(0x88, &close_payload(1000, "")),
                frame(0x81, b"after"),
                // Nor is it judged.
                b"\xff\xff not a frame".to_vec(),
            ];
            stream.send(&frames.concat()).await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            stream.end().await;
            stream.expect_end().await;
        })
        .await;
        let events = rest(&mut websocket).await;
        let [Event::Message(message), Event::Close(closed)] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!(message, &"before".into());
        assert!(closed.was_clean);
        peer.finish().await;
    });
}
