//! ChaCha20-Poly1305 (RFC 8439) with the vector instructions of WebAssembly.
//!
//! Bulk data over TLS costs the guest most in its cipher, and no crate has one for `simd128`: this is
//! more than twice as fast in wasm as the best of them (see `docs/benchmarks.md`). Elsewhere the same
//! code runs on arrays in place of vectors, so that what is tested natively is what runs in wasm.
//!
//! Nothing branches on, or indexes by, what is secret. Additions, exclusive ors, rotations and
//! multiplications of 32 bits take the same time for all values on the processors that we know of.

#![no_std]

#[cfg(test)]
extern crate std;

mod chacha20;
mod lanes;
mod poly1305;
#[cfg(test)]
mod tests;

use chacha20::ChaCha20;
use poly1305::Poly1305;
use subtle::ConstantTimeEq;

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
        let (cipher, authenticator) = self.start(nonce);
        cipher.apply(text);
        authenticator.tag(associated, text)
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
        let (cipher, authenticator) = self.start(nonce);
        if !bool::from(authenticator.tag(associated, text).ct_eq(tag)) {
            return Err(WrongTag);
        }
        cipher.apply(text);
        Ok(())
    }

    fn start(&self, nonce: &[u8; NONCE_LEN]) -> (Cipher, Authenticator) {
        let mut blocks = ChaCha20::new(&self.key, nonce);
        let mut start = [0; chacha20::STRIDE];
        blocks.apply(&mut start);
        let key = start.first_chunk().expect("a block is longer than a key");
        let authenticator = Authenticator(Poly1305::new(key));
        (Cipher { start, blocks }, authenticator)
    }
}

/// ChaCha20 from its block 1 on. Block 0 has the key of the authenticator (section 2.6).
struct Cipher {
    /// The key stream of the first blocks, which are made together.
    start: [u8; chacha20::STRIDE],
    /// What follows them.
    blocks: ChaCha20,
}

impl Cipher {
    fn apply(mut self, text: &mut [u8]) {
        let start = &self.start[chacha20::BLOCK_LEN..];
        let (first, rest) = text.split_at_mut(text.len().min(start.len()));
        for (byte, key) in first.iter_mut().zip(start) {
            *byte ^= key;
        }
        self.blocks.apply(rest);
    }
}

/// Poly1305 over what an AEAD authenticates (section 2.8).
struct Authenticator(Poly1305);

impl Authenticator {
    fn tag(mut self, associated: &[u8], text: &[u8]) -> [u8; TAG_LEN] {
        self.0.update_padded(associated);
        self.0.update_padded(text);
        let mut lengths = [0; poly1305::BLOCK_LEN];
        lengths[..8].copy_from_slice(&(associated.len() as u64).to_le_bytes());
        lengths[8..].copy_from_slice(&(text.len() as u64).to_le_bytes());
        self.0.update_padded(&lengths);
        self.0.finish()
    }
}
