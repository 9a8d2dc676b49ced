//! The stream cipher (RFC 8439, section 2.4), four blocks at a time.

use crate::lanes::U32x4;
use crate::{KEY_LEN, NONCE_LEN};

/// Bytes of a block of the key stream.
pub(crate) const BLOCK_LEN: usize = 64;

/// How many blocks are made at a time: a vector has one word of each.
const BLOCKS: usize = 4;
/// Bytes of that many blocks.
pub(crate) const STRIDE: usize = BLOCKS * BLOCK_LEN;

/// "expand 32-byte k", as words.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
/// Which word of the state counts the blocks.
const COUNTER: usize = 12;

pub(crate) struct ChaCha20 {
    state: [u32; 16],
}

impl ChaCha20 {
    /// The cipher at its block 0.
    pub(crate) fn new(key: &[u8; KEY_LEN], nonce: &[u8; NONCE_LEN]) -> Self {
        let (key, _) = key.as_chunks();
        let (nonce, _) = nonce.as_chunks();
        let mut state = [0; 16];
        state[..4].copy_from_slice(&CONSTANTS);
        for (word, bytes) in state[4..COUNTER].iter_mut().zip(key) {
            *word = u32::from_le_bytes(*bytes);
        }
        for (word, bytes) in state[COUNTER + 1..].iter_mut().zip(nonce) {
            *word = u32::from_le_bytes(*bytes);
        }
        Self { state }
    }

    /// Combines `text` with the key stream. What is left of the last block's is not used any more.
    pub(crate) fn apply(&mut self, text: &mut [u8]) {
        let (strides, rest) = text.as_chunks_mut::<STRIDE>();
        for stride in strides {
            self.apply_stride(stride);
            self.advance(BLOCKS);
        }
        if !rest.is_empty() {
            let mut stride = [0; STRIDE];
            stride[..rest.len()].copy_from_slice(rest);
            self.apply_stride(&mut stride);
            self.advance(rest.len().div_ceil(BLOCK_LEN));
            rest.copy_from_slice(&stride[..rest.len()]);
        }
    }

    fn advance(&mut self, blocks: usize) {
        // Those are at most four.
        self.state[COUNTER] = self.state[COUNTER].wrapping_add(blocks as u32);
    }

    fn apply_stride(&self, text: &mut [u8; STRIDE]) {
        let mut start = self.state.map(U32x4::splat);
        start[COUNTER] = start[COUNTER] + U32x4::new([0, 1, 2, 3]);
        let mut state = start;
        for _ in 0..10 {
            double_round(&mut state);
        }
        for (word, start) in state.iter_mut().zip(start) {
            *word = *word + start;
        }
        let (words, _) = state.as_chunks::<4>();
        let (text, _) = text.as_chunks_mut::<16>();
        for (quarter, words) in words.iter().enumerate() {
            for (block, words) in U32x4::transpose(*words).into_iter().enumerate() {
                let text = &mut text[4 * block + quarter];
                (U32x4::load(text) ^ words).store(text);
            }
        }
    }
}

/// Sections 2.1 to 2.3: columns, then diagonals.
#[inline(always)]
fn double_round(state: &mut [U32x4; 16]) {
    quarter_round::<0, 4, 8, 12>(state);
    quarter_round::<1, 5, 9, 13>(state);
    quarter_round::<2, 6, 10, 14>(state);
    quarter_round::<3, 7, 11, 15>(state);
    quarter_round::<0, 5, 10, 15>(state);
    quarter_round::<1, 6, 11, 12>(state);
    quarter_round::<2, 7, 8, 13>(state);
    quarter_round::<3, 4, 9, 14>(state);
}

#[inline(always)]
fn quarter_round<const A: usize, const B: usize, const C: usize, const D: usize>(
    state: &mut [U32x4; 16],
) {
    state[A] = state[A] + state[B];
    state[D] = (state[D] ^ state[A]).rotate_left::<16>();
    state[C] = state[C] + state[D];
    state[B] = (state[B] ^ state[C]).rotate_left::<12>();
    state[A] = state[A] + state[B];
    state[D] = (state[D] ^ state[A]).rotate_left::<8>();
    state[C] = state[C] + state[D];
    state[B] = (state[B] ^ state[C]).rotate_left::<7>();
}
