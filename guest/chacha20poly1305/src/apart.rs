//! Cipher and authenticator one after the other, both in vectors.

use subtle::ConstantTimeEq;

use crate::poly1305::lanes::Poly1305;
use crate::poly1305::lengths;
use crate::{Start, TAG_LEN, WrongTag};

pub(crate) fn seal(start: &Start, associated: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
    start.apply(text);
    tag_of(start, associated, text)
}

pub(crate) fn open(
    start: &Start,
    associated: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), WrongTag> {
    if !bool::from(tag_of(start, associated, text).ct_eq(tag)) {
        return Err(WrongTag);
    }
    start.apply(text);
    Ok(())
}

fn tag_of(start: &Start, associated: &[u8], text: &[u8]) -> [u8; TAG_LEN] {
    let mut authenticator = Poly1305::new(start.authenticator_key());
    authenticator.update_padded(associated);
    authenticator.update_padded(text);
    authenticator.update_padded(&lengths(associated, text));
    authenticator.finish()
}
