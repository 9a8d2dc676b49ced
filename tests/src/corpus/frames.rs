//! Headers of frames (RFC 6455, section 5.2): reserved bits and opcodes, the mask, and lengths.

use crate::frame;

use super::Case;

/// The opcodes that have a meaning.
const OPCODES: [u8; 6] = [0x0, 0x1, 0x2, 0x8, 0x9, 0xa];

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [
        reserved_bits(),
        reserved_opcodes(),
        masked(),
        control(),
        lengths(),
        wrong_lengths(),
    ]
    .concat()
}

/// "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values." The
/// first byte proves it.
fn reserved_bits() -> Vec<Case> {
    let mut cases = Vec::new();
    for opcode in OPCODES {
        for bits in 1..8 {
            let first = 0x80 | bits << 4 | opcode;
            cases.push(
                Case::open(format!("reserved bits {bits:03b} of opcode {opcode:#x}"))
                    .sends([first])
                    .fails(1002, &format!("reserved bits are set: {bits:03b}"))
                    .sends(b"\x00"),
            );
        }
    }
    cases.push(
        Case::open("reserved bits of a first fragment")
            .sends(b"\x41")
            .fails(1002, "reserved bits are set: 100"),
    );
    for (bits, first) in [("100", 0xc0), ("010", 0x20), ("001", 0x90)] {
        cases.push(
            Case::open(format!("reserved bits {bits} of a continuation"))
                .sends(b"\x01\x01a")
                .sends([first])
                .fails(1002, &format!("reserved bits are set: {bits}"))
                .sends(b"\x01b"),
        );
    }
    cases.push(
        Case::open("reserved bits of a reserved opcode")
            .sends(b"\xf3")
            .fails(1002, "reserved bits are set: 111"),
    );
    cases
}

fn reserved_opcodes() -> Vec<Case> {
    let mut cases = Vec::new();
    for opcode in (0x3..=0x7).chain(0xb..=0xf) {
        for (fin, whose) in [(0x80, "a whole message"), (0, "a fragment")] {
            cases.push(
                Case::open(format!("the reserved opcode {opcode:#x} of {whose}"))
                    .sends([fin | opcode])
                    .fails(1002, &format!("the opcode {opcode:#x} is reserved"))
                    .sends(b"\x00"),
            );
        }
    }
    for opcode in [0x3, 0xb] {
        cases.push(
            Case::open(format!("the reserved opcode {opcode:#x} between fragments"))
                .sends(b"\x01\x01a")
                .sends([0x80 | opcode])
                .fails(1002, &format!("the opcode {opcode:#x} is reserved"))
                .sends(b"\x00\x80\x01b"),
        );
    }
    cases
}

/// Section 5.1: "A client MUST close a connection if it detects a masked frame." The second byte
/// proves it.
fn masked() -> Vec<Case> {
    let text = "the server masked a frame";
    let fails =
        |case: Case, header: &[u8], rest: &[u8]| case.sends(header).fails(1002, text).sends(rest);
    let mut cases: Vec<Case> = OPCODES
        .iter()
        .map(|opcode| {
            let case = Case::open(format!("a masked frame of opcode {opcode:#x}"));
            fails(case, &[0x80 | opcode, 0x80], b"\0\0\0\0")
        })
        .collect();
    cases.extend([
        // The example of section 5.7.
        fails(
            Case::open("a masked text message"),
            b"\x81\x85",
            b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58",
        ),
        fails(
            Case::open("a masked continuation").sends(b"\x01\x01a"),
            b"\x80\x81",
            b"\0\0\0\0b",
        ),
        fails(
            Case::open("a masked frame of 16 bits of length"),
            b"\x82\xfe",
            b"\x00\x7e",
        ),
        fails(
            Case::open("a masked frame of 64 bits of length"),
            b"\x82\xff",
            b"\0\0\0\0",
        ),
    ]);
    cases
}

/// Section 5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
/// fragmented."
fn control() -> Vec<Case> {
    let mut cases = Vec::new();
    for (opcode, name) in [(0x8, "close"), (0x9, "ping"), (0xa, "pong")] {
        for second in [126, 127] {
            cases.push(
                Case::open(format!("a {name} frame of {second} as its length"))
                    .sends([0x80 | opcode, second])
                    .fails(1002, "a control frame is longer than 125 bytes")
                    .sends([0; 134]),
            );
        }
        cases.push(
            Case::open(format!("a fragmented {name} frame"))
                .sends([opcode])
                .fails(1002, "a control frame is fragmented")
                .sends(b"\x00"),
        );
        cases.push(
            Case::open(format!("a fragmented {name} frame between fragments"))
                .sends(b"\x02\x01a")
                .sends([opcode])
                .fails(1002, "a control frame is fragmented")
                .sends(b"\x00\x80\x01b"),
        );
    }
    cases
}

/// Each form of a length, at its ends.
fn lengths() -> Vec<Case> {
    [0, 1, 125, 126, 127, 128, 65_535, 65_536, 65_537]
        .into_iter()
        .map(|len| {
            let text = "x".repeat(len);
            Case::open(format!("messages of {len} bytes"))
                .sends(frame(0x81, text.as_bytes()))
                .tells_text(&text)
                .sends(frame(0x82, &vec![0xff; len]))
                .tells_binary(&vec![0xff; len])
                .closes(1000, "")
        })
        .collect()
}

fn wrong_lengths() -> Vec<Case> {
    let fails = |name, header: &[u8], code, text| {
        Case::open(name)
            .sends(header)
            .fails(code, text)
            .sends(b"more")
    };
    // "In all cases, the minimal number of bytes MUST be used to encode the length".
    let not_minimal = "a payload length is written in more bytes than it needs";
    // "the most significant bit MUST be 0". The third byte proves it.
    let out_of_range = "a payload length is beyond 63 bits";
    let frame_limit = "a frame is longer than 16777216 bytes";
    let message_limit = "a message is longer than 16777216 bytes";
    vec![
        fails(
            "16 bits for a length of 0",
            b"\x81\x7e\x00\x00",
            1002,
            not_minimal,
        ),
        fails(
            "16 bits for a length of 125",
            b"\x82\x7e\x00\x7d",
            1002,
            not_minimal,
        ),
        fails(
            "64 bits for a length of 0",
            b"\x82\x7f\0\0\0\0\0\0\0\0",
            1002,
            not_minimal,
        ),
        fails(
            "64 bits for a length of 126",
            b"\x81\x7f\0\0\0\0\0\0\0\x7e",
            1002,
            not_minimal,
        ),
        fails(
            "64 bits for a length of 65,535",
            b"\x82\x7f\0\0\0\0\0\0\xff\xff",
            1002,
            not_minimal,
        ),
        fails(
            "16 bits for a continuation of 1",
            b"\x01\x01a\x80\x7e\x00\x01",
            1002,
            not_minimal,
        ),
        fails(
            "a length of 2 to the 63",
            b"\x82\x7f\x80",
            1002,
            out_of_range,
        ),
        fails(
            "a length of 2 to the 64",
            b"\x81\x7f\xff",
            1002,
            out_of_range,
        ),
        fails(
            "a length of 2 to the 63 less 1",
            b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
            1009,
            frame_limit,
        ),
        fails(
            "a length of 4 GiB and 1",
            b"\x82\x7f\0\0\0\x01\0\0\0\x01",
            1009,
            frame_limit,
        ),
        fails(
            "a frame of 16 MiB and 1",
            b"\x81\x7f\0\0\0\0\x01\0\0\x01",
            1009,
            frame_limit,
        ),
        fails(
            "a message of 16 MiB and 1 in fragments",
            b"\x02\x01a\x80\x7f\0\0\0\0\x01\0\0\0",
            1009,
            message_limit,
        ),
    ]
}
