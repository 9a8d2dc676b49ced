/// The size of an LZ77 window: the base-2 logarithm of its length in bytes, 8 to 15 (RFC 7692,
/// section 7.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowBits(u8);

impl WindowBits {
    /// A window of 256 bytes.
    pub const MIN: Self = Self(8);
    /// A window of 32 KiB, which is what an endpoint has that says nothing of it.
    pub const MAX: Self = Self(15);

    /// A window of 2 to the power of `bits` bytes; `None` unless `bits` is 8 to 15.
    pub const fn new(bits: u8) -> Option<Self> {
        if bits < Self::MIN.0 || bits > Self::MAX.0 {
            return None;
        }
        Some(Self(bits))
    }

    /// The base-2 logarithm of the window's length.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The window's length, in bytes.
    pub(crate) const fn window_len(self) -> usize {
        1 << self.0
    }

    /// Reads the value of a parameter: "a decimal integer value without leading zeroes between 8
    /// to 15, inclusive".
    pub(crate) fn parse(value: &str) -> Option<Self> {
        match value.as_bytes() {
            [digit @ b'8'..=b'9'] => Self::new(digit - b'0'),
            [b'1', digit @ b'0'..=b'5'] => Self::new(10 + digit - b'0'),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_8_to_15_without_leading_zeroes_is_read() {
        for bits in 0..=u8::MAX {
            let text = alloc::format!("{bits}");
            let read = WindowBits::parse(&text).map(WindowBits::get);
            assert_eq!(read, (8..=15).contains(&bits).then_some(bits), "{bits}");
            assert_eq!(WindowBits::new(bits).map(WindowBits::get), read, "{bits}");
        }
        for text in ["", "08", "+8", "8 ", " 8", "8.", "0x8", "115", "1a", "a"] {
            assert_eq!(WindowBits::parse(text), None, "{text:?}");
        }
    }
}
