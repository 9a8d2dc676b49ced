//! What an instance has of its own: its store, and how long its guest may compute.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{
    AsContext, AsContextMut, Engine, Store, StoreContext, StoreContextMut, UpdateDeadline,
};

use crate::error::{TrapCause, TrapReport};
use crate::grants::Access;
use crate::store::State;
use crate::ticker::{TICK, Ticker};

/// The store of an instance.
///
/// It is borrowed as a mutable context to call the guest, and for nothing else: the time that the
/// guest may compute begins anew.
pub(crate) struct Sandbox {
    store: Store<State>,
    ticker: Arc<Ticker>,
    /// Whether the ticker knows that this guest computes.
    computing: bool,
}

/// How long a guest may compute.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    ticker: Arc<Ticker>,
    ticks: u64,
}

impl Turns {
    /// Lets the guests of this engine compute for `limit` in one call.
    pub(crate) fn new(engine: &Engine, limit: Duration) -> std::io::Result<Self> {
        let engine = engine.clone();
        let ticks = limit.as_nanos().div_ceil(TICK.as_nanos()).max(1);
        Ok(Self {
            ticker: Arc::new(Ticker::start(move || engine.increment_epoch())?),
            ticks: u64::try_from(ticks).unwrap_or(u64::MAX),
        })
    }
}

/// Why a guest was interrupted.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it computed for {0:?} without giving back control")]
struct ComputedTooLong(Duration);

impl Sandbox {
    pub(crate) fn new(engine: &Engine, state: State, turns: &Turns) -> Self {
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.limits);
        let limit = turns.ticks;
        store.epoch_deadline_callback(move |mut guest| interrupt(&mut guest, limit));
        Self {
            store,
            ticker: turns.ticker.clone(),
            computing: false,
        }
    }

    pub(crate) fn data(&self) -> &State {
        self.store.data()
    }

    /// Sets what may be reached from here on.
    pub(crate) fn set_access(&mut self, access: &Access) {
        self.store.data_mut().access = access.clone();
    }

    /// The guest does not compute until it is called again.
    pub(crate) fn rest(&mut self) {
        if std::mem::take(&mut self.computing) {
            self.ticker.end();
        }
    }

    /// What is known about a trap of the guest.
    pub(crate) fn report(&self, trap: wasmtime::Error) -> TrapReport {
        let cause = if trap.is::<ComputedTooLong>() {
            TrapCause::ComputeTime
        } else if self.data().limits.exceeded() {
            TrapCause::Memory
        } else {
            TrapCause::Fault
        };
        TrapReport::new(trap, cause)
    }
}

/// Lets others have their turn, unless the guest has had all of its own.
fn interrupt(
    guest: &mut StoreContextMut<'_, State>,
    limit: u64,
) -> wasmtime::Result<UpdateDeadline> {
    let computed = &mut guest.data_mut().ticks_computed;
    *computed += 1;
    // The first tick may come right after the guest was called.
    if *computed <= limit {
        // Tokio's own way to yield: it looks at sockets and timers in between, which it does not if a
        // task is ready again at once.
        let others = Box::pin(tokio::task::yield_now());
        return Ok(UpdateDeadline::YieldCustom(1, others));
    }
    let ticks = u32::try_from(limit).unwrap_or(u32::MAX);
    Err(ComputedTooLong(TICK.saturating_mul(ticks)).into())
}

impl AsContext for Sandbox {
    type Data = State;

    fn as_context(&self) -> StoreContext<'_, State> {
        self.store.as_context()
    }
}

impl AsContextMut for Sandbox {
    fn as_context_mut(&mut self) -> StoreContextMut<'_, State> {
        if !std::mem::replace(&mut self.computing, true) {
            self.ticker.begin();
        }
        self.store.data_mut().begin_call();
        self.store.set_epoch_deadline(1);
        self.store.as_context_mut()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.rest();
    }
}
