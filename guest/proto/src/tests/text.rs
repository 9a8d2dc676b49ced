//! UTF-8 in text messages (RFC 6455, sections 5.6 and 8.1).

use super::*;

#[test]
fn a_character_may_be_split_between_fragments() {
    let mut connection = open();
    let crab = "🦀".as_bytes();
    let bytes = [
        frame(0x01, &crab[..1]),
        frame(0x00, &crab[1..3]),
        frame(0x80, &crab[3..]),
    ]
    .concat();
    assert_eq!(text(&feed(&mut connection, &bytes)[0]), "🦀");
}

#[test]
fn text_that_is_not_utf_8_fails_with_1007() {
    for payload in [
        &b"\xff"[..],
        b"Hello \x80",
        b"\xed\xa0\x80",
        b"\xc0\xaf",
        b"cut \xe2\x82",
        &[b"a".repeat(200).as_slice(), b"\xf4\x90\x80\x80"].concat(),
    ] {
        assert_fails(
            &mut open(),
            &frame(0x81, payload),
            ProtocolError::MessageNotUtf8,
            1007,
        );
    }
}

#[test]
fn a_fragment_that_is_not_utf_8_fails_before_the_message_ends() {
    assert_fails(
        &mut open(),
        &frame(0x01, b"\xce\xba\xff"),
        ProtocolError::MessageNotUtf8,
        1007,
    );
}

#[test]
fn a_byte_that_is_not_utf_8_fails_before_the_frame_ends() {
    // Ten bytes are announced; the sixth proves that the text is not UTF-8.
    assert_fails(
        &mut open(),
        b"\x81\x0aHello\xff",
        ProtocolError::MessageNotUtf8,
        1007,
    );
}

#[test]
fn binary_messages_are_not_judged() {
    assert_eq!(
        feed(&mut open(), &frame(0x82, b"\xff\xfe\x80")),
        [binary(b"\xff\xfe\x80")]
    );
}

#[test]
fn an_empty_message_is_text_or_binary() {
    let mut connection = open();
    assert_eq!(text(&feed(&mut connection, b"\x81\x00")[0]), "");
    assert_eq!(feed(&mut connection, b"\x82\x00"), [binary(b"")]);
}
