//! The closing handshake (RFC 6455, sections 5.5.1 and 7): each range of codes, reasons up to the
//! longest, and what comes after a Close frame.

use crate::{close_payload, frame};

use super::Case;

/// The longest reason, in bytes.
const LONGEST: usize = 123;

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [
        codes(),
        wrong_codes(),
        reasons(),
        wrong_reasons(),
        afterwards(),
        closed_by_the_client(),
    ]
    .concat()
}

/// Section 7.4, and IANA's registry for 1012 to 1014. Section 5.5.1: "When sending a Close frame in
/// response, the endpoint typically echos the status code it received." So the answer is the code;
/// `ws` and Python's `websockets` repeat the reason, too, which tells the server nothing.
fn codes() -> Vec<Case> {
    (1000..=1003)
        .chain(1007..=1014)
        .chain([3000, 3001, 3999, 4000, 4001, 4999])
        .map(|code| Case::open(format!("the server closes with {code}")).closes(code, "bye"))
        .collect()
}

/// Section 7.4.1 forbids 1005, 1006 and 1015 on the wire and reserves 1004; section 7.4.2 has no
/// use for 0 to 999 and reserves what is left of 1000 to 2999; above 4999 there is nothing. `ws`
/// and Python's `websockets` refuse the same.
fn wrong_codes() -> Vec<Case> {
    [
        0, 1, 100, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2500, 2999, 5000, 5999,
        9999, 32_767, 32_768, 65_534, 65_535,
    ]
    .into_iter()
    .map(|code| {
        Case::open(format!("the server closes with {code}, which it may not"))
            .sends(frame(0x88, &close_payload(code, "")))
            .fails(1002, &format!("the close code {code} may not be sent"))
    })
    .chain([
        Case::open("a close frame of one byte")
            .sends(b"\x88\x01\x03")
            .fails(1002, "a close frame has a payload of one byte"),
        Case::open("a close frame of one byte, which is zero")
            .sends(b"\x88\x01\x00")
            .fails(1002, "a close frame has a payload of one byte"),
        Case::open("a code that may not be sent counts before a reason that is not UTF-8")
            .sends(b"\x88\x03\x03\xed\xff")
            .fails(1002, "the close code 1005 may not be sent"),
    ])
    .collect()
}

fn reasons() -> Vec<Case> {
    let two_bytes_each = "\u{fc}".repeat(LONGEST / 2) + ".";
    let three_bytes_each = "\u{20ac}".repeat(LONGEST / 3);
    let reasons = [
        ("of no bytes", String::new()),
        ("of one byte", "x".into()),
        ("of 122 bytes", "x".repeat(122)),
        ("of 123 bytes", "x".repeat(LONGEST)),
        ("of 62 characters in 123 bytes", two_bytes_each),
        ("of 41 characters in 123 bytes", three_bytes_each),
        ("of zeros", "\0\0".into()),
        ("of lines", "one\r\ntwo\n".into()),
        ("with a byte order mark", "\u{feff}x".into()),
        ("of the last character", "\u{10ffff}".into()),
    ];
    reasons
        .into_iter()
        .map(|(what, reason)| Case::open(format!("a reason {what}")).closes(1000, &reason))
        .chain([Case::open("neither a code nor a reason").closes_without_code()])
        .collect()
}

fn wrong_reasons() -> Vec<Case> {
    let mut cases = vec![
        // On the header, whose length is over that of a control frame.
        Case::open("a reason of 124 bytes")
            .sends(b"\x88\x7e")
            .fails(1002, "a control frame is longer than 125 bytes")
            .sends(b"\x00\x7e\x03\xe8")
            .sends([b'x'; 124]),
        Case::open("a reason of 124 bytes with a length that is not as it should be")
            .sends(b"\x88\x7f")
            .fails(1002, "a control frame is longer than 125 bytes")
            .sends(b"\0\0\0\0\0\0\0\x7e\x03\xe8")
            .sends([b'x'; 124]),
    ];
    let cut_off = [&[b'x'; LONGEST - 2][..], b"\xe2\x82"].concat();
    for (what, reason) in [
        ("with a byte that is none of UTF-8", &b"bye\xff"[..]),
        ("of a continuation byte", b"\x80"),
        ("of an overlong character", b"\xc0\xaf"),
        ("of a surrogate", b"\xed\xa0\x80"),
        ("of a pair of surrogates", b"\xed\xa0\xbd\xed\xb8\x80"),
        ("above U+10FFFF", b"\xf4\x90\x80\x80"),
        ("that is cut off after one byte", b"\xc3"),
        ("that is cut off at its longest", &cut_off),
    ] {
        let payload = [&1000_u16.to_be_bytes(), reason].concat();
        cases.push(
            Case::open(format!("a reason {what}"))
                .sends(frame(0x88, &payload))
                .fails(1007, "the reason of a close frame is not UTF-8"),
        );
    }
    cases
}

/// Section 5.5.1: "After both sending and receiving a Close message, an endpoint considers the
/// WebSocket connection closed". What comes then is nobody's, however wrong it is.
fn afterwards() -> Vec<Case> {
    let after = |what: &str, bytes: &[u8]| {
        Case::open(format!("{what} after a close frame"))
            .closes(1000, "bye")
            .sends(bytes)
    };
    vec![
        after("a text message", b"\x81\x05Hello"),
        after("a ping", b"\x89\x01p"),
        after("a second close frame", b"\x88\x02\x03\xe9"),
        after("a bad frame", b"\xff\xff\xff\xff"),
        after("a half of a frame", b"\x82\x7e\x01"),
        after("a megabyte", &vec![0x82; 1 << 20]),
        after("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Case::open("a message before a close frame is told")
            .sends(b"\x81\x05Hello")
            .tells_text("Hello")
            .closes(1000, "bye"),
        Case::open("a close frame is answered though the stream ends with it")
            .closes(1001, "going")
            .ends_at_once(),
        Case::open("a close frame without a code is answered though the stream ends with it")
            .closes_without_code()
            .ends_at_once(),
        Case::open("a connection may be closed at once").closes(1000, ""),
        Case::open("data after a bad frame")
            .sends(b"\x81\x01a")
            .tells_text("a")
            .sends(b"\x83")
            .fails(1002, "the opcode 0x3 is reserved")
            .sends(b"\x00\x81\x01b\x88\x02\x03\xe8"),
    ]
}

/// The client sends its Close frame first: messages still arrive until the server's.
fn closed_by_the_client() -> Vec<Case> {
    let closing = |name| Case::open(name).client_closes(1000, "done");
    let longest = "x".repeat(LONGEST);
    vec![
        closing("the server answers with the code and the reason").closes(1000, "done"),
        closing("the server answers with the code alone").closes(1000, ""),
        closing("the server answers with another code").closes(4000, "other"),
        closing("the server answers without a code").closes_without_code(),
        Case::open("the client closes with the longest reason")
            .client_closes(4999, &longest)
            .closes(4999, &longest),
        closing("messages arrive until the server answers")
            .sends(b"\x81\x05Hello")
            .tells_text("Hello")
            .sends(b"\x02\x01a\x80\x01b")
            .tells_binary(b"ab")
            .closes(1000, "done"),
        // Section 5.5.2: "unless it already received a Close frame", which ours is not.
        closing("a ping is answered until the server answers")
            .pings(b"p")
            .closes(1000, "done"),
        closing("a ping is not answered once the server has answered")
            .pings(b"1")
            .pings(b"2")
            .closes(1000, "done")
            .sends(b"\x89\x013"),
        closing("of 1,000 pings in place of an answer the last is answered")
            .may_skip_pongs()
            .repeated(1000, |case, index| case.pings(&index.to_be_bytes())),
        closing("a ping is answered before a bad frame in place of an answer")
            .pings(b"p")
            .sends(b"\x83")
            .fails(1002, "the opcode 0x3 is reserved")
            .sends(b"\x00"),
        closing("a pong arrives until the server answers")
            .pongs(b"late")
            .closes(1000, "done"),
        closing("a message that is not complete when the server answers is not told")
            .sends(b"\x01\x05Hello")
            .closes(1000, ""),
        closing("nothing arrives after the server has answered")
            .closes(1000, "done")
            .sends(b"\x81\x05Hello\x83\x00"),
        closing("the stream ends with the answer")
            .closes(1000, "")
            .ends_at_once(),
        closing("the stream ends in place of an answer"),
        closing("the stream ends inside of an answer").sends(b"\x88\x02\x03"),
        // There is no second Close frame that could say so.
        closing("a bad frame in place of an answer")
            .sends(b"\x83")
            .fails(1002, "the opcode 0x3 is reserved")
            .sends(b"\x00\x88\x02\x03\xe8"),
        closing("an answer that may not be sent")
            .sends(b"\x88\x02\x03\xed")
            .fails(1002, "the close code 1005 may not be sent"),
        closing("an answer of one byte")
            .sends(b"\x88\x01\x03")
            .fails(1002, "a close frame has a payload of one byte"),
        closing("an answer whose reason is not UTF-8")
            .sends(b"\x88\x03\x03\xe8\xff")
            .fails(1007, "the reason of a close frame is not UTF-8"),
        closing("text that is not UTF-8 in place of an answer")
            .sends(b"\x81\x02\xff")
            .fails(1007, "a text message is not UTF-8"),
    ]
}
