//! What lives beside an instance: its WASI, its grants and its limits.

use crate::grants::{Access, Grants};
use crate::limits::Limits;
use crate::wasi::{Clock, Wasi};

/// The data of an instance's store.
pub(crate) struct State {
    pub(crate) wasi: Wasi,
    /// Of the connection that is inside.
    pub(crate) access: Access,
    pub(crate) limits: Limits,
    /// For how many ticks the guest has computed since it was called.
    pub(crate) ticks_computed: u64,
    pub(crate) clock: Clock,
}

impl State {
    pub(crate) fn new(max_memory: usize) -> Self {
        Self {
            wasi: Wasi::new(),
            access: Access::new(Grants::new()),
            limits: Limits::new(max_memory),
            ticks_computed: 0,
            clock: Clock::new(),
        }
    }

    /// The guest is about to be called.
    pub(crate) fn begin_call(&mut self) {
        self.ticks_computed = 0;
        self.limits.begin_call();
    }
}
