//! Payloads in words, as `packed-messages` has them.

use std::ops::Range;
use std::rc::Rc;

use bytemuck::{cast_slice, cast_slice_mut};

const WORD_LEN: usize = size_of::<u64>();

/// A payload that came with others.
pub struct PackedPayload {
    words: Rc<Vec<u64>>,
    range: Range<usize>,
}

impl AsRef<[u8]> for PackedPayload {
    fn as_ref(&self) -> &[u8] {
        &cast_slice(&self.words)[self.range.clone()]
    }
}

/// The payloads in words.
pub fn pack<T: AsRef<[u8]>>(payloads: &[T]) -> Vec<u64> {
    let word_count = |payload: &T| payload.as_ref().len().div_ceil(WORD_LEN);
    let mut words = vec![0; payloads.iter().map(word_count).sum()];
    let mut rest = &mut words[..];
    for payload in payloads {
        let own = rest
            .split_off_mut(..word_count(payload))
            .expect("its words");
        let payload = payload.as_ref();
        cast_slice_mut(own)[..payload.len()].copy_from_slice(payload);
    }
    words
}

/// The payloads of these lengths.
pub fn unpack(
    lens: impl Iterator<Item = u64>,
    words: Vec<u64>,
) -> impl Iterator<Item = PackedPayload> {
    let words = Rc::new(words);
    let mut start = 0;
    lens.map(move |len| {
        let range = start..start + len as usize;
        start += range.len().next_multiple_of(WORD_LEN);
        PackedPayload {
            words: Rc::clone(&words),
            range,
        }
    })
}
