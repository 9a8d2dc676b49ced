//! The contract at the head of the crate, as written: every golden exchange at every prefix, every
//! two-way split, and one byte at a time.

use super::deflate::{bomb, stored};
use super::*;
use crate::fuzzing::{self, Operation, Sending, assert_parts, drive};

/// What a server sends, and what must come of it.
struct Exchange {
    name: &'static str,
    input: Vec<u8>,
    /// The end of the stream follows the input.
    eof: bool,
}

fn exchange(name: &'static str, parts: &[&[u8]]) -> Exchange {
    Exchange {
        name,
        input: parts.concat(),
        eof: true,
    }
}

fn golden() -> Vec<Exchange> {
    let close = frame(0x88, &close_payload(1000, "done"));
    let long_text = "κόσμε 🦀 ".repeat(40);
    let long_binary: Vec<u8> = (0..700_u32).map(|i| i as u8).collect();
    vec![
        exchange("open and end", &[ANSWER]),
        exchange("hello and close", &[ANSWER, b"\x81\x05Hello", &close]),
        exchange(
            "every length form",
            &[
                ANSWER,
                &frame(0x82, b""),
                &frame(0x82, &long_binary[..125]),
                &frame(0x82, &long_binary[..126]),
                &frame(0x82, &long_binary),
                &frame(0x81, long_text.as_bytes()),
                &close,
            ],
        ),
        exchange(
            "fragments with control frames between them",
            &[
                ANSWER,
                b"\x01\x03\xce\xba\xe1",
                b"\x89\x02hi",
                b"\x00\x00",
                b"\x8a\x00",
                b"\x80\x02\xbd\xb9",
                &close,
            ],
        ),
        exchange(
            "pings",
            &[ANSWER, b"\x89\x00", b"\x89\x04ping", b"\x89\x01\xff", &close],
        ),
        exchange("a close frame without a code", &[ANSWER, b"\x88\x00"]),
        exchange(
            "data after the close frame",
            &[ANSWER, &close, b"\x81\x05Hello\xff\xff"],
        ),
        exchange(
            "a reserved opcode after a message",
            &[ANSWER, b"\x82\x01x", b"\x83\x05Hello", &close],
        ),
        exchange("a masked frame", &[ANSWER, &masked(0x81, b"Hello")]),
        exchange(
            "a length that is not minimal",
            &[ANSWER, b"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01x"],
        ),
        exchange(
            "text that is not UTF-8",
            &[ANSWER, b"\x81\x09Hello\xed\xa0\x80\xff", &close],
        ),
        exchange(
            "a message that is too big",
            &[ANSWER, &frame(0x02, &[1; 600]), &frame(0x80, &[1; 600])],
        ),
        exchange("a bad close code", &[ANSWER, b"\x88\x02\x03\xed"]),
        exchange("a close frame of one byte", &[ANSWER, b"\x88\x01\x03"]),
        exchange(
            "interim answers",
            &[b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n", ANSWER, &close],
        ),
        exchange(
            "a refusal",
            &[b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nsorry, nothing here"],
        ),
        exchange("a refusal without a body", &[b"HTTP/1.1 401 \r\nA: b\r\n\r\n"]),
        exchange("not HTTP", &[b"220 mail.example ESMTP\r\n"]),
        exchange(
            "a wrong accept",
            &[b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"],
        ),
        exchange(
            "compressed messages",
            &[
                COMPRESSING_ANSWER,
                &frame(0xc1, HELLO),
                b"\x81\x05plain",
                &frame(0xc1, HELLO_AGAIN),
                &frame(0xc2, b"\x00"),
                &frame(0xc2, b""),
                &close,
            ],
        ),
        exchange(
            "a compressed message in fragments with a ping between them",
            &[
                COMPRESSING_ANSWER,
                &frame(0x41, &HELLO[..2]),
                b"\x89\x02hi",
                b"\x00\x00",
                &frame(0x80, &HELLO[2..]),
                &close,
            ],
        ),
        exchange(
            "blocks with BFINAL",
            &[
                &compressing_answer("; server_max_window_bits=8"),
                &frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00"),
                &frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00"),
                &frame(0xc1, HELLO_AGAIN),
                &close,
            ],
        ),
        exchange(
            "a compressed message that becomes too big",
            &[
                COMPRESSING_ANSWER,
                &frame(0xc2, &bomb(3)),
                &frame(0xc2, &bomb(4)),
                &close,
            ],
        ),
        exchange(
            "compressed text that is not UTF-8, and then cannot be decompressed",
            &[
                COMPRESSING_ANSWER,
                &frame(0xc1, &[&stored("κόσμε\u{10ffff}".as_bytes())[..], &stored(b"\xce\xff"), b"\xff\xff"].concat()),
            ],
        ),
        exchange(
            "what cannot be decompressed",
            &[COMPRESSING_ANSWER, &frame(0xc1, HELLO), &frame(0xc1, &[HELLO, b"\xff\xff"].concat())],
        ),
        exchange(
            "a compressed message that is cut short",
            &[COMPRESSING_ANSWER, &frame(0xc1, &HELLO[..4]), &frame(0xc1, HELLO)],
        ),
        exchange(
            "RSV1 on a continuation",
            &[COMPRESSING_ANSWER, &frame(0x41, &HELLO[..2]), &frame(0xc0, &HELLO[2..])],
        ),
        exchange(
            "a wrong parameter of permessage-deflate",
            &[&compressing_answer("; server_max_window_bits=16"), &frame(0xc1, HELLO)],
        ),
        Exchange {
            eof: false,
            ..exchange("an open end", &[ANSWER, b"\x81\x05Hello", b"\x01\x05Hel"])
        },
    ]
}

#[test]
fn the_same_calls_have_the_same_results() {
    for exchange in golden() {
        let first = drive(&[&exchange.input], exchange.eof);
        let second = drive(&[&exchange.input], exchange.eof);
        assert_eq!(first, second, "{}", exchange.name);
    }
}

#[test]
fn one_byte_at_a_time_changes_nothing() {
    for exchange in golden() {
        let whole = drive(&[&exchange.input], exchange.eof);
        let bytes: Vec<&[u8]> = exchange.input.chunks(1).collect();
        assert_eq!(drive(&bytes, exchange.eof), whole, "{}", exchange.name);
    }
}

#[test]
fn every_two_way_split_changes_nothing() {
    for exchange in golden() {
        let whole = drive(&[&exchange.input], exchange.eof);
        for split in 0..=exchange.input.len() {
            let (left, right) = exchange.input.split_at(split);
            assert_eq!(
                drive(&[left, right], exchange.eof),
                whole,
                "{} at {split}",
                exchange.name
            );
        }
    }
}

#[test]
fn by_parts_a_message_is_the_same_however_it_arrives() {
    for exchange in golden() {
        let input = &exchange.input[..];
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_parts(&bytes, input, exchange.eof);
        for split in 0..=input.len() {
            let (left, right) = input.split_at(split);
            assert_parts(&[left, right], input, exchange.eof);
        }
    }
}

#[test]
fn every_prefix_ends_in_exactly_one_closed_which_is_last() {
    for exchange in golden() {
        for len in 0..=exchange.input.len() {
            fuzzing::response(&exchange.input[..len]);
        }
    }
}

#[test]
fn what_a_prefix_yields_is_a_prefix_of_what_the_whole_yields() {
    for exchange in golden() {
        let whole = drive(&[&exchange.input], false);
        for len in 0..=exchange.input.len() {
            let part = drive(&[&exchange.input[..len]], false);
            assert!(
                whole.events.starts_with(&part.events)
                    && whole.transmitted.starts_with(&part.transmitted),
                "{}, {len} bytes",
                exchange.name
            );
        }
    }
}

#[test]
fn input_is_not_taken_while_an_event_waits() {
    let mut connection = open();
    let bytes = b"\x82\x01a\x82\x01b";
    assert_eq!(connection.handle_input(bytes, START), 3);
    assert_eq!(connection.handle_input(&bytes[3..], START), 0);
    assert_eq!(events(&mut connection), [binary(b"a")]);
    assert_eq!(connection.handle_input(&bytes[3..], START), 3);
    assert_eq!(events(&mut connection), [binary(b"b")]);
}

#[test]
fn calls_in_any_order_keep_the_contract() {
    let operations = [
        Operation::Answer { compressing: true },
        Operation::Frame {
            first: 0xc1,
            payload: HELLO.to_vec(),
        },
        Operation::Frame {
            first: 0x81,
            payload: b"Hello".to_vec(),
        },
        Operation::Frame {
            first: 0x89,
            payload: vec![0xff; 125],
        },
        Operation::Frame {
            first: 0x82,
            payload: vec![1; 500],
        },
        Operation::Input(close_payload(1000, "")),
        Operation::Write(7),
        Operation::TakeEvents,
        Operation::Wait(31_000),
        Operation::SendText("Hello".into(), Sending::Default),
        Operation::SendBinary(vec![2; 1_000], Sending::UnmaskedCompressed),
        Operation::StartMessage(MessageKind::Text, Sending::UnmaskedCompressed),
        Operation::SendPart(b"Hel\xc3".to_vec()),
        Operation::FinishMessage,
        Operation::AbandonMessage,
        Operation::TakeParts,
        Operation::CancelParts,
        Operation::Frame {
            first: 0x01,
            payload: vec![b'a'; 100],
        },
        Operation::Ping(b"ping".to_vec(), false),
        Operation::Close(1000, "done".into()),
        Operation::Pause,
        Operation::Resume,
        Operation::Eof,
        Operation::StreamLost,
    ];
    for first in &operations {
        for second in &operations {
            for third in &operations {
                let calls = [first, second, third].map(Operation::clone);
                fuzzing::connection(calls.to_vec());
                let answer = Operation::Answer { compressing: true };
                fuzzing::connection([&[answer], &calls[..]].concat());
            }
        }
    }
}

/// Where damaged DEFLATE is found to be damaged must not depend on how it arrives, and what came of
/// it before that must have been judged.
#[test]
fn damage_is_found_at_the_same_place_however_it_arrives() {
    let text = "κόσμε, a sentence that repeats, and repeats, and repeats. 🦀 ".repeat(12);
    let mut state = 1_u32;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as usize % below
    };
    for round in 0..600 {
        let mut sender = compressing();
        let end = text.ceil_char_boundary(1 + random(text.len()));
        let options = SendOptions {
            unmasked: true,
            compress: Compress::Always,
        };
        let mut input = COMPRESSING_ANSWER.to_vec();
        for _ in 0..2 {
            sender
                .send(Outgoing::Text(&text[..end]), options, START)
                .unwrap();
            let sent = transmitted(&mut sender);
            events(&mut sender);
            // Without what makes it a client's: a header of 6 bytes, or of 8.
            let start = if sent[1] == 0xfe { 8 } else { 6 };
            let mut payload = sent[start..].to_vec();
            for _ in 0..random(3) {
                let at = random(payload.len());
                payload[at] ^= 1 << random(8);
            }
            input.extend(frame(0xc1, &payload));
        }
        let whole = drive(&[&input], true);
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(drive(&bytes, true), whole, "round {round}");
        assert_parts(&bytes, &input, true);
        for _ in 0..4 {
            let (left, right) = input.split_at(random(input.len()));
            assert_eq!(drive(&[left, right], true), whole, "round {round}");
        }
    }
}
