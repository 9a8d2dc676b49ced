//! Compressed messages (sections 6 and 7.2): whole, in fragments, and what they may refer to.

use super::{Case, HELLO, HELLO_AGAIN, NOT_DEFLATE, accepting, compressing, stored};
use crate::frame;

const RSV1: &str = "reserved bits are set: 100";

/// The cases of this part of the topic.
pub(super) fn cases() -> Vec<Case> {
    [
        examples(),
        messages(),
        windows(),
        fragments(),
        reserved_bits(),
    ]
    .concat()
}

/// Section 7.2.3.
fn examples() -> Vec<Case> {
    let hello = |section: &str, bytes: &[u8]| {
        compressing(format!("the example of section {section}"))
            .sends(bytes)
            .tells_text("Hello")
            .closes(1000, "")
    };
    let twice = |name, second: &[u8]| {
        compressing(name)
            .sends(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00")
            .tells_text("Hello")
            .sends(second)
            .tells_text("Hello")
            .closes(1000, "")
    };
    vec![
        hello("7.2.3.1", b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
        hello(
            "7.2.3.1 in two fragments",
            b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00",
        ),
        twice(
            "the example of section 7.2.3.2 without a reference",
            b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
        ),
        twice(
            "the example of section 7.2.3.2 with a reference",
            b"\xc1\x05\xf2\x00\x11\x00\x00",
        ),
        hello(
            "7.2.3.3",
            b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        ),
        hello("7.2.3.4", b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"),
        hello(
            "7.2.3.5",
            b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
        ),
        compressing("the example of section 7.2.3.6")
            .sends(b"\xc1\x01\x00")
            .tells_text("")
            .closes(1000, ""),
    ]
}

fn messages() -> Vec<Case> {
    let mut cases = vec![
        compressing("messages need not be compressed")
            .sends(b"\x81\x05Hello")
            .tells_text("Hello")
            .sends(b"\x82\x00")
            .tells_binary(b"")
            .closes(1000, ""),
        compressing("a compressed message may be binary")
            .sends(frame(0xc2, HELLO))
            .tells_binary(b"Hello")
            .closes(1000, ""),
        compressing("an empty compressed message may be binary")
            .sends(b"\xc2\x01\x00")
            .tells_binary(b"")
            .closes(1000, ""),
        compressing("an empty compressed message may be a block with codes")
            .sends(b"\xc1\x02\x02\x00")
            .tells_text("")
            .closes(1000, ""),
        // Section 7.2.3.6 has one byte at least, but nothing else can be meant.
        compressing("an empty compressed message may have no bytes")
            .sends(b"\xc1\x00")
            .tells_text("")
            .sends(frame(0xc1, HELLO))
            .tells_text("Hello")
            .closes(1000, ""),
        compressing("a message may end with a block with BFINAL")
            .sends(b"\xc1\x07\xf3\x48\xcd\xc9\xc9\x07\x00")
            .tells_text("Hello")
            .sends(frame(0xc1, HELLO_AGAIN))
            .tells_text("Hello")
            .closes(1000, ""),
        compressing("blocks may follow one with BFINAL, and refer to it")
            .sends(b"\xc1\x0c\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00")
            .tells_text("HelloHello")
            .closes(1000, ""),
        compressing("compressed messages arrive until the server answers")
            .client_closes(1000, "done")
            .sends(frame(0xc1, HELLO))
            .tells_text("Hello")
            .closes(1000, "done"),
        compressing("a compressed message that is not complete when the server closes is not told")
            .sends(b"\x41\x05")
            .sends(&HELLO[..5])
            .closes(1000, ""),
    ];
    // Of the compressed length, each form at its ends. Blocks without compression add 6 bytes.
    for len in [125, 126, 65_535] {
        let text = "x".repeat(len - 6);
        cases.push(
            compressing(format!("a compressed message of {len} bytes"))
                .sends(frame(0xc1, &stored(text.as_bytes())))
                .tells_text(&text)
                .closes(1000, ""),
        );
    }
    let bytes = vec![0xff; 65_535];
    cases.push(
        compressing("a compressed message of 65,541 bytes")
            .sends(frame(0xc2, &stored(&bytes)))
            .tells_binary(&bytes)
            .closes(1000, ""),
    );
    cases
}

/// What a message may refer to (sections 7.1.1 and 7.1.2).
fn windows() -> Vec<Case> {
    let fresh = |name, field| {
        accepting(
            name,
            "; server_no_context_takeover",
            "; server_no_context_takeover; server_max_window_bits=15; client_max_window_bits=15",
        )
        .sends(frame(field, HELLO))
        .tells_text("Hello")
    };
    let short = |name, before: &[u8]| {
        accepting(
            name,
            "; server_max_window_bits=8",
            "; server_max_window_bits=8; client_max_window_bits=15",
        )
        .sends(frame(0xc2, &stored(before)))
        .tells_binary(before)
    };
    let before = |len: usize| [&b"Hello"[..], &b".".repeat(len - 5)].concat();
    vec![
        compressing("what is not compressed is not referred to")
            .sends(frame(0xc1, HELLO))
            .tells_text("Hello")
            .sends(b"\x81\x05other")
            .tells_text("other")
            .sends(frame(0xc1, HELLO_AGAIN))
            .tells_text("Hello")
            .closes(1000, ""),
        compressing("an empty message leaves the window as it is")
            .sends(frame(0xc1, HELLO))
            .tells_text("Hello")
            .sends(b"\xc1\x01\x00")
            .tells_text("")
            .sends(frame(0xc1, HELLO_AGAIN))
            .tells_text("Hello")
            .closes(1000, ""),
        fresh("without context takeover each message is by itself", 0xc1)
            .sends(frame(0xc1, HELLO))
            .tells_text("Hello")
            .closes(1000, ""),
        // A distance of 5 behind one byte.
        fresh(
            "without context takeover there is nothing to refer to",
            0xc1,
        )
        .sends(b"\xc1\x05\xf2\x00\x11")
        .fails(1007, NOT_DEFLATE)
        .sends(b"\x00\x00"),
        accepting(
            "context takeover of the client does not bind the server",
            "; client_no_context_takeover",
            "; client_no_context_takeover; server_max_window_bits=15; client_max_window_bits=15",
        )
        .sends(frame(0xc1, HELLO))
        .tells_text("Hello")
        .sends(frame(0xc1, HELLO_AGAIN))
        .tells_text("Hello")
        .closes(1000, ""),
        // A length of 5, at a distance of 256.
        short(
            "a message may refer back as far as the window",
            &before(256),
        )
        .sends(b"\xc2\x04\x02\xfb\x1f\x00")
        .tells_binary(b"Hello")
        .closes(1000, ""),
        // At a distance of 257.
        short("a message may not refer beyond the window", &before(257))
            .sends(b"\xc2\x04\x02\x07\x00")
            .fails(1007, NOT_DEFLATE)
            .sends(b"\x00"),
    ]
}

fn fragments() -> Vec<Case> {
    let single = HELLO[1..6]
        .iter()
        .fold(frame(0x41, &HELLO[..1]), |bytes, &byte| {
            [bytes, frame(0x00, &[byte])].concat()
        });
    vec![
        compressing("each byte of a compressed message may be a fragment")
            .sends(single)
            .sends(frame(0x80, &HELLO[6..]))
            .tells_text("Hello")
            .closes(1000, ""),
        compressing("fragments of a compressed message may be empty")
            .sends(b"\x41\x00\x00\x00")
            .sends(frame(0x00, HELLO))
            .sends(b"\x00\x00\x80\x00")
            .tells_text("Hello")
            .closes(1000, ""),
        compressing("an empty compressed message may be in fragments")
            .sends(b"\x42\x00\x00\x01\x00")
            .sends(b"\x80\x00")
            .tells_binary(b"")
            .closes(1000, ""),
        compressing("control frames may stand between compressed fragments")
            .sends(frame(0x41, &HELLO[..2]))
            .pings(HELLO)
            .sends(frame(0x00, &HELLO[2..4]))
            .pongs(HELLO)
            .sends(frame(0x80, &HELLO[4..]))
            .tells_text("Hello")
            .closes(1000, ""),
        compressing("fragments of a message that is not compressed are not decompressed")
            .sends(b"\x01\x02\xc3")
            .sends(b"\xa4\x80\x01!")
            .tells_text("\u{e4}!")
            .closes(1000, ""),
        compressing("a message inside a compressed one")
            .sends(frame(0x41, &HELLO[..2]))
            .sends(b"\xc1\x00")
            .fails(1002, "a message starts inside another"),
    ]
}

/// Section 6: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and
/// non-first fragments of a data message." The first byte proves it.
fn reserved_bits() -> Vec<Case> {
    let mut cases = vec![
        Case::open("a compressed message though compression is not agreed")
            .sends(b"\xc1")
            .fails(1002, RSV1)
            .sends(b"\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
        compressing("RSV1 on the continuation of a compressed message")
            .sends(b"\x41\x03\xf2\x48\xcd")
            .sends(b"\xc0")
            .fails(1002, RSV1)
            .sends(b"\x04\xc9\xc9\x07\x00"),
        compressing("RSV1 on a continuation that is not the last")
            .sends(b"\x41\x03\xf2\x48\xcd")
            .sends(b"\x40")
            .fails(1002, RSV1)
            .sends(b"\x00"),
        compressing("RSV1 on the continuation of another message")
            .sends(b"\x01\x01H")
            .sends(b"\xc0")
            .fails(1002, RSV1)
            .sends(b"\x04ello"),
    ];
    for (first, name) in [(0xc8, "close"), (0xc9, "ping"), (0xca, "pong")] {
        cases.push(
            compressing(format!("RSV1 on a {name} frame"))
                .sends([first])
                .fails(1002, RSV1)
                .sends(b"\x00"),
        );
        cases.push(
            compressing(format!(
                "RSV1 on a {name} frame between compressed fragments"
            ))
            .sends(b"\x41\x03\xf2\x48\xcd")
            .sends([first])
            .fails(1002, RSV1)
            .sends(b"\x00\x80\x04\xc9\xc9\x07\x00"),
        );
    }
    for (first, bits) in [(0xa1, "010"), (0x91, "001"), (0xe1, "110"), (0xd2, "101")] {
        cases.push(
            compressing(format!("reserved bits {bits} though compression is agreed"))
                .sends([first])
                .fails(1002, &format!("reserved bits are set: {bits}"))
                .sends(b"\x00"),
        );
    }
    cases
}
