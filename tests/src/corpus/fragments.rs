//! Fragmented messages (RFC 6455, section 5.4), with and without control frames between.

use super::Case;

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [whole(), with_control_frames(), out_of_order()].concat()
}

fn whole() -> Vec<Case> {
    let mut of_single_bytes = Case::open("a message may have a fragment for each byte");
    let text = "Gr\u{fc}\u{df}e";
    let last = text.len() - 1;
    for (index, byte) in text.bytes().enumerate() {
        let first = if index == 0 { 0x01 } else { 0x00 } | if index == last { 0x80 } else { 0 };
        of_single_bytes = of_single_bytes.sends([first, 1, byte]);
    }
    vec![
        of_single_bytes.tells_text(text).closes(1000, ""),
        Case::open("a message of two fragments is one message")
            .sends(b"\x01\x03Hel\x80\x02lo")
            .tells_text("Hello")
            .closes(1000, ""),
        Case::open("a binary message of two fragments is one message")
            .sends(b"\x02\x02\xff\xfe\x80\x01\xfd")
            .tells_binary(b"\xff\xfe\xfd")
            .closes(1000, ""),
        Case::open("any fragment may be empty")
            .sends(b"\x01\x00\x00\x01a\x00\x00\x00\x01b\x80\x00")
            .tells_text("ab")
            .closes(1000, ""),
        Case::open("all fragments may be empty")
            .sends(b"\x01\x00\x00\x00\x80\x00")
            .tells_text("")
            .sends(b"\x02\x00\x80\x00")
            .tells_binary(b"")
            .closes(1000, ""),
        Case::open("messages may follow each other")
            .sends(b"\x01\x01a\x80\x01b")
            .tells_text("ab")
            .sends(b"\x82\x01c")
            .tells_binary(b"c")
            .sends(b"\x02\x01d\x80\x01e")
            .tells_binary(b"de")
            .sends(b"\x81\x00")
            .tells_text("")
            .closes(1000, ""),
        Case::open("a message that is not complete is not told")
            .sends(b"\x01\x03Hel\x00\x02lo")
            .closes(1001, ""),
    ]
}

/// "Control frames MAY be injected in the middle of a fragmented message."
fn with_control_frames() -> Vec<Case> {
    vec![
        Case::open("a ping between fragments is told and answered at once")
            .sends(b"\x01\x03Hel")
            .pings(b"still there?")
            .sends(b"\x80\x02lo")
            .tells_text("Hello")
            .closes(1000, ""),
        Case::open("a pong between fragments is told at once")
            .sends(b"\x02\x01\xff")
            .pongs(b"here")
            .sends(b"\x80\x01\xfe")
            .tells_binary(b"\xff\xfe")
            .closes(1000, ""),
        Case::open("there may be control frames between all fragments")
            .sends(b"\x01\x01a")
            .pings(b"")
            .pongs(b"")
            .sends(b"\x00\x01b")
            .pings(&[b'p'; 125])
            .sends(b"\x00\x00")
            .pongs(&[b'q'; 125])
            .pings(b"2")
            .sends(b"\x80\x01c")
            .tells_text("abc")
            .closes(1000, ""),
        Case::open("a ping between the bytes of a character does not disturb it")
            .sends(b"\x01\x02\xe2\x82")
            .pings(b"\xff\xfe")
            .sends(b"\x80\x01\xac")
            .tells_text("\u{20ac}")
            .closes(1000, ""),
        Case::open("the payload of a ping is no part of the text around it")
            .sends(b"\x01\x01\xc3")
            .pings(b"\xbc")
            .sends(b"\x80\x01")
            .sends(b"a")
            .fails(1007, "a text message is not UTF-8"),
        Case::open("a close frame between fragments ends the connection")
            .sends(b"\x01\x03Hel")
            .closes(1000, "enough")
            .sends(b"\x80\x02lo"),
        Case::open("a close frame without a code between fragments ends it, too")
            .sends(b"\x02\x03Hel")
            .closes_without_code(),
    ]
}

fn out_of_order() -> Vec<Case> {
    let nothing = "a continuation frame continues nothing";
    let inside = "a message starts inside another";
    let fails = |case: Case, header: &[u8], text, rest: &[u8]| {
        case.sends(header).fails(1002, text).sends(rest)
    };
    vec![
        fails(
            Case::open("a last continuation of nothing"),
            b"\x80\x01",
            nothing,
            b"a",
        ),
        fails(
            Case::open("a continuation of nothing"),
            b"\x00\x01",
            nothing,
            b"a",
        ),
        fails(
            Case::open("an empty continuation of nothing"),
            b"\x80\x00",
            nothing,
            b"",
        ),
        fails(
            Case::open("a continuation after a ping").pings(b""),
            b"\x80\x01",
            nothing,
            b"a",
        ),
        fails(
            Case::open("a continuation after a whole message")
                .sends(b"\x81\x01a")
                .tells_text("a"),
            b"\x80\x01",
            nothing,
            b"b",
        ),
        fails(
            Case::open("a continuation after the last fragment")
                .sends(b"\x02\x01a\x80\x01b")
                .tells_binary(b"ab"),
            b"\x00\x00",
            nothing,
            b"\x80\x00",
        ),
        fails(
            Case::open("a whole message inside a message").sends(b"\x01\x01a"),
            b"\x81\x01",
            inside,
            b"b",
        ),
        fails(
            Case::open("a message of the other type inside a message").sends(b"\x02\x01a"),
            b"\x01\x01",
            inside,
            b"b\x80\x00",
        ),
        fails(
            Case::open("an empty message inside an empty message").sends(b"\x01\x00"),
            b"\x82\x00",
            inside,
            b"",
        ),
        fails(
            Case::open("a message inside a message after a ping")
                .sends(b"\x01\x01a")
                .pings(b"p"),
            b"\x01\x01",
            inside,
            b"b",
        ),
    ]
}
