//! Cipher and authenticator side by side: the one in vectors and the other without, between the rounds
//! of the first, so that the processor is busy with both at a time.

use subtle::ConstantTimeEq;

use crate::chacha20::{ChaCha20, KeyStream, ROUNDS, STRIDE};
use crate::poly1305::wide::Poly1305;
use crate::poly1305::{BLOCK_LEN, lengths};
use crate::{Start, TAG_LEN, WrongTag, split};

// There is a block at most after each round.
const _: () = assert!(STRIDE / BLOCK_LEN <= ROUNDS);

pub(crate) fn seal(start: &Start, associated: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
    let lengths = lengths(associated, text);
    let mut authenticator = Poly1305::new(start.authenticator_key());
    authenticator.update_padded(associated);

    let (first, rest) = split(text);
    start.apply_first(first);
    let (mut sealed, last) = first.as_chunks();
    let mut blocks = start.blocks.clone();
    let (strides, rest) = rest.as_chunks_mut::<STRIDE>();
    for stride in strides {
        // What was sealed before is authenticated while this is.
        next_beside(&mut blocks, &mut authenticator, sealed).combine(stride);
        (sealed, _) = stride.as_chunks();
    }
    for block in sealed {
        authenticator.update_block(block);
    }
    // Only if there is nothing behind it.
    authenticator.update_padded(last);

    blocks.apply(rest);
    authenticator.update_padded(rest);
    authenticator.update_padded(&lengths);
    authenticator.finish()
}

pub(crate) fn open(
    start: &Start,
    associated: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), WrongTag> {
    let expected = open_unverified(start, associated, text);
    if bool::from(expected.ct_eq(tag)) {
        return Ok(());
    }
    // As it was: nobody sees what was not verified.
    start.apply(text);
    Err(WrongTag)
}

/// Decrypts `text`; returns the tag that it should have.
fn open_unverified(start: &Start, associated: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
    let lengths = lengths(associated, text);
    let mut authenticator = Poly1305::new(start.authenticator_key());
    authenticator.update_padded(associated);

    let (first, rest) = split(text);
    authenticator.update_padded(first);
    start.apply_first(first);
    let mut blocks = start.blocks.clone();
    let (strides, rest) = rest.as_chunks_mut::<STRIDE>();
    for stride in strides {
        let (sealed, _) = stride.as_chunks();
        next_beside(&mut blocks, &mut authenticator, sealed).combine(stride);
    }

    authenticator.update_padded(rest);
    blocks.apply(rest);
    authenticator.update_padded(&lengths);
    authenticator.finish()
}

/// Makes the next of the key stream, and authenticates a stride's blocks, or fewer, beside it.
#[inline(always)]
fn next_beside(
    blocks: &mut ChaCha20,
    authenticator: &mut Poly1305,
    sealed: &[[u8; BLOCK_LEN]],
) -> KeyStream {
    blocks.next(|round| {
        if let Some(block) = sealed.get(round) {
            authenticator.update_block(block);
        }
    })
}
