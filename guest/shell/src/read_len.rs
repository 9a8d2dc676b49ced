/// The least and the most that is read at once, in bytes. The most is what wasmtime gives at once, and
/// four TLS records.
const MIN_READ_LEN: usize = 4 << 10;
const MAX_READ_LEN: usize = 64 << 10;

/// How much to read at once from a stream, in bytes. Hosts make a buffer of that length ready for
/// each read, whatever then comes, so that it should not be much more than that; a stream from which
/// much comes should not be read often.
pub struct ReadLen {
    len: usize,
    /// The last read brought all that was asked for, so that the next may bring little: the end of
    /// what came at once.
    filled: bool,
}

impl ReadLen {
    /// How much to read next.
    pub fn get(&self) -> usize {
        self.len
    }

    /// Says how much the last read brought.
    pub fn update(&mut self, read: usize) {
        let after_filled = core::mem::replace(&mut self.filled, read >= self.len);
        if self.filled {
            self.len = MAX_READ_LEN.min(self.len * 4);
        } else if !after_filled && read < self.len / 4 {
            self.len = MIN_READ_LEN.max(self.len / 2);
        }
    }
}

impl Default for ReadLen {
    fn default() -> Self {
        Self {
            len: MIN_READ_LEN,
            filled: false,
        }
    }
}
