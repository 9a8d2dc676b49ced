use wasmtime::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};

/// How much memory an instance may have, and whether it asked for more since it was called.
#[derive(Debug)]
pub(crate) struct Limits {
    limits: StoreLimits,
    exceeded: bool,
}

impl Limits {
    pub(crate) fn new(max_memory: usize) -> Self {
        Self {
            limits: StoreLimitsBuilder::new().memory_size(max_memory).build(),
            exceeded: false,
        }
    }

    pub(crate) fn begin_call(&mut self) {
        self.exceeded = false;
    }

    /// Whether the instance asked for more than it may have. The component cannot do without what
    /// it asks for, and traps.
    pub(crate) fn exceeded(&self) -> bool {
        self.exceeded
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = self.limits.memory_growing(current, desired, maximum)?;
        self.exceeded |= !granted;
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }
}
