use wasocket::{FailureKind, Timeout};

use crate::fault_proxy::case::Expected;
use crate::fault_proxy::expected::{failing, success};
use crate::fault_proxy::layout::Phase;

/// What a byte is, of the head of a request or an answer (RFC 9112, section 2.1).
enum Spot<'a> {
    /// The byte at this position in the first line.
    StartLine(usize),
    /// The end of the first line.
    StartLineEnd,
    /// The name of this field.
    Name(&'a str),
    /// The colon after the name.
    Colon,
    /// The space before the value of this field.
    Space(&'a str),
    /// The value of this field.
    Value(&'a str),
    /// The end of the line of this field, and whether it is the last.
    FieldEnd(&'a str, bool),
    /// The empty line that ends the head.
    End,
}

impl<'a> Spot<'a> {
    fn of(head: &'a [u8], at: usize) -> Self {
        let head = str::from_utf8(head).expect("ASCII");
        let mut start = 0;
        for (index, line) in head.split_inclusive('\n').enumerate() {
            let end = start + line.len();
            if at >= end {
                start = end;
                continue;
            }
            let (at, text) = (at - start, line.trim_end());
            let Some((name, value)) = text.split_once(": ") else {
                return match text {
                    "" => Self::End,
                    text if at < text.len() => Self::StartLine(at),
                    _ => Self::StartLineEnd,
                };
            };
            assert!(index > 0, "{text}");
            let value_start = text.len() - value.len();
            return match at {
                at if at < name.len() => Self::Name(name),
                at if at == name.len() => Self::Colon,
                at if at < value_start => Self::Space(name),
                at if at < text.len() => Self::Value(name),
                _ => Self::FieldEnd(name, head[end..].len() == 2),
            };
        }
        panic!("byte {at} of {} bytes", head.len())
    }
}

/// What is told if bits of this byte of the request are flipped, which the server judges. It answers
/// what it takes for a request, and ends the stream if that is wrong.
pub(super) fn request(head: &[u8], at: usize, bits: u8) -> Expected {
    /// Where the path stands, which may be anything.
    const PATH: usize = "GET ".len();

    let (byte, flipped) = (head[at], head[at] ^ bits);
    let is_harmless = match Spot::of(head, at) {
        Spot::StartLine(at) => at == PATH && is_visible(flipped),
        Spot::Name(field) => is_token(flipped) && (is_same(byte, flipped) || is_ignored(field)),
        Spot::Space(field) => is_visible(flipped) && is_ignored(field),
        // Of the last character before the padding only two bits count; the others have to be 0.
        Spot::Value("Sec-WebSocket-Key") if head[at + 1] != b'=' => {
            return Expected::OfKey { at, bits };
        }
        Spot::Value(field) => {
            is_visible(flipped) && (is_ignored(field) || is_word(field) && is_same(byte, flipped))
        }
        // RFC 9112, section 2.2: a line may end without CR. What stands in its place is the value's.
        Spot::FieldEnd(field, _) => is_visible(flipped) && byte == b'\r' && is_ignored(field),
        Spot::StartLineEnd | Spot::Colon | Spot::End => false,
    };
    Expected::Told(if is_harmless {
        success()
    } else {
        failing(Phase::Opening, FailureKind::ConnectionEnded)
    })
}

/// What is told if the key is changed at this byte, which is this one.
pub(in crate::fault_proxy) fn key_expected(byte: u8, bits: u8) -> FailureKind {
    let flipped = byte ^ bits;
    if flipped.is_ascii_alphanumeric() || matches!(flipped, b'+' | b'/') {
        // The server answers another key than ours.
        FailureKind::HandshakeInvalid
    } else {
        FailureKind::ConnectionEnded
    }
}

/// What is told if bits of this byte of the answer are flipped, which the client judges.
pub(super) fn answer(head: &[u8], at: usize, bits: u8) -> Expected {
    /// Where the status code stands that is taken for 100 to 199, whose other digits do not matter:
    /// what follows an interim answer is waited for.
    const STATUS_CLASS: usize = "HTTP/1.1 ".len();
    const REASON_PHRASE: usize = "HTTP/1.1 101 ".len();

    let waiting = FailureKind::Timeout(Timeout::Connect);
    let (byte, flipped) = (head[at], head[at] ^ bits);
    let is_harmless = match Spot::of(head, at) {
        Spot::StartLine(at) if at > STATUS_CLASS && flipped.is_ascii_digit() => {
            return told(waiting);
        }
        Spot::StartLine(at) => at >= REASON_PHRASE && is_visible(flipped),
        Spot::StartLineEnd => byte == b'\r' && is_visible(flipped),
        Spot::Name(_) => is_same(byte, flipped),
        Spot::Value(field) => is_word(field) && is_same(byte, flipped),
        // There is no empty line any more.
        Spot::FieldEnd(_, true) if byte == b'\n' => return told(waiting),
        Spot::End => return told(waiting),
        Spot::Colon | Spot::Space(_) | Spot::FieldEnd(..) => false,
    };
    if is_harmless {
        Expected::Told(success())
    } else {
        told(FailureKind::HandshakeInvalid)
    }
}

fn told(kind: FailureKind) -> Expected {
    Expected::Told(failing(Phase::Opening, kind))
}

/// Whether the server that is used here does not look at this field of a request.
fn is_ignored(field: &str) -> bool {
    matches!(field, "Host" | "Sec-WebSocket-Extensions")
}

/// Whether upper and lower case are the same in the value of this field (RFC 6455, section 4.2.1).
fn is_word(field: &str) -> bool {
    field.eq_ignore_ascii_case("Upgrade") || field.eq_ignore_ascii_case("Connection")
}

fn is_same(byte: u8, flipped: u8) -> bool {
    byte.eq_ignore_ascii_case(&flipped)
}

/// Whether it may stand in a value, or in a reason phrase.
fn is_visible(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

/// Whether it may stand in a name (RFC 9110, section 5.6.2), of those that come of a letter or `-`.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'`')
}
