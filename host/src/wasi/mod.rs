//! What of WASI the component imports, over Tokio: TCP, names, polling and the clock.
//!
//! It stands in place of wasmtime-wasi's for three reasons. What a connection waits for can be waited
//! for without its store, so that connections may share one. Small messages leave at once: WASI has
//! no TCP_NODELAY, here it is set. And what the guest writes goes to the socket from where it lies.
//!
//! It has those functions that the component imports, and no others: without one of them, no
//! instance would start.

mod clock;
mod lookup;
pub(crate) mod pollable;
mod streams;
mod tcp;
#[cfg(feature = "wasi-tls")]
mod tls;

use wasmtime::component::{HasData, Linker, LinkerInstance, Resource, ResourceTable, ResourceType};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksCtxView};
use wasmtime_wasi::p2::bindings::{clocks, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi_io::bindings::wasi::io;

use crate::store::State;

pub(crate) use clock::Clock;
use pollable::Pollable;

/// The network that the component asks for to use. There is one, and it says nothing.
struct Network;

/// What a store has for WASI.
pub(crate) struct Wasi {
    random: wasmtime_wasi::random::WasiRandomCtx,
    clocks: wasmtime_wasi::clocks::WasiClocksCtx,
    table: ResourceTable,
}

impl Wasi {
    pub(crate) fn new() -> Self {
        Self {
            random: Default::default(),
            clocks: Default::default(),
            table: ResourceTable::new(),
        }
    }

    /// What the guest lends to be waited for, for those who wait without the store.
    pub(crate) fn pollables(&self, lent: &[Resource<Pollable>]) -> wasmtime::Result<Vec<Pollable>> {
        let pollables = lent.iter().map(|lent| Ok(self.table.get(lent)?.clone()));
        pollables.collect()
    }
}

/// Defines a resource whose handles stand for what the table has.
fn define_resource<T: Send + 'static>(
    interface: &mut LinkerInstance<'_, State>,
    name: &str,
) -> wasmtime::Result<()> {
    interface.resource(name, ResourceType::host::<T>(), |mut store, rep| {
        let resource = Resource::<T>::new_own(rep);
        store.data_mut().wasi.table.delete(resource)?;
        Ok(())
    })
}

/// Gives the component what its world imports, and nothing else: no files, no environment, no
/// standard streams.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    struct Table;

    impl HasData for Table {
        type Data<'a> = &'a mut ResourceTable;
    }

    io::error::add_to_linker::<_, Table>(linker, |state| &mut state.wasi.table)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, |state| WasiClocksCtxView {
        ctx: &mut state.wasi.clocks,
        table: &mut state.wasi.table,
    })?;
    random::random::add_to_linker::<_, WasiRandom>(linker, |state| &mut state.wasi.random)?;
    pollable::add_to_linker(linker)?;
    clock::add_to_linker(linker)?;
    streams::add_to_linker(linker)?;
    lookup::add_to_linker(linker)?;
    tcp::add_to_linker(linker)
}

#[cfg(feature = "wasi-tls")]
pub(crate) use tls::add_to_linker as add_tls_to_linker;
