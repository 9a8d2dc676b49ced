//! The stream cipher (RFC 8439, section 2.4), four blocks at a time.

use crate::lanes::U32x4;
use crate::{KEY_LEN, NONCE_LEN};

/// Bytes of a block of the key stream.
pub(crate) const BLOCK_LEN: usize = 64;

/// How many blocks are made at a time: a vector has one word of each.
const BLOCKS: usize = 4;
/// Bytes of that many blocks.
pub(crate) const STRIDE: usize = BLOCKS * BLOCK_LEN;

/// How many rounds make a block.
pub(crate) const ROUNDS: usize = 20;

/// "expand 32-byte k", as words.
const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
/// Which word of the state counts the blocks.
const COUNTER: usize = 12;

#[derive(Clone)]
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
            self.next(|_| {}).combine(stride);
        }
        if !rest.is_empty() {
            let mut stride = [0; STRIDE];
            stride[..rest.len()].copy_from_slice(rest);
            self.next(|_| {}).combine(&mut stride);
            rest.copy_from_slice(&stride[..rest.len()]);
        }
    }

    /// Makes the key stream of the next [`STRIDE`] bytes. Between the rounds, of which there are
    /// [`ROUNDS`], calls `beside` with their number: what it computes without vectors the processor
    /// does beside them.
    #[inline(always)]
    pub(crate) fn next(&mut self, mut beside: impl FnMut(usize)) -> KeyStream {
        let mut start = self.state.map(U32x4::splat);
        start[COUNTER] = start[COUNTER] + U32x4::new([0, 1, 2, 3]);
        // There are four of them.
        self.state[COUNTER] = self.state[COUNTER].wrapping_add(BLOCKS as u32);
        let mut state = start;
        for double in 0..ROUNDS / 2 {
            column_round(&mut state);
            beside(2 * double);
            diagonal_round(&mut state);
            beside(2 * double + 1);
        }
        for (word, start) in state.iter_mut().zip(start) {
            *word = *word + start;
        }
        KeyStream(state)
    }
}

/// The key stream of [`STRIDE`] bytes: vectors with a word of each block.
pub(crate) struct KeyStream([U32x4; 16]);

impl KeyStream {
    #[inline(always)]
    pub(crate) fn combine(self, text: &mut [u8; STRIDE]) {
        let (words, _) = self.0.as_chunks::<4>();
        let (text, _) = text.as_chunks_mut::<16>();
        for (quarter, words) in words.iter().enumerate() {
            for (block, words) in U32x4::transpose(*words).into_iter().enumerate() {
                let text = &mut text[4 * block + quarter];
                (U32x4::load(text) ^ words).store(text);
            }
        }
    }
}

/// Section 2.3, as the one after it.
#[inline(always)]
fn column_round(state: &mut [U32x4; 16]) {
    quarter_round::<0, 4, 8, 12>(state);
    quarter_round::<1, 5, 9, 13>(state);
    quarter_round::<2, 6, 10, 14>(state);
    quarter_round::<3, 7, 11, 15>(state);
}

#[inline(always)]
fn diagonal_round(state: &mut [U32x4; 16]) {
    quarter_round::<0, 5, 10, 15>(state);
    quarter_round::<1, 6, 11, 12>(state);
    quarter_round::<2, 7, 8, 13>(state);
    quarter_round::<3, 4, 9, 14>(state);
}

/// Section 2.1.
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
