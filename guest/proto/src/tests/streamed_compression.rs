//! Compressed messages by parts (RFC 7692, sections 7.2.1 and 7.2.2).

use super::compression::Peer;
use super::deflate::{bomb, stored};
use super::streamed_receiving::{awaiting_parts, give, text_part};
use super::*;

const COMPRESSED: SendOptions = SendOptions {
    unmasked: true,
    compress: Compress::Always,
};

/// The payloads of frames of ours that are unmasked, and at most 125 bytes long, put together.
fn payloads(mut frames: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let [_, len, 0, 0, 0, 0, rest @ ..] = frames {
        let (payload, after) = rest.split_at(usize::from(len & 0x7f));
        all.extend_from_slice(payload);
        frames = after;
    }
    assert_eq!(frames, b"");
    all
}

/// Sends a message by these parts, and returns its frames.
fn sent_by(connection: &mut Connection, options: SendOptions, parts: &[&[u8]]) -> Vec<u8> {
    connection
        .start_message(MessageKind::Text, options)
        .unwrap();
    for part in parts {
        connection.send_part(part, START).unwrap();
    }
    connection.finish_message(START).unwrap();
    transmitted(connection)
}

#[test]
fn parts_are_compressed_so_that_each_can_be_decompressed_as_it_arrives() {
    let mut connection = compressing();
    connection
        .start_message(MessageKind::Text, COMPRESSED)
        .unwrap();
    connection.send_part(b"Hello", START).unwrap();
    let first = transmitted(&mut connection);
    // RSV1 stands on the first frame alone; the block that section 7.2.1 takes off stays in it.
    assert_eq!(
        first,
        b"\x41\x8b\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"
    );
    connection.send_part(b"Hello", START).unwrap();
    connection.finish_message(START).unwrap();
    let rest = transmitted(&mut connection);
    assert_eq!(rest[0], 0x00);
    assert!(rest.ends_with(b"\x80\x81\0\0\0\0\x00"));
    let payload = payloads(&[first, rest].concat());
    assert_eq!(Peer::new(15).inflate(&payload), b"HelloHello");
}

#[test]
fn messages_after_one_by_parts_may_refer_to_it() {
    let mut connection = compressing();
    let first = payloads(&sent_by(&mut connection, COMPRESSED, &[b"Hel", b"lo"]));
    connection
        .send(Outgoing::Text("Hello"), COMPRESSED, START)
        .unwrap();
    let second = payloads(&transmitted(&mut connection));
    assert!(second.len() < HELLO.len());
    let mut peer = Peer::new(15);
    assert_eq!(peer.inflate(&first), b"Hello");
    assert_eq!(peer.inflate(&second), b"Hello");
}

#[test]
fn messages_after_one_by_parts_refer_to_nothing_if_that_was_agreed() {
    let mut connection = compressing_with(Config::default(), "; client_no_context_takeover");
    for _ in 0..2 {
        let sent = payloads(&sent_by(&mut connection, COMPRESSED, &[b"Hello", b"Hello"]));
        assert!(sent.starts_with(HELLO));
        assert_eq!(Peer::new(15).inflate(&sent), b"HelloHello");
    }
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn the_memory_of_the_compressor_may_be_given_back_between_parts() {
    let mut connection = compressing();
    connection
        .start_message(MessageKind::Text, COMPRESSED)
        .unwrap();
    connection.send_part(b"Hello", START).unwrap();
    connection.handle_timeout(at(10_000));
    assert_eq!(connection.poll_timeout(), None);
    connection.send_part(b"Hello", at(10_000)).unwrap();
    assert_eq!(connection.poll_timeout(), Some(at(20_000)));
    connection.finish_message(at(10_000)).unwrap();
    let payload = payloads(&transmitted(&mut connection));
    assert_eq!(Peer::new(15).inflate(&payload), b"HelloHello");
}

#[test]
fn the_first_part_decides_whether_a_message_is_compressed() {
    let long = [b'a'; 1_024];
    for (options, parts, first) in [
        (UNMASKED, [&long[..100], &long], 0x01),
        (UNMASKED, [&long, &long[..100]], 0x41),
        (COMPRESSED, [&long[..1], &long], 0x41),
        (
            SendOptions {
                compress: Compress::Never,
                ..UNMASKED
            },
            [&long, &long],
            0x01,
        ),
    ] {
        let sent = sent_by(&mut compressing(), options, &parts);
        assert_eq!(sent[0], first, "{options:?}");
    }
    let sent = sent_by(&mut open(), COMPRESSED, &[&long]);
    assert_eq!(sent[0], 0x01);
}

#[test]
fn a_compressed_message_is_taken_as_it_arrives() {
    let mut connection = awaiting_parts(compressing());
    give(&mut connection, &frame(0x41, &HELLO[..4]));
    let first = connection.poll_part(START).unwrap();
    assert!(first.is_first && b"Hello".starts_with(&first.bytes));
    give(&mut connection, &frame(0x80, &HELLO[4..]));
    let last = connection.poll_part(START).unwrap();
    assert!(last.is_last);
    assert_eq!([first.bytes, last.bytes].concat(), b"Hello");
    // Which can be referred to, as if it had come whole.
    assert_eq!(
        text(&feed(&mut connection, &frame(0xc1, HELLO_AGAIN))[0]),
        "Hello"
    );
}

#[test]
fn blocks_behind_bfinal_may_refer_to_parts_that_were_taken() {
    let final_hello = b"\xf3\x48\xcd\xc9\xc9\x07\x00";
    for parameters in ["", "; server_no_context_takeover"] {
        let mut connection = awaiting_parts(compressing_with(Config::default(), parameters));
        for piece in [&frame(0x41, final_hello)[..], &frame(0x00, final_hello)] {
            give(&mut connection, piece);
            assert_eq!(connection.poll_part(START).unwrap().bytes, b"Hello");
        }
        give(&mut connection, &frame(0x80, HELLO_AGAIN));
        assert_eq!(
            connection.poll_part(START),
            Some(text_part("Hello", false, true))
        );
    }
}

#[test]
fn after_a_message_by_parts_no_more_can_be_referred_to_than_was_agreed() {
    for (parameters, refused) in [("", false), ("; server_no_context_takeover", true)] {
        let mut connection = awaiting_parts(compressing_with(Config::default(), parameters));
        let payload = stored(b"Hello");
        let (hello, end) = payload.split_at(payload.len() - 1);
        give(&mut connection, &frame(0x41, hello));
        assert_eq!(connection.poll_part(START).unwrap().bytes, b"Hello");
        give(&mut connection, &frame(0x80, end));
        assert!(connection.poll_part(START).unwrap().is_last);
        connection.handle_timeout(START);
        let events = feed_at(&mut connection, &frame(0xc1, HELLO_AGAIN), at(1_000));
        let error = Event::Error(ProtocolError::CompressedData.into());
        assert_eq!(events == [error], refused);
        assert_eq!(matches!(events[0], Event::Message(_)), !refused);
    }
}

#[test]
fn a_compressed_message_is_decompressed_no_further_than_there_is_room() {
    let mut connection = awaiting_parts(compressing());
    let bytes = frame(0xc2, &bomb(10_000));
    let mut rest = &bytes[..];
    let mut total = 0;
    loop {
        let consumed = connection.handle_input(rest, START);
        rest = &rest[consumed..];
        let part = connection.poll_part(START).unwrap();
        assert!(part.bytes.len() <= (64 + 48) << 10, "{}", part.bytes.len());
        assert!(part.bytes.iter().all(|byte| *byte == b'a'));
        total += part.bytes.len();
        if part.is_last {
            break;
        }
    }
    assert_eq!(rest, b"");
    assert_eq!(total, 1 + 10_000 * 258);
}

#[test]
fn limits_of_compressed_messages_count_what_was_taken() {
    for (limits, error) in [
        (
            Limits {
                message_len: 100_000,
                ..Limits::default()
            },
            ProtocolError::MessageTooBig { limit: 100_000 },
        ),
        (
            Limits {
                decompression_ratio: 100,
                ..Limits::default()
            },
            ProtocolError::DecompressionRatio { limit: 100 },
        ),
    ] {
        let config = Config {
            limits,
            ..Config::default()
        };
        let mut connection = awaiting_parts(compressing_with(config, ""));
        let bytes = frame(0xc2, &bomb(10_000));
        let mut rest = &bytes[..];
        while !connection.has_event() {
            let consumed = connection.handle_input(rest, START);
            rest = &rest[consumed..];
            connection.poll_part(START);
        }
        assert_eq!(events(&mut connection), [Event::Error(error.into())]);
    }
}
