//! WASI as wasmtime has it, but that time stands still, random bytes are the same in each run, and
//! every socket is connected at once to the one peer that there is.

use std::time::Duration;

use integration_tests::guest::WebsocketPre;
use wasmtime::component::{Component, Linker, Resource, ResourceTable, ResourceType};
use wasmtime_wasi::p2::bindings::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Network,
};
use wasmtime_wasi::p2::bindings::sockets::tcp::ShutdownType;
use wasmtime_wasi::p2::{self, DynInputStream, DynOutputStream, DynPollable, Pollable, subscribe};
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_io::async_trait;

use crate::wires::Wires;

/// The time that it always is, since 1970: in the days of the certificates.
const NOW: Duration = Duration::from_secs(1_790_000_000);

/// The data of an instance's store.
pub(crate) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    wires: Wires,
}

impl State {
    pub(crate) fn new(wires: Wires) -> Self {
        let random = (0..=255_u8).map(|byte| byte.wrapping_mul(151)).collect();
        Self {
            wasi: WasiCtx::builder()
                .secure_random(Deterministic::new(random))
                .monotonic_clock(Stopped)
                .wall_clock(Stopped)
                .build(),
            table: ResourceTable::new(),
            wires,
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// A clock that shows [`NOW`].
struct Stopped;

impl HostMonotonicClock for Stopped {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(NOW.as_nanos()).expect("a time of our own")
    }
}

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        NOW
    }
}

/// `tcp-socket`.
struct Socket;

#[async_trait]
impl Pollable for Socket {
    async fn ready(&mut self) {}
}

/// The component, with all that it imports.
pub(crate) fn link(component: &Component) -> wasmtime::Result<WebsocketPre<State>> {
    let mut linker = Linker::new(component.engine());
    p2::add_to_linker_async(&mut linker)?;
    linker.allow_shadowing(true);
    add_sockets(&mut linker)?;
    WebsocketPre::new(linker.instantiate_pre(component)?)
}

/// What of `wasi:sockets` the component calls to connect to an address.
fn add_sockets(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut create = linker.instance("wasi:sockets/tcp-create-socket@0.2.12")?;
    create.func_wrap(
        "create-tcp-socket",
        |mut store, (_,): (IpAddressFamily,)| {
            let socket = store.data_mut().table.push(Socket)?;
            Ok((Ok::<_, ErrorCode>(socket),))
        },
    )?;

    let mut tcp = linker.instance("wasi:sockets/tcp@0.2.12")?;
    tcp.resource(
        "tcp-socket",
        ResourceType::host::<Socket>(),
        |mut store, rep| {
            let socket = Resource::<Socket>::new_own(rep);
            store.data_mut().table.delete(socket)?;
            Ok(())
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.start-connect",
        |_, (_, _, _): (Resource<Socket>, Resource<Network>, IpSocketAddress)| {
            Ok((Ok::<_, ErrorCode>(()),))
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.finish-connect",
        |mut store, (_,): (Resource<Socket>,)| {
            let State { table, wires, .. } = store.data_mut();
            let input: DynInputStream = Box::new(wires.clone());
            let output: DynOutputStream = Box::new(wires.clone());
            let streams = (table.push(input)?, table.push(output)?);
            Ok((Ok::<_, ErrorCode>(streams),))
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.subscribe",
        |mut store, (socket,): (Resource<Socket>,)| {
            let pollable: Resource<DynPollable> = subscribe(&mut store.data_mut().table, socket)?;
            Ok((pollable,))
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.shutdown",
        |_, (_, _): (Resource<Socket>, ShutdownType)| Ok((Ok::<_, ErrorCode>(()),)),
    )
}
