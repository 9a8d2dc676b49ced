//! A block at a time, by products of 128 bits.
//!
//! Numbers are modulo 2^130 - 5, in two words of 64 bits and a third that stays below 8.

use super::{BLOCK_LEN, KEY_LEN, for_each_block, halves};
use crate::TAG_LEN;

pub(crate) struct Poly1305 {
    /// The key's first half, clamped.
    r: [u64; 2],
    /// Five quarters of its high word, which is a multiple of 4: what it comes to above 2^130, which
    /// is 5.
    r1_folded: u64,
    /// The key's second half.
    s: u128,
    sum: [u64; 3],
}

impl Poly1305 {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Self {
        let [r, s] = halves(key);
        let [r0, r1] = [low(r), high(r)];
        Self {
            r: [r0, r1],
            r1_folded: r1 + (r1 >> 2),
            s,
            sum: [0; 3],
        }
    }

    /// Takes what is next, and zeros to the end of its last block.
    pub(crate) fn update_padded(&mut self, bytes: &[u8]) {
        for_each_block(bytes, |block| self.update_block(block));
    }

    #[inline(always)]
    pub(crate) fn update_block(&mut self, block: &[u8; BLOCK_LEN]) {
        let block = u128::from_le_bytes(*block);
        let [h0, h1, h2] = self.sum;
        let [r0, r1] = self.r;

        let sum = u128::from(h0) + u128::from(low(block));
        let h0 = low(sum);
        let sum = u128::from(h1) + u128::from(high(block)) + u128::from(high(sum));
        let h1 = low(sum);
        // 1 is 2^128 here, which stands above the sixteen bytes of a block.
        let h2 = h2 + high(sum) + 1;

        // The clamped words are below 2^60, so that no sum is above 2^127, and the highest word below
        // 2^63.
        let p0 = product(h0, r0) + product(h1, self.r1_folded);
        let p1 = product(h0, r1) + product(h1, r0) + product(h2, self.r1_folded);
        let p1 = p1 + u128::from(high(p0));
        let p2 = h2 * r0 + high(p1);

        // What is above 130 bits, times 5: four times, which is where it stands, and once.
        let above = (p2 & !3) + (p2 >> 2);
        let sum = u128::from(low(p0)) + u128::from(above);
        let h0 = low(sum);
        let sum = u128::from(low(p1)) + u128::from(high(sum));
        self.sum = [h0, low(sum), (p2 & 3) + high(sum)];
    }

    pub(crate) fn finish(self) -> [u8; TAG_LEN] {
        let [h0, h1, h2] = self.sum;
        let number = u128::from(h0) | u128::from(h1) << 64;
        // The number is below twice the prime. If it is not below the prime, it is the number less
        // 2^130 - 5: which is 5 more, without what is above 130 bits.
        let (plus_five, carry) = number.overflowing_add(5);
        // All ones if there is something above 130 bits.
        let reduced = 0u128.wrapping_sub(u128::from((h2 + u64::from(carry)) >> 2));
        // What is above 128 bits is of no account.
        let number = (number & !reduced) | (plus_five & reduced);
        number.wrapping_add(self.s).to_le_bytes()
    }
}

fn low(number: u128) -> u64 {
    number as u64
}

fn high(number: u128) -> u64 {
    (number >> 64) as u64
}

fn product(a: u64, b: u64) -> u128 {
    u128::from(a) * u128::from(b)
}
