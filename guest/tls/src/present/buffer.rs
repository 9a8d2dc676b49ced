use alloc::vec::Vec;

/// How large an empty buffer may stay, in bytes, so that what comes next finds it allocated: for 64 KiB
/// in records of full size.
const KEPT_CAPACITY: usize = 65 << 10;

/// Bytes that are appended at one end and taken from the other.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    /// `bytes[..start]` is taken.
    start: usize,
    /// `bytes[end..]` is room that was given before, which need not be filled with zeros again.
    end: usize,
}

impl Buffer {
    /// The bytes that are not taken.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.end);
        self.bytes.extend_from_slice(bytes);
        self.end = self.bytes.len();
    }

    /// Lets `write` append up to `room` bytes; it returns how many.
    pub(crate) fn push_with<E>(
        &mut self,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<(), E> {
        let room_end = self.end + room;
        if self.bytes.len() < room_end {
            self.bytes.resize(room_end, 0);
        }
        let written = write(&mut self.bytes[self.end..room_end])?;
        self.end += written.min(room);
        Ok(())
    }

    /// Says that the first `len` bytes are taken.
    pub(crate) fn advance(&mut self, len: usize) {
        debug_assert!(len <= self.as_slice().len());
        self.start += len.min(self.as_slice().len());
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            self.bytes.truncate(KEPT_CAPACITY);
            self.bytes.shrink_to(KEPT_CAPACITY);
        } else if self.start > self.end / 2 && self.start >= KEPT_CAPACITY {
            // Each byte is moved at most once for each byte taken before it: linear in all.
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
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
        buffer.push(b"d");
        assert_eq!(buffer.as_slice(), b"abcd");
    }

    #[test]
    fn room_that_was_given_before_is_given_again_as_it_is() {
        let mut buffer = Buffer::default();
        let fill = |room: &mut [u8]| {
            room.fill(7);
            Ok::<_, ()>(room.len())
        };
        buffer.push_with(10, fill).unwrap();
        buffer.advance(10);
        let mut found = Vec::new();
        let look = |room: &mut [u8]| {
            found = room.to_vec();
            Ok::<_, ()>(0)
        };
        buffer.push_with(12, look).unwrap();
        assert_eq!(found, [7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0]);
        assert!(buffer.as_slice().is_empty());
    }

    #[test]
    fn an_empty_buffer_does_not_stay_large() {
        let mut buffer = Buffer::default();
        buffer.push(&[0; 1 << 20]);
        buffer.advance(1 << 20);
        assert!(buffer.bytes.capacity() <= KEPT_CAPACITY);
    }
}
