//! What lives beside an instance: its WASI contexts, its resources, its grants and its limits.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::clocks::{HostMonotonicClock, WasiClocks, WasiClocksView};
use wasmtime_wasi::p2::bindings::{clocks, random, sockets};
use wasmtime_wasi::random::{WasiRandom, WasiRandomCtx};
use wasmtime_wasi::sockets::{
    SocketAddrUse, WasiSockets, WasiSocketsCtx, WasiSocketsCtxView, WasiSocketsView,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_io::bindings::wasi::io;

use crate::grants::Access;
use crate::limits::Limits;
use crate::lookup::{GrantedLookup, HasGrantedLookup};

/// The data of a connection's store.
pub(crate) struct State {
    /// For its clocks.
    wasi: WasiCtx,
    random: WasiRandomCtx,
    sockets: WasiSocketsCtx,
    pub(crate) table: ResourceTable,
    pub(crate) access: Access,
    lookups: HashMap<u32, String>,
    pub(crate) limits: Limits,
    /// For how many ticks the guest has computed since it was called.
    pub(crate) ticks_computed: u64,
    pub(crate) clock: Clock,
}

impl State {
    pub(crate) fn new(access: Access, max_memory: usize) -> Self {
        let clock = Clock {
            origin: Instant::now(),
        };
        let check = access.clone();
        let mut wasi = WasiCtx::builder()
            .monotonic_clock(clock)
            .allow_tcp(true)
            .allow_udp(false)
            // Granted name by name in `lookup`, which stands before wasmtime's.
            .allow_ip_name_lookup(true)
            .socket_addr_check(move |address, kind| {
                let granted = match kind {
                    // What the system binds by itself when connecting, and nothing else.
                    SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
                    SocketAddrUse::TcpConnect => check.may_connect(address),
                    _ => false,
                };
                Box::pin(std::future::ready(granted))
            })
            .build();
        let sockets = sockets_ctx(&mut wasi);
        Self {
            wasi,
            random: WasiRandomCtx::default(),
            sockets,
            table: ResourceTable::new(),
            access,
            lookups: HashMap::new(),
            limits: Limits::new(max_memory),
            ticks_computed: 0,
            clock,
        }
    }

    /// The guest is about to be called.
    pub(crate) fn begin_call(&mut self) {
        self.ticks_computed = 0;
        self.limits.begin_call();
    }
}

/// The sockets' part of a context. It is private to wasmtime-wasi, but for this way.
fn sockets_ctx(wasi: &mut WasiCtx) -> WasiSocketsCtx {
    struct View<'a>(&'a mut WasiCtx, ResourceTable);

    impl WasiView for View<'_> {
        fn ctx(&mut self) -> WasiCtxView<'_> {
            WasiCtxView {
                ctx: self.0,
                table: &mut self.1,
            }
        }
    }

    View(wasi, ResourceTable::new()).sockets().ctx.clone()
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Gives the component what its world imports, and nothing else: no files, no environment, no
/// standard streams.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    struct Io;

    impl HasData for Io {
        type Data<'a> = &'a mut ResourceTable;
    }

    fn sockets_view(state: &mut State) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            ctx: &mut state.sockets,
            table: &mut state.table,
        }
    }

    let l = linker;
    io::error::add_to_linker::<_, Io>(l, |state| &mut state.table)?;
    io::poll::add_to_linker::<_, Io>(l, |state| &mut state.table)?;
    io::streams::add_to_linker::<_, Io>(l, |state| &mut state.table)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)?;
    random::random::add_to_linker::<_, WasiRandom>(l, |state| &mut state.random)?;
    sockets::network::add_to_linker::<_, WasiSockets>(l, &Default::default(), sockets_view)?;
    sockets::instance_network::add_to_linker::<_, WasiSockets>(l, sockets_view)?;
    sockets::tcp_create_socket::add_to_linker::<_, WasiSockets>(l, sockets_view)?;
    sockets::tcp::add_to_linker::<_, WasiSockets>(l, sockets_view)?;
    sockets::ip_name_lookup::add_to_linker::<_, HasGrantedLookup>(l, |state| GrantedLookup {
        inner: WasiSocketsCtxView {
            ctx: &mut state.sockets,
            table: &mut state.table,
        },
        access: &state.access,
        lookups: &mut state.lookups,
    })?;
    Ok(())
}

/// The guest's monotonic clock: nanoseconds since the store was made, on Tokio's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// What the guest's instant is on Tokio's clock; `None` if it lies too far ahead to be told,
    /// and need not be waited for.
    pub(crate) fn instant(self, nanos: u64) -> Option<Instant> {
        self.origin.checked_add(Duration::from_nanos(nanos))
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
