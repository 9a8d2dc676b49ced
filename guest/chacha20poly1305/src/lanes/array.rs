use core::array;
use core::ops::{Add, BitAnd, BitOr, BitXor};

/// Four numbers of 32 bits.
#[derive(Clone, Copy)]
pub(crate) struct U32x4([u32; 4]);

impl U32x4 {
    pub(crate) fn new(lanes: [u32; 4]) -> Self {
        Self(lanes)
    }

    pub(crate) fn splat(value: u32) -> Self {
        Self([value; 4])
    }

    pub(crate) fn load(bytes: &[u8; 16]) -> Self {
        let (words, _) = bytes.as_chunks();
        Self(array::from_fn(|i| u32::from_le_bytes(words[i])))
    }

    pub(crate) fn store(self, bytes: &mut [u8; 16]) {
        let (words, _) = bytes.as_chunks_mut();
        for (word, value) in words.iter_mut().zip(self.0) {
            *word = value.to_le_bytes();
        }
    }

    pub(crate) fn rotate_left<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane.rotate_left(BITS)))
    }

    /// Rows become columns.
    pub(crate) fn transpose(rows: [Self; 4]) -> [Self; 4] {
        array::from_fn(|i| Self(array::from_fn(|j| rows[j].0[i])))
    }
}

impl Add for U32x4 {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }
}

impl BitXor for U32x4 {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self(array::from_fn(|i| self.0[i] ^ other.0[i]))
    }
}

/// Two numbers of 64 bits.
#[derive(Clone, Copy)]
pub(crate) struct U64x2([u64; 2]);

impl U64x2 {
    pub(crate) fn new(lanes: [u64; 2]) -> Self {
        Self(lanes)
    }

    pub(crate) fn splat(value: u64) -> Self {
        Self([value; 2])
    }

    pub(crate) fn to_array(self) -> [u64; 2] {
        self.0
    }

    /// The low halves of two numbers of 128 bits, and their high halves.
    pub(crate) fn load_transposed(bytes: &[u8; 32]) -> [Self; 2] {
        let (words, _) = bytes.as_chunks();
        let word = |i: usize| u64::from_le_bytes(words[i]);
        [Self([word(0), word(2)]), Self([word(1), word(3)])]
    }

    pub(crate) fn shift_left<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane << BITS))
    }

    pub(crate) fn shift_right<const BITS: u32>(self) -> Self {
        Self(self.0.map(|lane| lane >> BITS))
    }

    /// The products of the low 32 bits of the lanes.
    pub(crate) fn multiply_low(self, by: Self) -> Self {
        let low = |lane: u64| lane & u64::from(u32::MAX);
        Self(array::from_fn(|i| low(self.0[i]) * low(by.0[i])))
    }
}

impl Add for U64x2 {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }
}

impl BitAnd for U64x2 {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(array::from_fn(|i| self.0[i] & other.0[i]))
    }
}

impl BitOr for U64x2 {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(array::from_fn(|i| self.0[i] | other.0[i]))
    }
}
