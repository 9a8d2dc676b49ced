//! The authenticator (RFC 8439, section 2.5), in two ways.

#[cfg(any(test, not(feature = "wide-arithmetic")))]
pub(crate) mod lanes;
#[cfg(any(test, feature = "wide-arithmetic"))]
pub(crate) mod wide;

/// Bytes of a one-time key.
pub(crate) const KEY_LEN: usize = 32;
/// Bytes of a block.
pub(crate) const BLOCK_LEN: usize = 16;

/// The two numbers of a one-time key: the first, clamped, is multiplied with, and the second is added
/// in the end.
fn halves(key: &[u8; KEY_LEN]) -> [u128; 2] {
    let (halves, _) = key.as_chunks();
    let [r, s] = [halves[0], halves[1]].map(u128::from_le_bytes);
    [r & 0x0fff_fffc_0fff_fffc_0fff_fffc_0fff_ffff, s]
}

/// Shows `take` one block after the other, the last one with zeros to its end.
#[inline(always)]
fn for_each_block(bytes: &[u8], mut take: impl FnMut(&[u8; BLOCK_LEN])) {
    let (blocks, rest) = bytes.as_chunks();
    for block in blocks {
        take(block);
    }
    if !rest.is_empty() {
        let mut block = [0; BLOCK_LEN];
        block[..rest.len()].copy_from_slice(rest);
        take(&block);
    }
}

/// The last block that an AEAD authenticates: how long the two parts before it are (section 2.8).
pub(crate) fn lengths(associated: &[u8], text: &[u8]) -> [u8; BLOCK_LEN] {
    let mut lengths = [0; BLOCK_LEN];
    lengths[..8].copy_from_slice(&(associated.len() as u64).to_le_bytes());
    lengths[8..].copy_from_slice(&(text.len() as u64).to_le_bytes());
    lengths
}
