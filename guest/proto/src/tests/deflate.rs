//! DEFLATE (RFC 1951), written by hand.

use alloc::vec::Vec;

/// Blocks without compression, which is a way to write anything as DEFLATE. What they end with is
/// taken off, as in a message.
pub(super) fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in bytes.chunks(65_535) {
        let len = block.len() as u16;
        out.push(0x00);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.push(0x00);
    out
}

/// The letter `a`, and 258 more for each of the repetitions, which takes 13 bits: with fixed codes, a
/// length of 258 at a distance of 1.
pub(super) fn bomb(repetitions: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0, 1); // BFINAL
    bits.push(1, 2); // BTYPE: fixed codes
    bits.push_code(0x30 + u32::from(b'a'), 8);
    for _ in 0..repetitions {
        bits.push_code(0b1100_0101, 8); // 285, which is a length of 258
        bits.push_code(0, 5); // 0, which is a distance of 1
    }
    bits.push_code(0, 7); // the end of the block
    bits.push(0, 3); // an empty block without compression
    bits.finish()
}

/// Writes bits as DEFLATE has them.
#[derive(Default)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    pub(super) fn push(&mut self, value: u32, count: usize) {
        for bit in 0..count {
            if self.len.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> bit & 1) as u8;
            *self.bytes.last_mut().unwrap() |= bit << (self.len % 8);
            self.len += 1;
        }
    }

    /// Huffman codes start with their most significant bit.
    pub(super) fn push_code(&mut self, code: u32, count: usize) {
        for bit in (0..count).rev() {
            self.push(code >> bit & 1, 1);
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
