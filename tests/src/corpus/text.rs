//! Text that is not UTF-8 (RFC 6455, section 8.1): the byte that proves it fails the connection,
//! whether or not the frame is complete. What is UTF-8 and what is not, Autobahn asks, too; not
//! whether each of these bytes is the first to prove it.

use super::Case;

const TEXT: &str = "a text message is not UTF-8";

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [valid(), within_a_frame(), across_frames()].concat()
}

fn valid() -> Vec<Case> {
    [
        ("zeros", "a\0b"),
        ("a byte order mark", "\u{feff}a"),
        ("noncharacters", "\u{fffe}\u{ffff}\u{10ffff}"),
        (
            "the ends of each length",
            "\0\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}",
        ),
        ("the neighbours of surrogates", "\u{d7ff}\u{e000}"),
    ]
    .into_iter()
    .map(|(what, text)| {
        Case::open(format!("a text may have {what}"))
            .sends(crate::frame(0x81, text.as_bytes()))
            .tells_text(text)
            .closes(1000, "")
    })
    .collect()
}

/// Each is the start of a frame of 125 bytes, and ends with the byte that proves it.
fn within_a_frame() -> Vec<Case> {
    [
        ("a byte that is none of UTF-8", &b"\xff"[..]),
        ("a continuation byte alone", b"\x80"),
        ("a continuation byte after a character", b"\xc3\xbc\xbc"),
        ("a character of five bytes", b"\xf8"),
        ("an overlong character of two bytes", b"\xc0"),
        ("another overlong character of two bytes", b"\xc1"),
        ("an overlong character of three bytes", b"\xe0\x9f"),
        ("an overlong character of four bytes", b"\xf0\x8f"),
        ("a high surrogate", b"\xed\xa0"),
        ("a low surrogate", b"\xed\xbf"),
        ("a character above U+10FFFF", b"\xf4\x90"),
        ("a character far above U+10FFFF", b"\xf5"),
        ("ASCII after the first byte of two", b"\xc3a"),
        ("ASCII after two bytes of three", b"\xe2\x82a"),
        ("ASCII after three bytes of four", b"\xf0\x9f\x98a"),
        ("a start after a start", b"\xc3\xc3"),
        (
            "a bad byte after a long text",
            &[&[b'x'; 100][..], b"\xff"].concat(),
        ),
    ]
    .into_iter()
    .map(|(what, text)| {
        Case::open(format!("text with {what}"))
            .sends(b"\x81\x7d")
            .sends(text)
            .fails(1007, TEXT)
            .sends(vec![b'x'; 125 - text.len()])
    })
    .collect()
}

fn across_frames() -> Vec<Case> {
    vec![
        Case::open("text that is cut off in a character")
            .sends(b"\x81\x03a\xe2\x82")
            .fails(1007, TEXT),
        Case::open("text that is cut off in a character in its last fragment")
            .sends(b"\x01\x01a\x80\x01\xc3")
            .fails(1007, TEXT),
        Case::open("text that is cut off before an empty last fragment")
            .sends(b"\x01\x01\xc3\x80\x00")
            .fails(1007, TEXT),
        Case::open("a character may be cut in two by fragments")
            .sends(b"\x01\x01\xc3\x80\x01\xbc")
            .tells_text("\u{fc}")
            .closes(1000, ""),
        Case::open("a bad byte in the first fragment")
            .sends(b"\x01\x05a\xff")
            .fails(1007, TEXT)
            .sends(b"bcd\x80\x00"),
        Case::open("a bad byte first in the last fragment")
            .sends(b"\x01\x02a\xe2\x80\x05\x28")
            .fails(1007, TEXT)
            .sends(b"\xa1"),
        Case::open("a text starts anew after a text")
            .sends(b"\x81\x01a")
            .tells_text("a")
            .sends(b"\x81\x02\x82")
            .fails(1007, TEXT),
    ]
}
