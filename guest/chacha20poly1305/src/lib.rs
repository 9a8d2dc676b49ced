//! ChaCha20-Poly1305 (RFC 8439) with the vector instructions of WebAssembly.
//!
//! Bulk data over TLS costs the guest most in its cipher, and no crate has one for `simd128`: this is
//! more than twice as fast in wasm as the best of them (see `docs/benchmarks.md`). Elsewhere the same
//! code runs on arrays in place of vectors, so that what is tested natively is what runs in wasm.
//!
//! Cipher and authenticator do their work one after the other, both in vectors, or with the feature
//! `wide-arithmetic` side by side, the authenticator by products of 128 bits.
//!
//! Nothing branches on, or indexes by, what is secret. Additions, exclusive ors, rotations and
//! multiplications take the same time for all values on the processors that we know of.

#![no_std]

#[cfg(test)]
extern crate std;

#[cfg(any(test, not(feature = "wide-arithmetic")))]
mod apart;
mod chacha20;
mod lanes;
mod poly1305;
#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "wide-arithmetic"))]
mod together;

#[cfg(not(feature = "wide-arithmetic"))]
use apart as way;
use chacha20::ChaCha20;
#[cfg(feature = "wide-arithmetic")]
use together as way;

/// Bytes of a key.
pub const KEY_LEN: usize = 32;
/// Bytes of a nonce.
pub const NONCE_LEN: usize = 12;
/// Bytes of a tag.
pub const TAG_LEN: usize = 16;

/// The AEAD of RFC 8439, section 2.8, under one key.
pub struct ChaCha20Poly1305 {
    key: [u8; KEY_LEN],
}

/// The tag is not that of this text, associated data, nonce and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongTag;

impl ChaCha20Poly1305 {
    /// The AEAD under this key.
    pub const fn new(key: [u8; KEY_LEN]) -> Self {
        Self { key }
    }

    /// Encrypts `text` where it is; returns the tag.
    ///
    /// A nonce serves for one text. `text` is at most 256 GiB long, which its callers, records of TLS,
    /// are far from.
    pub fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        associated: &[u8],
        text: &mut [u8],
    ) -> [u8; TAG_LEN] {
        way::seal(&self.start(nonce), associated, text)
    }

    /// Decrypts `text` where it is, if it has this tag.
    ///
    /// # Errors
    ///
    /// If it has not. `text` is then as it was.
    pub fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        associated: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), WrongTag> {
        way::open(&self.start(nonce), associated, text, tag)
    }

    fn start(&self, nonce: &[u8; NONCE_LEN]) -> Start {
        let mut blocks = ChaCha20::new(&self.key, nonce);
        let mut stream = [0; chacha20::STRIDE];
        blocks.apply(&mut stream);
        Start { stream, blocks }
    }
}

/// What is made of key and nonce: block 0 of the key stream, which has the key of the authenticator
/// (section 2.6), and the cipher from block 1 on.
struct Start {
    /// The key stream of the first blocks, which are made together.
    stream: [u8; chacha20::STRIDE],
    /// What follows them.
    blocks: ChaCha20,
}

impl Start {
    fn authenticator_key(&self) -> &[u8; poly1305::KEY_LEN] {
        let key = self.stream.first_chunk();
        key.expect("a block is longer than a key")
    }

    /// Combines `first`, what [`split`] says, with the key stream.
    fn apply_first(&self, first: &mut [u8]) {
        for (byte, key) in first.iter_mut().zip(&self.stream[chacha20::BLOCK_LEN..]) {
            *byte ^= key;
        }
    }

    /// Combines `text` with the key stream.
    fn apply(&self, text: &mut [u8]) {
        let (first, rest) = split(text);
        self.apply_first(first);
        self.blocks.clone().apply(rest);
    }
}

/// What of `text` the first blocks are for, and the rest.
fn split(text: &mut [u8]) -> (&mut [u8], &mut [u8]) {
    let first_len = chacha20::STRIDE - chacha20::BLOCK_LEN;
    text.split_at_mut(text.len().min(first_len))
}
