//! Messages that are sent and received packed.

use integration_tests::guest::{
    around_the_edges, frame_of, is_message, packed, run_guest, types, unpacked,
};
use integration_tests::{Echo, Scripted, frame};
use types::{CallError, Event, Message, MessageKind, PackedHeader, PackedMessages, ReadyState};

use super::{assert_closes, text};

fn text_of(text: &str) -> Message {
    Message::Text(text.to_owned())
}

fn is_packed(event: &Event) -> bool {
    matches!(event, Event::PackedMessages(_))
}

#[test]
fn payloads_of_all_lengths_around_the_edges_of_words_go_both_ways() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            let mut echoes = Vec::new();
            for message in around_the_edges() {
                let (first, payload) = frame_of(&message);
                stream.expect_frame(first, payload).await;
                echoes.extend(frame(first, payload));
            }
            stream.send(&echoes).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.receive_packed(websocket, true).await;
        let messages = packed(&around_the_edges());
        let token = guest.send_packed(websocket, &messages).await.unwrap();
        let events = guest.until(websocket, is_packed).await;
        assert_eq!(
            events,
            [Event::Sent(token), Event::PackedMessages(messages)]
        );
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn what_is_packed_wrongly_is_refused_and_nothing_of_it_is_queued() {
    let message = |kind, len| PackedHeader { kind, len };
    let text = |len| message(MessageKind::Text, len);
    let binary = |len| message(MessageKind::Binary, len);
    let letters = u64::from_le_bytes(*b"abcdefgh");
    let cases = [
        (
            vec![binary(8), text(9)],
            vec![letters; 2],
            "message 2 is 9 bytes long, and 1 words are left for it",
        ),
        (
            vec![binary(u64::MAX)],
            vec![letters],
            "message 1 is 18446744073709551615 bytes long, and 1 words are left for it",
        ),
        (
            vec![text(8), binary(0)],
            vec![letters; 3],
            "2 words are left behind the last message",
        ),
        (vec![], vec![0], "1 words are left behind the last message"),
        (
            vec![binary(8), binary(7)],
            vec![letters; 2],
            "behind message 2 the rest of its last word is not zero",
        ),
        (
            vec![binary(2), text(3)],
            vec![0xffff, 0xff_6261],
            "message 2: the text is not UTF-8 after its first 2 bytes",
        ),
    ];
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"next").await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        for (headers, words, why) in cases {
            let messages = PackedMessages { headers, words };
            let error = guest.send_packed(websocket, &messages).await.unwrap_err();
            let CallError::InvalidArgument(argument) = error else {
                panic!("{error:?}");
            };
            assert_eq!(
                (argument.part, &argument.message[..]),
                (types::Part::Message, why)
            );
            assert_eq!(guest.buffered_amount(websocket).await, 0);
        }
        let token = guest.send(websocket, "next").await.unwrap();
        let sent = Event::Sent(token);
        let events = guest.until(websocket, |event| *event == sent).await;
        assert_eq!(events, [sent]);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn packed_messages_are_refused_when_others_are() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let options = guest.options().await;
        let (store, client) = guest.client();
        client
            .connect_options()
            .call_set_max_buffered_amount(store, options, 10)
            .await
            .expect("no trap")
            .unwrap();
        let websocket = guest.connect(&server.url(), Some(options)).await;
        let both = packed(&["x", "y"].map(text_of));
        let connecting = Err(CallError::InvalidState(ReadyState::Connecting));
        assert_eq!(guest.send_packed(websocket, &both).await, connecting);
        guest
            .until(websocket, integration_tests::guest::is_open)
            .await;
        // None are no message, and sent at once.
        let token = guest.send_packed(websocket, &packed(&[])).await.unwrap();
        assert_eq!(guest.drive(websocket).await.events, [Event::Sent(token)]);
        // If there is room for one, there is for all.
        let token = guest.send_packed(websocket, &both).await.unwrap();
        let waiting = guest.buffered_amount(websocket).await;
        assert_eq!(waiting, 2 * (2 + 4 + 1));
        let full = Err(CallError::QueueFull(waiting));
        assert_eq!(guest.send_packed(websocket, &both).await, full);
        assert_eq!(guest.buffered_amount(websocket).await, waiting);
        let last = text("y");
        let events = guest.until(websocket, |event| *event == last).await;
        assert_eq!(events, [Event::Sent(token), text("x"), last]);
        assert_closes(&mut guest, websocket).await;
        let closed = Err(CallError::InvalidState(ReadyState::Closed));
        assert_eq!(guest.send_packed(websocket, &both).await, closed);
    });
}

#[test]
fn messages_come_packed_between_the_other_events_and_whole_again() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"go").await;
            // One write, so that one turn tells of all of it.
            let frames = [
                frame(0x81, b"a"),
                frame(0x02, b"frag"),
                frame(0x80, b"ments"),
                frame(0x89, b"ping"),
                frame(0x82, b""),
                frame(0x8a, b"pong"),
                frame(0x81, b"last"),
            ];
            stream.send(&frames.concat()).await;
            stream.expect_frame(0x8a, b"ping").await;
            stream.send(&frame(0x81, b"whole")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.receive_packed(websocket, true).await;
        let token = guest.send(websocket, "go").await.unwrap();
        let last = packed(&[text_of("last")]);
        let last = Event::PackedMessages(last);
        let events = guest.until(websocket, |event| *event == last).await;
        let fragments = Message::Binary(b"fragments".to_vec());
        let pong = types::Pong {
            token: None,
            payload: b"pong".to_vec(),
            round_trip: None,
        };
        assert_eq!(
            events,
            [
                Event::Sent(token),
                Event::PackedMessages(packed(&[text_of("a"), fragments])),
                Event::Ping(b"ping".to_vec()),
                Event::PackedMessages(packed(&[Message::Binary(vec![])])),
                Event::Pong(pong),
                last,
            ]
        );
        guest.receive_packed(websocket, false).await;
        let events = guest.until(websocket, is_message).await;
        assert_eq!(events, [text("whole")]);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn compressed_messages_come_and_go_packed() {
    /// "Hello", compressed (RFC 7692, section 7.2.3.1).
    const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            let mut answer = stream.request().await.answer();
            // Before the empty line.
            answer.truncate(answer.len() - 2);
            answer.extend_from_slice(
                b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n",
            );
            stream.send(&answer).await;
            stream.expect_frame(0xc1, HELLO).await;
            stream.expect_frame(0x82, b"").await;
            let echoes = [frame(0xc1, HELLO), frame(0x82, b"x"), frame(0xc2, HELLO)];
            stream.send(&echoes.concat()).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.receive_packed(websocket, true).await;
        let binary = |payload: &[u8]| Message::Binary(payload.to_vec());
        let messages = packed(&[text_of("Hello"), binary(b"")]);
        let (store, client) = guest.client();
        let websockets = client.websocket();
        let options = types::SendOptions::COMPRESSED;
        let sent = websockets.call_send_packed(store, websocket, &messages, options);
        let token = sent.await.expect("no trap").unwrap();
        let events = guest.until(websocket, is_packed).await;
        let echoes = packed(&[text_of("Hello"), binary(b"x"), binary(b"Hello")]);
        assert_eq!(events, [Event::Sent(token), Event::PackedMessages(echoes)]);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn a_paused_websocket_reads_nothing_to_pack() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"go").await;
            stream.send(&frame(0x81, b"Hello")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.receive_packed(websocket, true).await;
        let input = guest.subscribe(websocket).await;
        guest.pause(websocket).await;
        let token = guest.send(websocket, "go").await.unwrap();
        assert_eq!(guest.drive(websocket).await.events, [Event::Sent(token)]);
        guest.poll(&input).await;
        assert_eq!(guest.drive(websocket).await.events, []);
        guest.unsubscribe(websocket, input).await;
        guest.resume(websocket).await;
        let events = guest.until(websocket, is_packed).await;
        let hello = packed(&[text_of("Hello")]);
        assert_eq!(events, [Event::PackedMessages(hello)]);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn parts_win_over_packing() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"go").await;
            stream.send(&frame(0x81, b"by parts")).await;
            stream.expect_frame(0x81, b"go on").await;
            stream.send(&frame(0x81, b"packed")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.receive_packed(websocket, true).await;
        guest.receive_parts(websocket, true).await;
        guest.send(websocket, "go").await.unwrap();
        let is_part = |event: &Event| matches!(event, Event::MessagePart(part) if part.is_last);
        let events = guest.until(websocket, is_part).await;
        assert!(!events.iter().any(is_packed), "{events:?}");
        guest.receive_parts(websocket, false).await;
        let token = guest.send(websocket, "go on").await.unwrap();
        let events = guest.until(websocket, is_packed).await;
        let message = packed(&[text_of("packed")]);
        assert_eq!(events, [Event::Sent(token), Event::PackedMessages(message)]);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn long_messages_are_not_packed_together() {
    /// More than is packed together in two of them, and less in one.
    const LEN: usize = 300 << 10;
    const COUNT: u8 = 32;

    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"go").await;
            for number in 0..COUNT {
                stream.send(&frame(0x82, &vec![number; LEN])).await;
            }
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.receive_packed(websocket, true).await;
        let token = guest.send(websocket, "go").await.unwrap();
        let mut received = Vec::new();
        while received.len() < COUNT.into() {
            for event in guest.until(websocket, is_packed).await {
                let messages = match event {
                    Event::PackedMessages(messages) => messages,
                    Event::Sent(sent) if sent == token => continue,
                    other => panic!("{other:?}"),
                };
                let len = messages.words.len() * 8;
                assert!(len < (512 << 10) + LEN, "{len} bytes together");
                received.extend(unpacked(&messages));
            }
        }
        let expected: Vec<_> = (0..COUNT)
            .map(|number| Message::Binary(vec![number; LEN]))
            .collect();
        assert!(received == expected);
        guest.drop(websocket).await;
        server.finish().await;
    });
}
