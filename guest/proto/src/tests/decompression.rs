//! Compressed messages that the peer sends (RFC 7692, sections 6 and 7.2.2).

use super::deflate::{Bits, bomb, stored};
use super::*;

#[test]
fn the_examples_of_the_rfc_are_read() {
    // RFC 7692, sections 7.2.3.1 to 7.2.3.6.
    for (payload, expected) in [
        (HELLO, "Hello"),
        (b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello"),
        (b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello"),
        (
            b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
            "Hello",
        ),
        (b"\x00", ""),
        (b"\x02\x00", ""),
    ] {
        let mut connection = compressing();
        assert_eq!(
            text(&feed(&mut connection, &frame(0xc1, payload))[0]),
            expected,
            "{payload:x?}"
        );
    }
}

#[test]
fn a_compressed_message_may_be_fragmented() {
    let mut connection = compressing();
    let bytes = b"\x41\x03\xf2\x48\xcd\x89\x01p\x00\x00\x80\x04\xc9\xc9\x07\x00";
    let events = feed(&mut connection, bytes);
    assert_eq!(events[0], Event::Ping(b"p".to_vec()));
    assert_eq!(text(&events[1]), "Hello");
    assert_eq!(events.len(), 2);
}

#[test]
fn a_message_may_refer_to_those_before_it() {
    let mut connection = compressing();
    let bytes = [frame(0xc1, HELLO), frame(0xc1, HELLO_AGAIN)].concat();
    let events = feed(&mut connection, &bytes);
    assert_eq!([text(&events[0]), text(&events[1])], ["Hello", "Hello"]);
}

#[test]
fn messages_that_are_not_compressed_are_not_referred_to() {
    let mut connection = compressing();
    let bytes = [
        frame(0xc1, HELLO),
        frame(0x81, b"between"),
        frame(0xc1, HELLO_AGAIN),
    ]
    .concat();
    assert_eq!(text(&feed(&mut connection, &bytes)[2]), "Hello");
}

#[test]
fn a_block_with_bfinal_ends_neither_the_message_nor_the_window() {
    let mut connection = compressing();
    let final_hello = b"\xf3\x48\xcd\xc9\xc9\x07\x00";
    // Two of them, and a reference to the last in a third block of the same message.
    let bytes = [&final_hello[..], final_hello, HELLO_AGAIN].concat();
    assert_eq!(
        text(&feed(&mut connection, &frame(0xc1, &bytes))[0]),
        "HelloHelloHello"
    );
    // And one in the next message.
    assert_eq!(
        text(&feed(&mut connection, &frame(0xc1, HELLO_AGAIN))[0]),
        "Hello"
    );
}

#[test]
fn behind_bfinal_a_block_may_refer_to_the_message_and_to_those_before_it() {
    let before: Vec<u8> = (0..30_000_u32).map(|i| (i / 3) as u8).collect();
    let start = [0xaa; 10_000];
    for (distance, extra) in [(9_000, 807), (25_000, 423)] {
        let mut connection = compressing();
        feed(&mut connection, &frame(0xc2, &stored(&before)));
        let mut payload = stored(&start);
        // BFINAL, and without the empty block at the end.
        payload[0] = 0x01;
        payload.pop();
        let mut bits = Bits::default();
        bits.push(0, 1);
        bits.push(1, 2);
        bits.push_code(3, 7); // 259, which is a length of 5
        // 26 and 29 are distances from 8193 and from 24577.
        let (code, count) = if distance == 9_000 {
            (26, 12)
        } else {
            (29, 13)
        };
        bits.push_code(code, 5);
        bits.push(extra, count);
        bits.push_code(0, 7);
        bits.push(0, 3);
        payload.extend(bits.finish());
        let all = [&before[..], &start].concat();
        let from = all.len() - distance;
        let expected = [&start[..], &all[from..from + 5]].concat();
        assert_eq!(
            feed(&mut connection, &frame(0xc2, &payload)),
            [binary(&expected)],
            "{distance}"
        );
    }
}

#[test]
fn a_message_that_ends_with_bfinal_or_is_nothing_at_all_is_whole() {
    for (payload, expected) in [(&b"\xf3\x48\xcd\xc9\xc9\x07\x00"[..], "Hello"), (b"", "")] {
        let mut connection = compressing();
        let bytes = [frame(0xc1, payload), frame(0xc1, HELLO)].concat();
        let events = feed(&mut connection, &bytes);
        assert_eq!([text(&events[0]), text(&events[1])], [expected, "Hello"]);
    }
}

#[test]
fn without_context_takeover_a_message_refers_to_itself_alone() {
    let mut connection = compressing_with(Config::default(), "; server_no_context_takeover");
    assert_eq!(
        text(&feed(&mut connection, &frame(0xc1, HELLO))[0]),
        "Hello"
    );
    assert_fails(
        &mut connection,
        &frame(0xc1, HELLO_AGAIN),
        ProtocolError::CompressedData,
        1007,
    );
}

#[test]
fn a_message_refers_no_further_back_than_the_window_is_long() {
    // "Hello" at a distance of 256, and of 257: lengths of 5, with four extra bits of distance.
    for (distance, reaches) in [(256, true), (257, false)] {
        let mut connection = compressing_with(Config::default(), "; server_max_window_bits=8");
        let mut before = b"Hello".to_vec();
        before.resize(distance, b'.');
        feed(&mut connection, &frame(0xc2, &stored(&before)));
        let mut bits = Bits::default();
        bits.push(0, 1);
        bits.push(1, 2);
        bits.push_code(3, 7); // 259, which is a length of 5
        // 15 and 16 are distances from 193 and from 257.
        let (code, extra) = if distance == 256 { (15, 63) } else { (16, 0) };
        bits.push_code(code, 5);
        bits.push(extra, if distance == 256 { 6 } else { 7 });
        bits.push_code(0, 7);
        bits.push(0, 3);
        let reference = frame(0xc2, &bits.finish());
        if reaches {
            assert_eq!(feed(&mut connection, &reference), [binary(b"Hello")]);
        } else {
            assert_fails(
                &mut connection,
                &reference,
                ProtocolError::CompressedData,
                1007,
            );
        }
    }
}

#[test]
fn the_window_is_of_all_the_messages_before() {
    let mut connection = compressing_with(Config::default(), "; server_max_window_bits=9");
    for byte in 0..=255_u8 {
        let message = [byte; 7];
        let received = feed(&mut connection, &frame(0xc2, &stored(&message)));
        assert_eq!(received, [binary(&message)]);
    }
    feed(&mut connection, &frame(0xc1, HELLO));
    let events = feed(&mut connection, &frame(0xc1, HELLO_AGAIN));
    assert_eq!(text(&events[0]), "Hello");
}

#[test]
fn rsv1_is_reserved_without_negotiation_and_but_on_the_first_frame_of_a_message() {
    let reserved = ProtocolError::ReservedBits(4);
    assert_fails(&mut open(), &frame(0xc1, HELLO), reserved.clone(), 1002);
    for bytes in [
        &frame(0xc8, b"")[..],
        &frame(0xc9, b""),
        &frame(0xca, b""),
        b"\x41\x01\xf2\xc0\x06\x48\xcd\xc9\xc9\x07\x00",
        b"\x01\x01H\xc0\x04ello",
    ] {
        assert_fails(&mut compressing(), bytes, reserved.clone(), 1002);
    }
}

#[test]
fn data_that_cannot_be_decompressed_fail_with_1007_at_the_byte_that_proves_it() {
    for payload in [
        // A block of type 3, announced to be longer.
        &b"\xc1\x7d\xff"[..],
        b"\xc2\x7d\x07",
        // A length that is not what its complement says.
        b"\xc1\x7d\x00\x05\x00\xff\xff",
        // A distance beyond the start.
        b"\xc1\x05\xf2\x00\x11\x00\x00",
    ] {
        assert_fails(
            &mut compressing(),
            payload,
            ProtocolError::CompressedData,
            1007,
        );
    }
}

#[test]
fn a_message_that_is_cut_short_fails_with_1007() {
    for len in 1..HELLO.len() {
        assert_fails(
            &mut compressing(),
            &frame(0xc1, &HELLO[..len]),
            ProtocolError::CompressedData,
            1007,
        );
    }
}

#[test]
fn text_is_judged_as_it_is_decompressed() {
    let bad = stored(b"Hello\xff and more");
    for len in [11, 12, bad.len()] {
        // The rest is announced, and never sent.
        let bytes = [&[0xc1, 0x7d], &bad[..len]].concat();
        assert_fails(
            &mut compressing(),
            &bytes,
            ProtocolError::MessageNotUtf8,
            1007,
        );
    }
    assert_fails(
        &mut compressing(),
        &frame(0xc1, &stored(b"cut \xe2\x82")),
        ProtocolError::MessageNotUtf8,
        1007,
    );
    let payload = stored(b"\xff");
    assert_eq!(
        feed(&mut compressing(), &frame(0xc2, &payload)),
        [binary(b"\xff")]
    );
}

#[test]
fn the_limit_of_a_message_is_of_what_it_becomes() {
    let limits = |message_len| Config {
        limits: Limits {
            message_len,
            ..Limits::default()
        },
        ..Config::default()
    };
    let bomb = bomb(40_000);
    let len = 1 + 258 * 40_000;
    let mut connection = compressing_with(limits(len as u64), "");
    assert_eq!(
        feed(&mut connection, &frame(0xc2, &bomb[..])).len(),
        1,
        "of the limit"
    );
    for limit in [0, 1, 258, 1_000_000, len as u64 - 1] {
        assert_fails(
            &mut compressing_with(limits(limit), ""),
            &frame(0xc2, &bomb),
            ProtocolError::MessageTooBig { limit },
            1009,
        );
    }
}

#[test]
fn a_message_that_becomes_too_many_times_as_long_fails_with_1009() {
    // 13 bits for 258 bytes is 158 times as long.
    let bytes = frame(0xc2, &bomb(40_000));
    let ratio = |decompression_ratio| Config {
        limits: Limits {
            decompression_ratio,
            ..Limits::default()
        },
        ..Config::default()
    };
    let events = feed(&mut compressing_with(ratio(159), ""), &bytes);
    assert!(matches!(&events[..], [Event::Message(_)]));
    assert_fails(
        &mut compressing_with(ratio(157), ""),
        &bytes,
        ProtocolError::DecompressionRatio { limit: 157 },
        1009,
    );
    // The first MiB is free.
    let events = feed(
        &mut compressing_with(ratio(1), ""),
        &frame(0xc2, &bomb(4_000)),
    );
    assert!(matches!(&events[..], [Event::Message(_)]));
}

#[test]
fn where_the_ratio_is_passed_does_not_depend_on_how_bytes_arrive() {
    let config = || Config {
        limits: Limits {
            decompression_ratio: 20,
            ..Limits::default()
        },
        ..Config::default()
    };
    // Too many times as long in the middle, and not at the end.
    let payload = [&bomb(5_000)[..], &stored(&vec![7; 100_000])].concat();
    let bytes = frame(0xc2, &payload);
    let error = ProtocolError::DecompressionRatio { limit: 20 };
    for pieces in [bytes.len(), 1, 7, 1000, 4096] {
        let mut connection = compressing_with(config(), "");
        let events: Vec<Event> = bytes
            .chunks(pieces)
            .flat_map(|piece| feed(&mut connection, piece))
            .collect();
        assert_eq!(events, [Event::Error(error.clone().into())], "{pieces}");
    }
}
