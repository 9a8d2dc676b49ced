//! Messages that are sent and received packed.

use integration_tests::guest_0_3::{
    around_the_edges, frame_of, packed, run_guest, types, unpacked,
};
use integration_tests::{Echo, Scripted, frame};
use types::{CallError, ErrorCode, Message, MessageKind, PackedHeader, PackedMessages, ReadyState};

use super::text;

#[test]
fn payloads_of_all_lengths_around_the_edges_of_words_go_both_ways() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
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
        let websocket = guest.open(&peer.url()).await;
        let messages = packed(&around_the_edges());
        let (sent, received) = tokio::join!(
            guest.send_packed(websocket, messages.clone()),
            guest.receive_packed(websocket),
        );
        assert_eq!((sent, received), (Ok(()), Ok(Some(messages))));
    });
}

#[test]
fn what_is_packed_wrongly_is_refused_and_nothing_of_it_is_sent() {
    let cases = [
        (
            MessageKind::Binary,
            9,
            "message 1 is 9 bytes long, and 1 words are left for it",
        ),
        (
            MessageKind::Binary,
            0,
            "1 words are left behind the last message",
        ),
        (
            MessageKind::Binary,
            7,
            "behind message 1 the rest of its last word is not zero",
        ),
        (
            MessageKind::Text,
            8,
            "message 1: the text is not UTF-8 after its first 0 bytes",
        ),
    ];
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"next").await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        for (kind, len, why) in cases {
            let messages = PackedMessages {
                headers: vec![PackedHeader { kind, len }],
                words: vec![u64::MAX],
            };
            let error = guest.send_packed(websocket, messages).await.unwrap_err();
            let CallError::InvalidArgument(argument) = error else {
                panic!("{error:?}");
            };
            assert_eq!(
                (argument.part, &argument.message[..]),
                (types::Part::Message, why)
            );
        }
        let none = guest.send_packed(websocket, packed(&[])).await;
        assert_eq!(none, Ok(()));
        assert_eq!(guest.send(websocket, "next").await, Ok(()));
    });
}

#[test]
fn messages_come_packed_up_to_the_next_ping() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // One write, so that all of it is there at once.
            let frames = [
                frame(0x89, b"first"),
                frame(0x81, b"a"),
                frame(0x82, b"b"),
                frame(0x89, b"between"),
                frame(0x81, b"c"),
            ];
            stream.send(&frames.concat()).await;
            stream.expect_frame(0x8a, b"first").await;
            stream.expect_frame(0x8a, b"between").await;
            stream.send(&frame(0x82, b"by itself")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let before = packed(&[text("a"), Message::Binary(b"b".to_vec())]);
        let received = guest.receive_packed(websocket).await;
        assert_eq!(received, Ok(Some(before)));
        assert_eq!(guest.receive(websocket).await, Ok(Some(text("c"))));
        let last = packed(&[Message::Binary(b"by itself".to_vec())]);
        let received = guest.receive_packed(websocket).await;
        assert_eq!(received, Ok(Some(last)));
    });
}

#[test]
fn packed_messages_of_any_number_and_length_come_back_in_order() {
    run_guest(async |guest| {
        let echo = Echo::start().await;
        let websocket = guest.open(&echo.url()).await;
        let mut messages: Vec<Message> = (0..1000).map(|it| text(&it.to_string())).collect();
        messages.push(Message::Binary(vec![7; 4 << 20]));
        let receive = async {
            let mut received = Vec::new();
            while received.len() < messages.len() {
                let some = guest.receive_packed(websocket).await;
                let some = some.expect("a connection").expect("messages");
                received.extend(unpacked(&some));
            }
            received
        };
        let send = guest.send_packed(websocket, packed(&messages));
        let (sent, received) = tokio::join!(send, receive);
        assert_eq!(sent, Ok(()));
        assert!(received == messages);
        let closed = guest.close(websocket, None, None).await.expect("closed");
        assert!(closed.was_clean);
        assert_eq!(guest.receive_packed(websocket).await, Ok(None));
        let late = guest.send_packed(websocket, packed(&messages)).await;
        let state = CallError::InvalidState(ReadyState::Closed);
        assert_eq!(late, Err(state));
    });
}

#[test]
fn messages_before_a_failure_come_before_its_error() {
    run_guest(async |guest| {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            let frames = [frame(0x81, b"a"), frame(0x83, b"reserved")];
            stream.send(&frames.concat()).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&peer.url()).await;
        let received = guest.receive_packed(websocket).await;
        assert_eq!(received, Ok(Some(packed(&[text("a")]))));
        for _ in 0..2 {
            let error = guest.receive_packed(websocket).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::ProtocolError);
        }
    });
}
