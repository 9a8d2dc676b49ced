//! Compressed messages that are not DEFLATE (RFC 1951), not UTF-8, or too much.

use super::{Case, HELLO, NOT_DEFLATE, compressing, stored};
use crate::frame;

const NOT_UTF8: &str = "a text message is not UTF-8";

/// The cases of this part of the topic.
pub(super) fn cases() -> Vec<Case> {
    [wrong_data(), cut_short(), text(), limits()].concat()
}

/// What is no DEFLATE (RFC 1951), up to the byte that proves it. RFC 7692 has no code for it: 1007,
/// as `ws` has it.
fn wrong_data() -> Vec<Case> {
    let fails = |what, payload: &[u8]| {
        compressing(format!("a compressed message with {what}"))
            .sends(frame(0xc1, HELLO))
            .tells_text("Hello")
            .sends([0xc1, 125])
            .sends(payload)
            .fails(1007, NOT_DEFLATE)
            .sends(b"more\x81\x05Hello")
    };
    vec![
        fails("a block of no known type", b"\x06"),
        fails("a last block of no known type", b"\x07"),
        fails(
            "a block of no known type behind a good one",
            b"\xf2\x48\xcd\xc9\xc9\x07\x18",
        ),
        fails(
            "a length that its complement denies",
            b"\x00\x05\x00\xfa\xfe",
        ),
        fails("a code that stands for nothing", b"\x1a\x03"),
        fails(
            "a code of a distance that stands for nothing",
            b"\xf2\x00\x3e",
        ),
        // 1,025 behind a window of 5 and one byte: 20 with 9 extra bits.
        fails("a distance beyond all messages", b"\xf2\x00\x15\x00"),
        fails("plain text in it", b"Hello"),
    ]
}

/// The end of the message proves it, wherever it is.
fn cut_short() -> Vec<Case> {
    (1..HELLO.len())
        .map(|len| {
            compressing(format!(
                "a compressed message that is cut short after {len} bytes"
            ))
            .sends(frame(0xc1, &HELLO[..len]))
            .fails(1007, NOT_DEFLATE)
            .sends(frame(0xc1, HELLO))
        })
        .chain([
            compressing("a compressed message whose last fragment is missing")
                .sends(frame(0x41, &HELLO[..3]))
                .sends(b"\x80\x00")
                .fails(1007, NOT_DEFLATE),
            compressing("a compressed message that is cut short in a block without compression")
                .sends(b"\xc2\x08\x00\x05\x00\xfa\xff\x48\x65\x6c")
                .fails(1007, NOT_DEFLATE),
        ])
        .collect()
}

/// Text is UTF-8 once decompressed.
fn text() -> Vec<Case> {
    let mut cases = vec![
        compressing("a character may be cut in two by compressed fragments")
            .sends(b"\x41\x06\x00\x01\x00\xfe\xff\xce")
            .sends(b"\x80\x07\x00\x01\x00\xfe\xff\xba\x00")
            .tells_text("\u{3ba}")
            .closes(1000, ""),
        compressing("a compressed binary message need not be UTF-8")
            .sends(frame(0xc2, &stored(b"\xff\xfe")))
            .tells_binary(b"\xff\xfe")
            .closes(1000, ""),
        compressing("compressed text that is cut off inside of a character")
            .sends(frame(0xc1, &stored(b"cut \xe2\x82")))
            .fails(1007, NOT_UTF8),
        compressing("text that is not UTF-8 before data that are not DEFLATE")
            .sends(b"\xc1\x0c\x00\x05\x00\xfa\xff\x48\x65\xff")
            .fails(1007, NOT_UTF8)
            .sends(b"\x6c\x6c\x06\x00"),
    ];
    for (what, start, rest) in [
        ("a byte that is none of UTF-8", &b"Hello\xff"[..], &b"!"[..]),
        ("an overlong character", b"Hello\xc0", b"\xaf"),
        ("a surrogate", b"\xed\xa0", b"\x80"),
        ("a character above U+10FFFF", b"\xf4\x90", b"\x80\x80"),
        ("a continuation byte", b"\x80", b""),
    ] {
        let bytes = frame(0xc1, &stored(&[start, rest].concat()));
        // The header of the frame and that of the block come before.
        let (start, rest) = bytes.split_at(2 + 5 + start.len());
        cases.push(
            compressing(format!("compressed text with {what}"))
                .sends(start)
                .fails(1007, NOT_UTF8)
                .sends(rest),
        );
    }
    cases
}

fn limits() -> Vec<Case> {
    // A block with codes of one bit, so that each zero byte stands for four times 258 zeros.
    const BOMB: &[u8] = b"\xec\xc1\x01\x01\x00\x00\x00\x80\x90\xfe\xaf\xee\x08\x0a";
    // A MiB of zeros.
    let free = [
        &b"\xec\xc1\x31\x01\x00\x00\x00\xc2\xa0\xf5\x4f\x6d\x08\x5f\xa0"[..],
        &[0; 1016],
        b"\x3e\x03",
    ]
    .concat();
    // Empty blocks, which let what follows become 256 times as long as they are.
    let patience = b"\x00\x00\x00\xff\xff".repeat(13_200);
    let ratio = "a compressed message becomes more than 256 times as long";
    let message_limit = "a message is longer than 16777216 bytes";
    vec![
        compressing("a MiB may come of one KiB")
            .sends(frame(0xc2, &free))
            .tells_binary(&[0; 1 << 20])
            .closes(1000, ""),
        // With the byte that passes a MiB, the last of 1,030.
        compressing("a bomb")
            .sends(b"\xc2\x7e\xff\xff")
            .sends([BOMB, &[0; 1016]].concat())
            .fails(1009, ratio)
            .sends([0; 1000]),
        compressing("a bomb in fragments")
            .sends(frame(0x42, BOMB))
            .sends(frame(0x00, &[0; 1000]))
            .sends(b"\x80\x7e\xff\xff")
            .sends([0; 16])
            .fails(1009, ratio)
            .sends([0; 1000]),
        // With the byte that passes 16 MiB.
        compressing("a bomb with patience")
            .sends(b"\xc2\x7f\x00\x00\x00\x00\x00\xff\xff\xff")
            .sends([&patience, BOMB, &[0; 16_257]].concat())
            .fails(1009, message_limit)
            .sends([0; 1000]),
        compressing("a compressed frame of 16 MiB and 1")
            .sends(b"\xc2\x7f\x00\x00\x00\x00\x01\x00\x00\x01")
            .fails(1009, "a frame is longer than 16777216 bytes")
            .sends(HELLO),
    ]
}
