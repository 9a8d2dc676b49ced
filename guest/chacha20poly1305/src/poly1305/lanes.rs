//! Two blocks at a time, in the lanes of vectors.
//!
//! Numbers are modulo 2^130 - 5, in five limbs of 26 bits, so that products of limbs and their sums fit
//! 64 bits. A limb may be longer than 26 bits between carries, by a bit or two.

use core::array;

use super::{BLOCK_LEN, KEY_LEN, for_each_block, halves};
use crate::TAG_LEN;
use crate::lanes::U64x2;

const LIMBS: usize = 5;
const LIMB_BITS: u32 = 26;
const LIMB: u64 = (1 << LIMB_BITS) - 1;
/// What is added above the sixteen bytes of a block: 2^128, as part of the highest limb.
const ABOVE_BLOCK: u64 = 1 << 24;
/// Below this many blocks the second lane costs more than it gains.
const MIN_PAIRED_LEN: usize = 4 * BLOCK_LEN;

type Limbs = [u64; LIMBS];

pub(crate) struct Poly1305 {
    /// The key's first half, clamped, and its square.
    r: Limbs,
    r_squared: Limbs,
    /// The key's second half.
    s: u128,
    sum: Limbs,
}

impl Poly1305 {
    pub(crate) fn new(key: &[u8; KEY_LEN]) -> Self {
        let [r, s] = halves(key);
        let r = limbs(r);
        Self {
            r,
            r_squared: multiply(&r, &r),
            s,
            sum: [0; LIMBS],
        }
    }

    /// Takes what is next, and zeros to the end of its last block.
    pub(crate) fn update_padded(&mut self, bytes: &[u8]) {
        let (paired, rest) = match bytes.len() {
            len if len < MIN_PAIRED_LEN => bytes.split_at(0),
            len => bytes.split_at(len - len % (2 * BLOCK_LEN)),
        };
        if !paired.is_empty() {
            self.update_pairs(paired.as_chunks().0);
        }
        for_each_block(rest, |block| self.update_block(block));
    }

    fn update_block(&mut self, block: &[u8; BLOCK_LEN]) {
        let block = limbs(u128::from_le_bytes(*block));
        for (sum, limb) in self.sum.iter_mut().zip(block) {
            *sum += limb;
        }
        self.sum[LIMBS - 1] += ABOVE_BLOCK;
        self.sum = multiply(&self.sum, &self.r);
    }

    /// One lane takes the first block of each pair and the other the second, each as if the blocks
    /// between were its own: by multiplying with the square. The lanes become one in the last pair.
    fn update_pairs(&mut self, pairs: &[[u8; 2 * BLOCK_LEN]]) {
        let r_squared = Factor::new(self.r_squared.map(U64x2::splat));
        let last_factor = Factor::new(array::from_fn(|i| {
            U64x2::new([self.r_squared[i], self.r[i]])
        }));
        let mut sum = self.sum.map(|limb| U64x2::new([limb, 0]));
        let last = pairs.len() - 1;
        for pair in &pairs[..last] {
            add_pair(&mut sum, pair);
            sum = r_squared.multiply(&sum);
        }
        add_pair(&mut sum, &pairs[last]);
        let product = last_factor.multiply(&sum);
        self.sum = carry(product.map(|lanes| {
            let [first, second] = lanes.to_array();
            first + second
        }));
    }

    pub(crate) fn finish(self) -> [u8; TAG_LEN] {
        // Twice, for the carry of the highest limb goes to the lowest.
        let [h0, h1, h2, h3, h4] = carry(carry(self.sum));
        // Below 2^130 now, in limbs of 26 bits. The number is h or, if that is not less than the prime,
        // h - (2^130 - 5): which is h + 5 without what is above 130 bits.
        let mut plus_five = [h0 + 5, h1, h2, h3, h4];
        for i in 0..LIMBS - 1 {
            plus_five[i + 1] += plus_five[i] >> LIMB_BITS;
            plus_five[i] &= LIMB;
        }
        // All ones if there is something above 130 bits.
        let reduced = 0u64.wrapping_sub(plus_five[LIMBS - 1] >> LIMB_BITS);
        let h = [h0, h1, h2, h3, h4];
        let h: Limbs = array::from_fn(|i| (h[i] & !reduced) | (plus_five[i] & reduced));
        // What is above 128 bits is of no account.
        let number = u128::from(h[0])
            | u128::from(h[1]) << 26
            | u128::from(h[2]) << 52
            | u128::from(h[3]) << 78
            | u128::from(h[4]) << 104;
        number.wrapping_add(self.s).to_le_bytes()
    }
}

/// A number, as limbs.
fn limbs(number: u128) -> Limbs {
    array::from_fn(|i| (number >> (LIMB_BITS * i as u32)) as u64 & LIMB)
}

/// Brings limbs to 26 bits again, the second but for a bit.
fn carry(mut limbs: Limbs) -> Limbs {
    for i in 0..LIMBS - 1 {
        limbs[i + 1] += limbs[i] >> LIMB_BITS;
        limbs[i] &= LIMB;
    }
    limbs[0] += 5 * (limbs[LIMBS - 1] >> LIMB_BITS);
    limbs[LIMBS - 1] &= LIMB;
    limbs[1] += limbs[0] >> LIMB_BITS;
    limbs[0] &= LIMB;
    limbs
}

fn multiply(a: &Limbs, b: &Limbs) -> Limbs {
    let mut product = [0; LIMBS];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            // 2^130 is 5.
            let times = if i + j < LIMBS { 1 } else { 5 };
            product[(i + j) % LIMBS] += a * b * times;
        }
    }
    carry(product)
}

/// Adds a block to each lane.
#[inline(always)]
fn add_pair(sum: &mut [U64x2; LIMBS], pair: &[u8; 2 * BLOCK_LEN]) {
    let [low, high] = U64x2::load_transposed(pair);
    let limb = U64x2::splat(LIMB);
    sum[0] = sum[0] + (low & limb);
    sum[1] = sum[1] + (low.shift_right::<26>() & limb);
    sum[2] = sum[2] + ((low.shift_right::<52>() | high.shift_left::<12>()) & limb);
    sum[3] = sum[3] + (high.shift_right::<14>() & limb);
    sum[4] = sum[4] + (high.shift_right::<40>() | U64x2::splat(ABOVE_BLOCK));
}

/// A number in each lane, to multiply with.
struct Factor {
    limbs: [U64x2; LIMBS],
    /// The limbs, 5 times.
    times_five: [U64x2; LIMBS],
}

impl Factor {
    fn new(limbs: [U64x2; LIMBS]) -> Self {
        Self {
            limbs,
            times_five: limbs.map(|limb| limb + limb.shift_left::<2>()),
        }
    }

    #[inline(always)]
    fn multiply(&self, by: &[U64x2; LIMBS]) -> [U64x2; LIMBS] {
        let product = |i: usize| {
            let term = |j: usize| {
                let factor = if j <= i {
                    self.limbs[i - j]
                } else {
                    self.times_five[LIMBS + i - j]
                };
                by[j].multiply_low(factor)
            };
            ((term(0) + term(1)) + (term(2) + term(3))) + term(4)
        };
        let limb = U64x2::splat(LIMB);
        let [mut p0, mut p1, mut p2, mut p3, mut p4] = array::from_fn(product);
        // Two chains of carries at a time, which do not wait for each other.
        p1 = p1 + p0.shift_right::<26>();
        p0 = p0 & limb;
        p4 = p4 + p3.shift_right::<26>();
        p3 = p3 & limb;
        p2 = p2 + p1.shift_right::<26>();
        p1 = p1 & limb;
        let above = p4.shift_right::<26>();
        p0 = p0 + (above + above.shift_left::<2>());
        p4 = p4 & limb;
        p3 = p3 + p2.shift_right::<26>();
        p2 = p2 & limb;
        p1 = p1 + p0.shift_right::<26>();
        p0 = p0 & limb;
        p4 = p4 + p3.shift_right::<26>();
        p3 = p3 & limb;
        [p0, p1, p2, p3, p4]
    }
}
