use alloc::vec::Vec;

/// The most that is held of records with handshake messages, in bytes, until a message ends where
/// a record ends.
///
/// A message is at most 64 KiB long, which leaves as much for the records that it travels in, and
/// for the messages beside it. Beyond it the connection fails with
/// [`TlsError::TooFragmented`](crate::TlsError::TooFragmented).
pub const MAX_HELD_LEN: usize = 128 << 10;

/// What precedes the payload of a record: type, version, and length in two bytes.
const RECORD_HEADER_LEN: usize = 5;

/// The records that arrived, which are shown to rustls one by one.
///
/// rustls decrypts them where they are, and says how many bytes at the front can go. It holds on
/// to those that carry fragments of a handshake message until that is complete, and joins the
/// fragments there, over the headers between them. That it sees no more than one new record at a
/// time makes what it holds a matter of the stream and not of how the stream arrives in pieces, so
/// that the limit on it is one, too.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    /// `bytes[..start]` is discarded.
    start: usize,
    /// Where the record begins that is shown last. What is left in front of it rustls holds on to.
    record: usize,
    /// Where that record ends, once its header is there. Not to be read twice: it may be gone.
    record_end: Option<usize>,
}

impl Incoming {
    /// Appends the next bytes of the stream. Nothing is copied if nothing waits.
    pub(crate) fn push(&mut self, bytes: Vec<u8>) {
        if self.start == self.bytes.len() {
            *self = Self {
                bytes,
                ..Self::default()
            };
        } else {
            self.bytes.drain(..self.start);
            self.bytes.extend_from_slice(&bytes);
            self.record -= self.start;
            self.record_end = self.record_end.map(|end| end - self.start);
            self.start = 0;
        }
        self.read_header();
    }

    /// What rustls may see: what it holds on to, and the next record or as much as is there of it.
    pub(crate) fn window(&mut self) -> &mut [u8] {
        let end = self.window_end();
        &mut self.bytes[self.start..end]
    }

    /// Says that the first `len` bytes of the window are not needed any more.
    pub(crate) fn discard(&mut self, len: usize) {
        let end = self.window_end();
        debug_assert!(len <= end - self.start);
        self.start = end.min(self.start + len);
    }

    /// Says that rustls wants more than the window. Moves it on; returns whether there is more.
    pub(crate) fn next_record(&mut self) -> bool {
        match self.record_end {
            Some(end) if end <= self.bytes.len() => {
                self.record = end;
                self.record_end = None;
                self.read_header();
                end < self.bytes.len()
            }
            _ => false,
        }
    }

    /// How many bytes of whole records rustls holds on to.
    pub(crate) fn held_len(&self) -> usize {
        self.record.saturating_sub(self.start)
    }

    /// Forgets all that arrived.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn window_end(&self) -> usize {
        let end = self.record_end.unwrap_or(usize::MAX);
        end.min(self.bytes.len())
    }

    fn read_header(&mut self) {
        let header = self.bytes[self.record..].first_chunk::<RECORD_HEADER_LEN>();
        if let (None, Some(&[_, _, _, high, low])) = (self.record_end, header) {
            let payload_len = usize::from(u16::from_be_bytes([high, low]));
            self.record_end = Some(self.record + RECORD_HEADER_LEN + payload_len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    /// Two records, of 1 and 2 bytes, and the start of a third.
    const RECORDS: &[u8] = b"\x16\x03\x03\x00\x01a\x16\x03\x03\x00\x02bc\x17\x03";

    #[test]
    fn records_are_shown_one_by_one() {
        let mut incoming = Incoming::default();
        incoming.push(RECORDS.to_vec());
        assert_eq!(incoming.window(), &RECORDS[..6]);
        incoming.discard(6);
        assert_eq!(incoming.window(), b"");
        assert!(incoming.next_record());
        assert_eq!(incoming.window(), &RECORDS[6..13]);
        incoming.discard(7);
        assert!(incoming.next_record());
        assert_eq!(incoming.window(), &RECORDS[13..]);
        assert!(!incoming.next_record());
        incoming.push(b"\x03\x00\x00".to_vec());
        assert_eq!(incoming.window(), b"\x17\x03\x03\x00\x00");
        incoming.discard(5);
        assert!(!incoming.next_record());
        assert_eq!(incoming.held_len(), 0);
    }

    #[test]
    fn records_that_are_held_stay_in_the_window() {
        let mut incoming = Incoming::default();
        incoming.push(RECORDS[..8].to_vec());
        assert!(incoming.next_record());
        assert_eq!(incoming.held_len(), 6);
        assert_eq!(incoming.window(), &RECORDS[..8]);
        assert!(!incoming.next_record());
        incoming.push(RECORDS[8..].to_vec());
        assert_eq!(incoming.window(), &RECORDS[..13]);
        incoming.discard(13);
        assert!(incoming.next_record());
        assert_eq!(incoming.held_len(), 0);
        assert_eq!(incoming.window(), &RECORDS[13..]);
    }

    #[test]
    fn a_header_is_read_before_it_is_overwritten() {
        let mut incoming = Incoming::default();
        incoming.push(RECORDS.to_vec());
        assert!(incoming.next_record());
        incoming.window()[6..].fill(0xff);
        assert_eq!(incoming.window().len(), 13);
        incoming.discard(13);
        assert!(incoming.next_record());
        assert_eq!(incoming.window(), &RECORDS[13..]);
    }

    #[test]
    fn bytes_are_not_copied_while_nothing_waits() {
        let mut incoming = Incoming::default();
        for _ in 0..2 {
            let bytes = vec![0x17, 0x03, 0x03, 0x00, 0x00];
            let address = bytes.as_ptr();
            incoming.push(bytes);
            assert_eq!(incoming.window().as_ptr(), address);
            incoming.discard(5);
            assert!(!incoming.next_record());
        }
    }
}
