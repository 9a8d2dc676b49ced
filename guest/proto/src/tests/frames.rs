//! Frames: reserved bits and opcodes, masking, lengths (RFC 6455, sections 5.1, 5.2, 5.5).

use super::*;

#[test]
fn a_message_of_every_length_form_is_received() {
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let payload: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let mut connection = open();
        assert_eq!(
            feed(&mut connection, &frame(0x82, &payload)),
            [binary(&payload)],
            "{len} bytes"
        );
        assert_eq!(transmitted(&mut connection), b"");
    }
}

#[test]
fn reserved_bits_fail_with_1002() {
    for (first, bits) in [(0xc1, 4), (0xa1, 2), (0x91, 1), (0xf1, 7), (0xc9, 4)] {
        assert_fails(
            &mut open(),
            &frame(first, b"x"),
            ProtocolError::ReservedBits(bits),
            1002,
        );
    }
}

#[test]
fn reserved_opcodes_fail_with_1002() {
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        assert_fails(
            &mut open(),
            &frame(0x80 | opcode, b"x"),
            ProtocolError::ReservedOpcode(opcode),
            1002,
        );
    }
}

#[test]
fn masked_frames_fail_with_1002() {
    assert_fails(
        &mut open(),
        &masked(0x81, b"Hello"),
        ProtocolError::MaskedFrame,
        1002,
    );
}

#[test]
fn lengths_that_are_not_minimal_fail_with_1002() {
    for bytes in [
        &b"\x81\x7e\x00\x01x"[..],
        b"\x82\x7e\x00\x7d",
        b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
    ] {
        assert_fails(
            &mut open(),
            bytes,
            ProtocolError::PayloadLengthNotMinimal,
            1002,
        );
    }
}

#[test]
fn a_length_beyond_63_bits_fails_with_1002() {
    assert_fails(
        &mut open(),
        b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
        ProtocolError::PayloadLengthOutOfRange,
        1002,
    );
}

#[test]
fn control_frames_that_are_too_long_or_fragmented_fail_with_1002() {
    for first in [0x88, 0x89, 0x8a] {
        assert_fails(
            &mut open(),
            &frame(first, &[0; 126]),
            ProtocolError::ControlFrameTooBig,
            1002,
        );
        assert_fails(
            &mut open(),
            &frame(first & 0x0f, b""),
            ProtocolError::FragmentedControlFrame,
            1002,
        );
    }
}
