use simdutf8::compat;

/// The longest start of a character that can be incomplete, in bytes.
const MAX_INCOMPLETE_LEN: usize = 3;

/// Validates UTF-8 that arrives in pieces of any size (RFC 3629).
///
/// A character may be split between pieces. What can no longer become valid is refused at the byte
/// that proves it, not at the end of the message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Utf8Validator {
    incomplete: [u8; MAX_INCOMPLETE_LEN + 1],
    /// How many bytes of `incomplete` hold the start of a character; at most
    /// [`MAX_INCOMPLETE_LEN`] between two calls.
    len: usize,
}

/// The bytes so far are not the start of any UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidUtf8;

impl Utf8Validator {
    /// Takes the next bytes of the text.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), InvalidUtf8> {
        while self.len > 0 {
            let Some((&next, rest)) = bytes.split_first() else {
                return Ok(());
            };
            self.incomplete[self.len] = next;
            self.len += 1;
            bytes = rest;
            match core::str::from_utf8(&self.incomplete[..self.len]) {
                Ok(_) => self.len = 0,
                Err(error) if error.error_len().is_some() => return Err(InvalidUtf8),
                Err(_) => {}
            }
        }
        match compat::from_utf8(bytes) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_some() => Err(InvalidUtf8),
            Err(error) => {
                let tail = &bytes[error.valid_up_to()..];
                self.incomplete[..tail.len()].copy_from_slice(tail);
                self.len = tail.len();
                Ok(())
            }
        }
    }

    /// The start of a character of which the rest has yet to come.
    pub(crate) fn incomplete(&self) -> &[u8] {
        &self.incomplete[..self.len]
    }

    /// Says that the text ends here.
    pub(crate) fn finish(&self) -> Result<(), InvalidUtf8> {
        if self.len == 0 {
            Ok(())
        } else {
            Err(InvalidUtf8)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn validate(pieces: &[&[u8]]) -> Result<(), InvalidUtf8> {
        let mut validator = Utf8Validator::default();
        for piece in pieces {
            validator.push(piece)?;
        }
        validator.finish()
    }

    /// How many bytes of `bytes` are taken, one at a time, before one is refused.
    fn refused_at(bytes: &[u8]) -> Option<usize> {
        let mut validator = Utf8Validator::default();
        bytes
            .iter()
            .position(|byte| validator.push(core::slice::from_ref(byte)).is_err())
    }

    #[test]
    fn text_may_be_split_anywhere() {
        let text = "κόσμε, 🦀, déjà vu, ascii, \u{10ffff}\u{d7ff}\u{e000}".as_bytes();
        for split in 0..=text.len() {
            assert_eq!(validate(&[&text[..split], &text[split..]]), Ok(()));
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(validate(&bytes), Ok(()));
    }

    #[test]
    fn what_the_standard_library_refuses_is_refused_at_every_split() {
        let cases: [&[u8]; 12] = [
            b"\xff",
            b"ok \x80",
            b"\xc0\x80",
            b"\xc1\xbf",
            b"\xe0\x80\x80",
            b"\xed\xa0\x80",
            b"\xf0\x80\x80\x80",
            b"\xf4\x90\x80\x80",
            b"\xf5\x80\x80\x80",
            b"\xe2\x28\xa1",
            b"a long run of ascii before, \xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80",
            b"cut short \xf0\x9f\xa6",
        ];
        for bytes in cases {
            assert!(core::str::from_utf8(bytes).is_err());
            for split in 0..=bytes.len() {
                let (left, right) = bytes.split_at(split);
                assert_eq!(validate(&[left, right]), Err(InvalidUtf8), "{bytes:x?}");
            }
        }
    }

    #[test]
    fn a_byte_that_proves_the_text_invalid_is_refused_at_once() {
        assert_eq!(refused_at(b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80"), Some(6));
        assert_eq!(refused_at(b"\xf4\x90"), Some(1));
        assert_eq!(refused_at(b"\xf0\x9f\xa6"), None);
    }
}
