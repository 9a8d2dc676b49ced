//! Messages that are sent as they are written and read as they arrive (RFC 6455, section 5.4).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use integration_tests::{
    Scripted, Stream, close_payload, frame, open, open_with, rest, run, runtime_of, stuck_at,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use wasocket::{
    Error, Event, FailureKind, MessageKind, MessageReader, MessageWriter, Options, Part,
    ReadyState, SendOptions, Sender,
};

/// How much of a long message is sent or read at once.
const PART_LEN: usize = 64 << 10;

/// Every message longer than a byte comes as a stream.
fn streaming() -> Options {
    Options::new().stream_messages_over(1)
}

/// The `number`th part of a long message.
fn part(number: usize) -> Vec<u8> {
    let mut part = vec![7; PART_LEN];
    part[..8].copy_from_slice(&(number as u64).to_be_bytes());
    part
}

async fn read_all(mut reader: MessageReader) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).await.unwrap();
    bytes
}

/// Starts a message, once there is room for it.
async fn start(sender: &Sender, kind: MessageKind) -> MessageWriter {
    let started = sender.message_writer(kind, SendOptions::new()).await;
    started.unwrap()
}

/// Expects a Close frame with this code, and does the closing handshake.
async fn expect_closing(stream: &mut Stream, code: u16) {
    let (first, payload) = stream.frame().await;
    assert_eq!((first, &payload[..2]), (0x88, &code.to_be_bytes()[..]));
    stream.send(&frame(0x88, &payload)).await;
    stream.end().await;
}

/// The crate's error in one of reading or writing.
fn inner(error: &io::Error) -> &Error {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

#[test]
fn a_message_goes_out_as_it_is_written_and_others_wait_for_its_end() {
    run(async {
        let (first, first_arrived) = oneshot::channel();
        let (websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x01, b"Hel").await;
            first.send(()).unwrap();
            stream.expect_frame(0x89, b"between").await;
            stream.send(&frame(0x8a, b"between")).await;
            stream.expect_frame(0x00, b"lo").await;
            stream.expect_frame(0x80, b"").await;
            stream.expect_frame(0x81, b"next").await;
            stream.expect_frame(0x02, b"last").await;
            stream.expect_frame(0x80, b"").await;
        })
        .await;
        let sender = websocket.sender();
        let mut writer = start(&sender, MessageKind::Text).await;
        writer.write_all(b"Hel").await.unwrap();
        writer.flush().await.unwrap();
        first_arrived.await.unwrap();
        let mut next = Box::pin(sender.send("next"));
        assert!((&mut next).now_or_never().is_none());
        let mut last = Box::pin(start(&sender, MessageKind::Binary));
        assert!((&mut last).now_or_never().is_none());
        websocket.ping("between").await.unwrap();
        writer.write_all(b"lo").await.unwrap();
        writer.finish().await.unwrap();
        next.await.unwrap();
        let mut writer = last.await;
        writer.write_all(b"last").await.unwrap();
        writer.shutdown().await.unwrap();
        peer.finish().await;
    });
}

/// How much memory the instance has through which a message goes that is eight times as long.
const MEMORY: usize = 32 << 20;

/// How many parts that message has.
const PARTS: usize = 8 * MEMORY / PART_LEN;

#[test]
fn a_message_may_be_sent_that_is_eight_times_as_long_as_the_memory_of_its_instance() {
    /// The payload length in 64 bits, and a masking key of zero.
    const HEADER: [u8; 13] = [0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];

    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for number in 0..PARTS {
                let first = if number == 0 { 0x02 } else { 0x00 };
                stream.expect(&[first]).await;
                stream.expect(&HEADER).await;
                stream.expect(&part(number)).await;
            }
            stream.expect(b"\x80\x80\0\0\0\0").await;
        })
        .await;
        let websocket = runtime_of(MEMORY).connect(&peer.url()).await.unwrap();
        let sender = websocket.sender();
        let mut writer = sender
            .message_writer(MessageKind::Binary, SendOptions::new().unmasked())
            .await
            .unwrap();
        for number in 0..PARTS {
            writer.write_all(&part(number)).await.unwrap();
            // What the component may have, what is on its way to it, and what is being written.
            let waits = sender.buffered_amount();
            assert!(waits < 2 << 20, "{waits} bytes wait");
        }
        writer.finish().await.unwrap();
        assert_eq!(sender.buffered_messages(), 0);
        peer.finish().await;
    });
}

#[test]
fn a_message_may_be_read_that_is_eight_times_as_long_as_the_memory_of_its_instance() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for number in 0..PARTS {
                let fin = if number == PARTS - 1 { 0x80 } else { 0x00 };
                let opcode = if number == 0 { 0x02 } else { 0x00 };
                stream.send(&frame(fin | opcode, &part(number))).await;
            }
            stream.drain().await;
        })
        .await;
        let options = streaming().max_message_size(1 << 30);
        let connected = runtime_of(MEMORY).connect_with(&peer.url(), &options).await;
        let mut websocket = connected.unwrap();
        let mut reader = websocket.receive_stream().await.unwrap().unwrap();
        let mut received = vec![0; PART_LEN];
        for number in 0..PARTS {
            reader.read_exact(&mut received).await.unwrap();
            assert!(received == part(number), "not part {number}");
            let waits = websocket.unread_amount();
            assert!(waits < 3 << 20, "{waits} bytes wait");
        }
        assert_eq!(reader.read(&mut received).await.unwrap(), 0);
        drop(websocket);
        peer.finish().await;
    });
}

#[test]
fn a_message_that_is_not_read_slows_the_server_down() {
    const COUNT: usize = 1_024;

    run(async {
        let sent = Arc::new(AtomicUsize::new(0));
        let count = sent.clone();
        let options = streaming().max_message_size(1 << 30);
        let (mut websocket, peer) = open_with(&options, async move |mut stream| {
            for number in 0..COUNT {
                let first = if number == 0 { 0x02 } else { 0x00 };
                stream.send(&frame(first, &part(number))).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
            stream.send(&frame(0x80, b"")).await;
            stream.send(&frame(0x81, b"n")).await;
        })
        .await;
        let mut reader = websocket.receive_stream().await.unwrap().unwrap();
        let count = stuck_at(&sent).await;
        assert!(count < COUNT / 2, "{count} of {COUNT} parts were read");
        let mut received = vec![0; PART_LEN];
        for number in 0..COUNT {
            reader.read_exact(&mut received).await.unwrap();
            assert!(received == part(number), "not part {number}");
        }
        assert_eq!(reader.read(&mut received).await.unwrap(), 0);
        assert_eq!(websocket.receive().await, Ok(Some("n".into())));
        peer.finish().await;
    });
}

#[test]
fn a_server_that_does_not_read_slows_writing_down() {
    const COUNT: usize = 1_024;

    run(async {
        let (go_on, told_to_go_on) = oneshot::channel();
        let (websocket, peer) = open(async |mut stream| {
            told_to_go_on.await.unwrap();
            for number in 0..COUNT {
                let first = if number == 0 { 0x02 } else { 0x00 };
                stream.expect_frame(first, &part(number)).await;
            }
            stream.expect_frame(0x80, b"").await;
        })
        .await;
        let sender = websocket.sender();
        let mut writer = start(&sender, MessageKind::Binary).await;
        let written = AtomicUsize::new(0);
        let write = async {
            for number in 0..COUNT {
                writer.write_all(&part(number)).await.unwrap();
                written.fetch_add(1, Ordering::Relaxed);
            }
            writer.finish().await.unwrap();
        };
        let watch = async {
            let count = stuck_at(&written).await;
            assert!(count < COUNT / 2, "{count} of {COUNT} parts were written");
            go_on.send(()).unwrap();
        };
        tokio::join!(write, watch);
        peer.finish().await;
    });
}

#[test]
fn events_have_their_order_around_messages_that_are_streams() {
    run(async {
        let options = Options::new().stream_messages_over(5);
        let (mut websocket, peer) = open_with(&options, async |mut stream| {
            stream.send(&frame(0x81, b"short")).await;
            stream.send(&frame(0x01, b"long ")).await;
            stream.send(&frame(0x89, b"ping")).await;
            stream.send(&frame(0x80, b"one")).await;
            stream.send(&frame(0x82, b"longer")).await;
            stream.send(&frame(0x01, b"sh")).await;
            stream.send(&frame(0x80, b"ort")).await;
            stream.expect_frame(0x8a, b"ping").await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.drain().await;
        })
        .await;
        assert_eq!(
            websocket.event().await,
            Some(Event::Message("short".into()))
        );
        // It becomes longer than is kept only after the ping.
        assert_eq!(websocket.event().await, Some(Event::Ping(b"ping".to_vec())));
        let text = Event::MessageStart(MessageKind::Text);
        assert_eq!(websocket.event().await, Some(text));
        let reader = websocket.message_reader().unwrap();
        assert_eq!(reader.kind(), MessageKind::Text);
        assert_eq!(read_all(reader).await, b"long one");
        assert!(websocket.message_reader().is_none());
        let binary = Event::MessageStart(MessageKind::Binary);
        assert_eq!(websocket.event().await, Some(binary));
        assert_eq!(
            read_all(websocket.message_reader().unwrap()).await,
            b"longer"
        );
        assert_eq!(
            websocket.event().await,
            Some(Event::Message("short".into()))
        );
        assert!(
            matches!(&rest(&mut websocket).await[..], [Event::Close(closed)] if closed.was_clean)
        );
        peer.finish().await;
    });
}

#[test]
fn messages_of_all_lengths_are_received_whole_and_as_streams_in_turns() {
    run(async {
        let (mut websocket, peer) = open_with(&streaming(), async |mut stream| {
            for _ in 0..2 {
                stream.send(&frame(0x81, b"")).await;
                stream.send(&frame(0x01, "Grüße, 世".as_bytes())).await;
                stream.send(&frame(0x80, "界 🌍".as_bytes())).await;
                stream.send(&frame(0x82, &part(1))).await;
            }
            stream.drain().await;
        })
        .await;
        for expected in [
            "".into(),
            "Grüße, 世界 🌍".into(),
            wasocket::Message::Binary(part(1)),
        ] {
            assert_eq!(websocket.receive().await, Ok(Some(expected)));
        }
        for expected in [b"".to_vec(), "Grüße, 世界 🌍".into(), part(1)] {
            let reader = websocket.receive_stream().await.unwrap().unwrap();
            assert!(read_all(reader).await == expected);
        }
        drop(websocket);
        peer.finish().await;
    });
}

#[test]
fn what_is_left_of_a_message_whose_reader_is_dropped_is_discarded() {
    run(async {
        let options = streaming().max_message_size(1 << 30);
        let (mut websocket, peer) = open_with(&options, async |mut stream| {
            for _ in 0..4 {
                for number in 0..64 {
                    let first = if number == 0 { 0x02 } else { 0x00 };
                    stream.send(&frame(first, &part(number))).await;
                }
                stream.send(&frame(0x80, b"")).await;
                stream.send(&frame(0x81, b"n")).await;
            }
            stream.drain().await;
        })
        .await;
        let next = Ok(Some("n".into()));
        // Not taken at all, not read, and read in part.
        assert!(matches!(
            websocket.event().await,
            Some(Event::MessageStart(_))
        ));
        assert_eq!(websocket.event().await, Some(Event::Message("n".into())));
        drop(websocket.receive_stream().await.unwrap().unwrap());
        assert_eq!(websocket.receive().await, next);
        let mut reader = websocket.receive_stream().await.unwrap().unwrap();
        reader.read_exact(&mut [0; 100]).await.unwrap();
        drop(reader);
        assert_eq!(websocket.receive().await, next);
        let whole = websocket.receive().await.unwrap().unwrap();
        assert_eq!(whole.len(), 64 * PART_LEN);
        assert_eq!(websocket.receive().await, next);
        drop(websocket);
        peer.finish().await;
    });
}

#[test]
fn a_message_that_is_cut_off_is_told_to_its_reader() {
    run(async {
        let (mut websocket, peer) = open_with(&streaming(), async |mut stream| {
            stream.send(&frame(0x02, b"frag")).await;
            stream.end().await;
            stream.drain().await;
        })
        .await;
        let mut reader = websocket.receive_stream().await.unwrap().unwrap();
        let mut received = Vec::new();
        let error = reader.read_to_end(&mut received).await.unwrap_err();
        assert_eq!(received, b"frag");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(
            matches!(inner(&error), Error::Failed(failure)
                if failure.kind == FailureKind::ConnectionEnded),
            "{error}"
        );
        let events = rest(&mut websocket).await;
        assert!(
            matches!(&events[..], [Event::Error(_), Event::Close(_)]),
            "{events:?}"
        );
        peer.finish().await;
    });
}

#[test]
fn text_that_is_not_utf8_fails_the_connection_while_it_is_read() {
    run(async {
        let (mut websocket, peer) = open_with(&streaming(), async |mut stream| {
            stream.send(&frame(0x01, b"good")).await;
            stream.send(&frame(0x00, b"\xff")).await;
            let (first, payload) = stream.frame().await;
            assert_eq!((first, &payload[..2]), (0x88, &1007_u16.to_be_bytes()[..]));
            stream.drain().await;
        })
        .await;
        let mut reader = websocket.receive_stream().await.unwrap().unwrap();
        let mut received = Vec::new();
        let error = reader.read_to_end(&mut received).await.unwrap_err();
        assert_eq!(received, b"good");
        assert!(
            matches!(inner(&error), Error::Failed(failure)
                if failure.kind == FailureKind::InvalidUtf8),
            "{error}"
        );
        peer.finish().await;
    });
}

#[test]
fn a_writer_that_is_dropped_before_a_part_was_sent_changes_nothing() {
    run(async {
        let (websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x81, b"next").await;
        })
        .await;
        let sender = websocket.sender();
        let mut writer = start(&sender, MessageKind::Text).await;
        writer.write_all(b"not sent").await.unwrap();
        drop(writer);
        websocket.send("next").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_writer_that_is_dropped_in_a_message_closes_the_connection_with_1011() {
    run(async {
        let (websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x01, b"begun").await;
            expect_closing(&mut stream, 1011).await;
        })
        .await;
        let sender = websocket.sender();
        let mut writer = start(&sender, MessageKind::Text).await;
        writer.write_all(b"begun").await.unwrap();
        writer.flush().await.unwrap();
        drop(writer);
        assert!(websocket.send("too late").await.is_err());
        peer.finish().await;
    });
}

#[test]
fn a_text_may_be_written_in_pieces_of_characters_and_has_to_be_utf8() {
    run(async {
        let (websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x01, b"\xe4\xb8").await;
            stream.expect_frame(0x00, b"\x96").await;
            stream.expect_frame(0x80, b"").await;
            stream.expect_frame(0x01, b"good").await;
            expect_closing(&mut stream, 1011).await;
        })
        .await;
        let sender = websocket.sender();
        let mut first = start(&sender, MessageKind::Text).await;
        for piece in [&b"\xe4\xb8"[..], b"\x96"] {
            first.write_all(piece).await.unwrap();
            first.flush().await.unwrap();
        }
        first.finish().await.unwrap();

        let mut writer = start(&sender, MessageKind::Text).await;
        writer.write_all(b"good").await.unwrap();
        writer.flush().await.unwrap();
        writer.write_all(b"\xff").await.unwrap();
        let error = writer.shutdown().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(
            matches!(
                inner(&error),
                Error::InvalidArgument {
                    part: Part::Message,
                    ..
                }
            ),
            "{error}"
        );
        peer.finish().await;
    });
}

#[test]
fn closing_waits_for_the_end_of_a_message_that_is_written() {
    run(async {
        let (websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x02, b"begun").await;
            stream.expect_frame(0x00, b"ended").await;
            stream.expect_frame(0x80, b"").await;
            stream.expect_close(1000, "done").await;
        })
        .await;
        let sender = websocket.sender();
        let mut writer = start(&sender, MessageKind::Binary).await;
        writer.write_all(b"begun").await.unwrap();
        writer.flush().await.unwrap();
        let mut closing = Box::pin(sender.close(1000, "done"));
        assert!((&mut closing).now_or_never().is_none());
        writer.write_all(b"ended").await.unwrap();
        writer.finish().await.unwrap();
        assert!(closing.await.unwrap().was_clean);
        peer.finish().await;
    });
}

#[test]
fn a_close_frame_of_the_server_cuts_a_message_off() {
    run(async {
        let (begun, has_begun) = oneshot::channel();
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x02, b"begun").await;
            begun.send(()).unwrap();
            let close = close_payload(1001, "");
            stream.send(&frame(0x88, &close)).await;
            stream.expect_frame(0x88, &close).await;
            stream.end().await;
        })
        .await;
        let mut writer = start(&websocket.sender(), MessageKind::Binary).await;
        writer.write_all(b"begun").await.unwrap();
        writer.flush().await.unwrap();
        has_begun.await.unwrap();
        let events = rest(&mut websocket).await;
        assert!(matches!(&events[..], [Event::Close(closed)] if closed.code == 1001));
        let error = writer.shutdown().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert!(
            matches!(inner(&error), Error::Closed(closed) if closed.code == 1001),
            "{error}"
        );
        let late = websocket
            .sender()
            .message_writer(MessageKind::Text, SendOptions::new())
            .await;
        assert!(matches!(
            late.unwrap_err(),
            Error::Closed(_) | Error::InvalidState(ReadyState::Closed)
        ));
        peer.finish().await;
    });
}
