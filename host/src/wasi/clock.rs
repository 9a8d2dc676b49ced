//! `wasi:clocks/monotonic-clock`, on Tokio's clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use wasmtime::component::Linker;

use super::pollable::{Pollable, Source};
use crate::store::State;

/// The guest's monotonic clock: nanoseconds since the store was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    /// What the guest's instant is on Tokio's clock; `None` if it lies too far ahead to be told,
    /// and need not be waited for.
    pub(crate) fn instant(self, nanos: u64) -> Option<Instant> {
        self.origin.checked_add(Duration::from_nanos(nanos))
    }

    fn now(self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut clock = linker.instance("wasi:clocks/monotonic-clock@0.2.12")?;
    clock.func_wrap("now", |store, (): ()| Ok((store.data().clock.now(),)))?;
    clock.func_wrap("subscribe-instant", |mut store, (nanos,): (u64,)| {
        let state = store.data_mut();
        let at = state.clock.instant(nanos);
        let at = at.ok_or_else(|| wasmtime::Error::msg("an instant that never comes"))?;
        let timer = Source::Timer(Arc::new(Mutex::new(Box::pin(sleep_until(at)))));
        Ok((state.wasi.table.push(Pollable::from(timer))?,))
    })
}
