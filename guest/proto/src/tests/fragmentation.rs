//! Fragmentation (RFC 6455, section 5.4).

use super::*;

#[test]
fn fragments_make_one_message() {
    let mut connection = open();
    // The example of section 5.7.
    let events = feed(&mut connection, b"\x01\x03Hel\x80\x02lo");
    assert_eq!(events.len(), 1);
    assert_eq!(text(&events[0]), "Hello");
    let bytes = b"\x02\x01a\x00\x00\x00\x02bc\x80\x00";
    assert_eq!(feed(&mut connection, bytes), [binary(b"abc")]);
}

#[test]
fn control_frames_may_stand_between_fragments() {
    let mut connection = open();
    let events = feed(
        &mut connection,
        b"\x01\x03Hel\x89\x04ping\x8a\x04pong\x80\x02lo",
    );
    assert_eq!(events[0], Event::Ping(b"ping".to_vec()));
    assert!(matches!(&events[1], Event::Pong(pong) if pong.token.is_none()));
    assert_eq!(text(&events[2]), "Hello");
    assert_eq!(transmitted(&mut connection), masked(0x8a, b"ping"));
}

#[test]
fn a_close_frame_during_a_fragmented_message_is_answered() {
    let mut connection = open();
    let bytes = [&b"\x01\x03Hel"[..], &frame(0x88, &close_payload(1001, ""))].concat();
    assert_eq!(feed(&mut connection, &bytes), []);
    assert_eq!(
        transmitted(&mut connection),
        masked(0x88, &close_payload(1001, ""))
    );
    connection.handle_eof();
    assert_eq!(events(&mut connection), [closed(1001, "", true, None)]);
}

#[test]
fn a_continuation_of_nothing_fails_with_1002() {
    for first in [0x80, 0x00] {
        assert_fails(
            &mut open(),
            &frame(first, b"x"),
            ProtocolError::UnexpectedContinuation,
            1002,
        );
    }
    let mut connection = open();
    feed(&mut connection, b"\x01\x03Hel\x80\x02lo");
    assert_fails(
        &mut connection,
        b"\x80\x00",
        ProtocolError::UnexpectedContinuation,
        1002,
    );
}

#[test]
fn a_message_inside_a_message_fails_with_1002() {
    for first in [0x81, 0x82, 0x01, 0x02] {
        let mut connection = open();
        assert_eq!(feed(&mut connection, b"\x01\x03Hel"), []);
        assert_fails(
            &mut connection,
            &frame(first, b"x"),
            ProtocolError::ExpectedContinuation,
            1002,
        );
    }
}

#[test]
fn many_small_fragments_make_one_message() {
    let mut connection = open();
    let mut bytes = b"\x02\x00".to_vec();
    for i in 0..65_536_u32 {
        bytes.extend_from_slice(&[0x00, 0x01, i as u8]);
    }
    bytes.extend_from_slice(b"\x80\x00");
    let expected: Vec<u8> = (0..65_536_u32).map(|i| i as u8).collect();
    assert_eq!(feed(&mut connection, &bytes), [binary(&expected)]);
}
