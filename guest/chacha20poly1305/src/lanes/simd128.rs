use core::arch::wasm32::*;
use core::ops::{Add, BitAnd, BitOr, BitXor};

/// Four numbers of 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct U32x4(v128);

impl U32x4 {
    #[inline(always)]
    pub(crate) fn new([a, b, c, d]: [u32; 4]) -> Self {
        Self(u32x4(a, b, c, d))
    }

    #[inline(always)]
    pub(crate) fn splat(value: u32) -> Self {
        Self(u32x4_splat(value))
    }

    #[inline(always)]
    pub(crate) fn load(bytes: &[u8; 16]) -> Self {
        // SAFETY: there are 16 bytes, and the instruction asks for no alignment.
        Self(unsafe { v128_load(bytes.as_ptr().cast()) })
    }

    #[inline(always)]
    pub(crate) fn store(self, bytes: &mut [u8; 16]) {
        // SAFETY: there is room for 16 bytes, and the instruction asks for no alignment.
        unsafe { v128_store(bytes.as_mut_ptr().cast(), self.0) }
    }

    #[inline(always)]
    pub(crate) fn rotate_left<const BITS: u32>(self) -> Self {
        // To move whole bytes by one shuffle would be slower: for that, engines have to load which byte
        // goes where, and on some processors take two tables for the one.
        let lanes = self.0;
        Self(v128_or(
            u32x4_shl(lanes, BITS),
            u32x4_shr(lanes, u32::BITS - BITS),
        ))
    }

    /// Rows become columns.
    #[inline(always)]
    pub(crate) fn transpose([a, b, c, d]: [Self; 4]) -> [Self; 4] {
        let ab_low = u32x4_shuffle::<0, 4, 1, 5>(a.0, b.0);
        let ab_high = u32x4_shuffle::<2, 6, 3, 7>(a.0, b.0);
        let cd_low = u32x4_shuffle::<0, 4, 1, 5>(c.0, d.0);
        let cd_high = u32x4_shuffle::<2, 6, 3, 7>(c.0, d.0);
        [
            Self(u64x2_shuffle::<0, 2>(ab_low, cd_low)),
            Self(u64x2_shuffle::<1, 3>(ab_low, cd_low)),
            Self(u64x2_shuffle::<0, 2>(ab_high, cd_high)),
            Self(u64x2_shuffle::<1, 3>(ab_high, cd_high)),
        ]
    }
}

impl Add for U32x4 {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(u32x4_add(self.0, other.0))
    }
}

impl BitXor for U32x4 {
    type Output = Self;

    #[inline(always)]
    fn bitxor(self, other: Self) -> Self {
        Self(v128_xor(self.0, other.0))
    }
}

/// Two numbers of 64 bits.
#[derive(Clone, Copy)]
pub(crate) struct U64x2(v128);

impl U64x2 {
    #[inline(always)]
    pub(crate) fn new([a, b]: [u64; 2]) -> Self {
        Self(u64x2(a, b))
    }

    #[inline(always)]
    pub(crate) fn splat(value: u64) -> Self {
        Self(u64x2_splat(value))
    }

    pub(crate) fn to_array(self) -> [u64; 2] {
        [
            u64x2_extract_lane::<0>(self.0),
            u64x2_extract_lane::<1>(self.0),
        ]
    }

    /// The low halves of two numbers of 128 bits, and their high halves.
    #[inline(always)]
    pub(crate) fn load_transposed(bytes: &[u8; 32]) -> [Self; 2] {
        let (numbers, _) = bytes.as_chunks();
        let [first, second] = [U32x4::load(&numbers[0]).0, U32x4::load(&numbers[1]).0];
        [
            Self(u64x2_shuffle::<0, 2>(first, second)),
            Self(u64x2_shuffle::<1, 3>(first, second)),
        ]
    }

    #[inline(always)]
    pub(crate) fn shift_left<const BITS: u32>(self) -> Self {
        Self(u64x2_shl(self.0, BITS))
    }

    #[inline(always)]
    pub(crate) fn shift_right<const BITS: u32>(self) -> Self {
        Self(u64x2_shr(self.0, BITS))
    }

    /// The products of the low 32 bits of the lanes.
    #[inline(always)]
    pub(crate) fn multiply_low(self, by: Self) -> Self {
        let low = |lanes| u32x4_shuffle::<0, 2, 0, 2>(lanes, lanes);
        Self(u64x2_extmul_low_u32x4(low(self.0), low(by.0)))
    }
}

impl Add for U64x2 {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(u64x2_add(self.0, other.0))
    }
}

impl BitAnd for U64x2 {
    type Output = Self;

    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(v128_and(self.0, other.0))
    }
}

impl BitOr for U64x2 {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(v128_or(self.0, other.0))
    }
}
