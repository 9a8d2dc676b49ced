use alloc::boxed::Box;

use wasocket_proto::{MaskingKeys, Nonce};

/// A strong source of randomness.
pub trait Entropy {
    /// Fills `bytes` with bytes that nobody can predict.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// How many bytes are drawn at once: asking the host for each key would cost more than the frame.
const POOL_LEN: usize = 256;

/// Draws nonces and masking keys from an [`Entropy`], some at a time.
pub(crate) struct EntropyPool {
    source: Box<dyn Entropy>,
    pool: [u8; POOL_LEN],
    used: usize,
}

impl EntropyPool {
    pub(crate) fn new(source: Box<dyn Entropy>) -> Self {
        Self {
            source,
            pool: [0; POOL_LEN],
            used: POOL_LEN,
        }
    }

    pub(crate) fn nonce(&mut self) -> Nonce {
        Nonce::new(self.take())
    }

    fn take<const LEN: usize>(&mut self) -> [u8; LEN] {
        if let Some(bytes) = self.pool[self.used..].first_chunk() {
            self.used += LEN;
            return *bytes;
        }
        self.source.fill(&mut self.pool);
        self.used = LEN;
        core::array::from_fn(|index| self.pool[index])
    }
}

impl MaskingKeys for EntropyPool {
    fn next_key(&mut self) -> [u8; 4] {
        self.take()
    }
}
