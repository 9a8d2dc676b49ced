//! permessage-deflate (RFC 7692): how a server accepts it, and the compressed messages that it
//! sends. The client offers `permessage-deflate; client_max_window_bits`, as browsers do.

mod data;
mod messages;
mod negotiation;

use super::Case;

const FIELD: &str = "Sec-WebSocket-Extensions";

/// "Hello", compressed (section 7.2.3.1).
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

/// "Hello" again, as it refers to the message before it (section 7.2.3.2).
const HELLO_AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";

const NOT_DEFLATE: &str = "a message cannot be decompressed";

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [negotiation::cases(), messages::cases(), data::cases()].concat()
}

/// The server accepts permessage-deflate with nothing else.
fn compressing(name: impl Into<String>) -> Case {
    accepting(
        name,
        "",
        "; server_max_window_bits=15; client_max_window_bits=15",
    )
}

/// The server accepts with these parameters, by which those `agreed` hold.
fn accepting(name: impl Into<String>, parameters: &str, agreed: &str) -> Case {
    let value = format!("permessage-deflate{parameters}");
    Case::new(name)
        .answers(&format!("{FIELD}: {value}\r\n"))
        .opens_with(&format!("permessage-deflate{agreed}"), &[(FIELD, &value)])
}

/// A block without compression, which is a way to write anything as DEFLATE, and what is left of the
/// empty one at the end of each message.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).expect("at most 65,535 bytes");
    [
        &[0x00][..],
        &len.to_le_bytes(),
        &(!len).to_le_bytes(),
        bytes,
        &[0x00],
    ]
    .concat()
}
