/// Where masking keys come from.
///
/// RFC 6455, section 5.3: "The masking key needs to be unpredictable; thus, the masking key MUST
/// be derived from a strong source of entropy". The shell draws them from `wasi:random`; tests use
/// fixed ones.
pub trait MaskingKeys {
    /// A fresh key, used for one frame.
    fn next_key(&mut self) -> [u8; 4];
}

/// The key under which masking changes nothing.
pub(crate) const UNMASKED: [u8; 4] = [0; 4];

/// Masks `payload` in place, as RFC 6455, section 5.3 says: octet `i` is XORed with octet
/// `i mod 4` of the key.
pub(crate) fn apply_mask(payload: &mut [u8], masking_key: [u8; 4]) {
    // Sixteen octets at a time: with `simd128`, and natively, each step is one vector instruction.
    let wide_key = u128::from_ne_bytes(core::array::from_fn(|i| masking_key[i % 4]));
    let (blocks, rest) = payload.as_chunks_mut::<16>();
    for block in blocks {
        *block = (u128::from_ne_bytes(*block) ^ wide_key).to_ne_bytes();
    }
    for (octet, key) in rest.iter_mut().zip(masking_key.iter().cycle()) {
        *octet ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn every_octet_is_masked_with_the_key_octet_of_its_position() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        for len in 0..70_usize {
            let payload: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let mut masked = payload.clone();
            apply_mask(&mut masked, key);
            for i in 0..len {
                assert_eq!(masked[i], payload[i] ^ key[i % 4], "octet {i} of {len}");
            }
        }
    }

    #[test]
    fn the_key_of_zero_changes_nothing() {
        let mut payload = *b"an unmasked payload, longer than one block";
        apply_mask(&mut payload, UNMASKED);
        assert_eq!(&payload, b"an unmasked payload, longer than one block");
    }
}
