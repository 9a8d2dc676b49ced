/// The least and the most that is read at once, in bytes. The most is what wasmtime gives at once, and
/// four TLS records.
const MIN_READ_LEN: usize = 4 << 10;
const MAX_READ_LEN: usize = 64 << 10;

/// How much to read at once from a stream, in bytes. Hosts make a buffer of that length ready for
/// each read, whatever then comes, so that it should not be much more than that; a stream from which
/// much comes should not be read often.
pub struct ReadLen(usize);

impl ReadLen {
    /// How much to read next.
    pub fn get(&self) -> usize {
        self.0
    }

    /// Says how much the last read brought.
    pub fn update(&mut self, read: usize) {
        self.0 = if read >= self.0 {
            MAX_READ_LEN.min(self.0 * 4)
        } else if read < self.0 / 4 {
            MIN_READ_LEN.max(self.0 / 2)
        } else {
            self.0
        };
    }
}

impl Default for ReadLen {
    fn default() -> Self {
        Self(MIN_READ_LEN)
    }
}
