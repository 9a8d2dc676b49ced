use alloc::vec::Vec;

/// How large an empty buffer may stay, in bytes, so that what comes next finds it allocated.
const KEPT_CAPACITY: usize = 64 << 10;

/// Bytes that are appended at one end and taken from the other.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// `bytes[..start]` is taken.
    start: usize,
}

impl Buffer {
    /// The bytes that are not taken.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Lets `write` append up to `room` bytes; it returns how many.
    pub(crate) fn push_with<E>(
        &mut self,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<(), E> {
        let end = self.bytes.len();
        self.bytes.resize(end + room, 0);
        let written = write(&mut self.bytes[end..]);
        let kept = *written.as_ref().unwrap_or(&0);
        self.bytes.truncate(end + kept);
        written.map(|_| ())
    }

    /// Says that the first `len` bytes are taken.
    pub(crate) fn advance(&mut self, len: usize) {
        debug_assert!(len <= self.as_slice().len());
        self.start += len.min(self.as_slice().len());
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_CAPACITY);
            self.start = 0;
        } else if self.start > self.bytes.len() / 2 && self.start >= KEPT_CAPACITY {
            // Each byte is moved at most once for each byte taken before it: linear in all.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_however_they_are_taken() {
        let mut buffer = Buffer::default();
        let mut taken = Vec::new();
        let all: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
        for (pushed, step) in all.chunks(1_000).zip([1, 700, 1_500].iter().cycle()) {
            buffer.push(pushed);
            let len = (*step).min(buffer.as_slice().len());
            taken.extend_from_slice(&buffer.as_slice()[..len]);
            buffer.advance(len);
        }
        taken.extend_from_slice(buffer.as_slice());
        assert!(taken == all);
    }

    #[test]
    fn what_a_writer_does_not_use_is_not_kept() {
        let mut buffer = Buffer::default();
        buffer.push(b"a");
        let written = buffer.push_with(10, |room| {
            room[..2].copy_from_slice(b"bc");
            Ok::<_, ()>(2)
        });
        assert_eq!(written, Ok(()));
        assert_eq!(buffer.push_with(10, |_| Err("no")), Err("no"));
        assert_eq!(buffer.as_slice(), b"abc");
    }

    #[test]
    fn an_empty_buffer_does_not_stay_large() {
        let mut buffer = Buffer::default();
        buffer.push(&[0; 1 << 20]);
        buffer.advance(1 << 20);
        assert!(buffer.bytes.capacity() <= KEPT_CAPACITY);
    }
}
