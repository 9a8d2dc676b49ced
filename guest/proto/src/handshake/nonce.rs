use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What every server appends to the key before hashing it (RFC 6455, section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The nonce of one opening handshake: 16 bytes, chosen at random for each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// A nonce of these bytes, which must come from a source of randomness.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The value of the Sec-WebSocket-Key header field.
    pub(crate) fn key(self) -> String {
        STANDARD.encode(self.0)
    }

    /// The value that the Sec-WebSocket-Accept header field of the answer must have.
    pub(crate) fn accept(self) -> String {
        let mut hash = Sha1::new();
        hash.update(self.key());
        hash.update(GUID);
        STANDARD.encode(hash.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 6455, section 1.3.
        let nonce = Nonce::new(*b"the sample nonce");
        assert_eq!(nonce.key(), "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(nonce.accept(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
