//! Runs a plugin that nobody vouches for: a component that imports `wasocket:websocket`. It is composed
//! with ours, reaches one server and nothing else, and has as much memory and time as it is given.
//!
//! ```console
//! $ cargo run --package wasocket --features cli --example plugin_host -- \
//!       plugin.wasm echo.example.org:443 ws://echo.example.org:443/
//! ```
//!
//! The first argument is the plugin, a command of WASI 0.2; the second is what it may reach; the rest
//! are its own.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::sockets::SocketAddrUse;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2};

/// How much memory a plugin may have, in bytes.
const MAX_MEMORY: usize = 64 << 20;

/// How long a plugin may run.
const MAX_TIME: Duration = Duration::from_secs(60);

/// How long a plugin may compute before others have their turn.
const TICK: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let usage = "usage: plugin_host PLUGIN HOST:PORT [ARGUMENT]...";
    let mut arguments = std::env::args().skip(1);
    let plugin = arguments.next().ok_or(usage)?;
    let host = arguments.next().ok_or(usage)?;
    // What the name resolves to now is granted, and not what it will resolve to.
    let granted: Vec<SocketAddr> = tokio::net::lookup_host(host).await?.collect();
    let component = compose(Path::new(&plugin))?;
    let own = [plugin].into_iter().chain(arguments).collect();
    run(&component, granted, own).await
}

/// Composes a plugin with the component that has what it imports.
fn compose(plugin: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut graph = CompositionGraph::new();
    let mut register = |name, bytes: Vec<u8>| -> Result<_, Box<dyn Error>> {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
        Ok(graph.register_package(package)?)
    };
    let wasocket = register("wasocket", wasocket::COMPONENT.to_vec())?;
    let plugin = register("plugin", std::fs::read(plugin)?)?;
    plug(&mut graph, vec![wasocket], plugin)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

/// Runs a composed plugin to its end.
async fn run(
    component: &[u8],
    granted: Vec<SocketAddr>,
    arguments: Vec<String>,
) -> Result<(), Box<dyn Error>> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let component = Component::new(&engine, component)?;
    let mut linker = Linker::new(&engine);
    p2::add_to_linker_async(&mut linker)?;

    let mut store = Store::new(&engine, Plugin::new(granted, &arguments));
    store.limiter(|plugin| &mut plugin.limits);
    // A plugin that computes gives way at each tick, so that its time can run out.
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    let _clock = Clock::start(engine);

    let running = async {
        let command = Command::instantiate_async(&mut store, &component, &linker).await?;
        command.wasi_cli_run().call_run(&mut store).await
    };
    // wasmtime 48 takes a socket for not writable when Tokio's budget is used up.
    let running = tokio::task::unconstrained(running);
    match tokio::time::timeout(MAX_TIME, running).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(()))) => Err("the plugin failed".into()),
        Ok(Err(trap)) => Err(trap.into()),
        Err(_) => Err(format!("the plugin did not end within {MAX_TIME:?}").into()),
    }
}

/// What a plugin has.
struct Plugin {
    wasi: WasiCtx,
    table: ResourceTable,
    limits: StoreLimits,
}

impl Plugin {
    /// Standard output, these arguments, and connections to these addresses: no files, no
    /// environment, no input. Names can be looked up, of which name servers learn.
    fn new(granted: Vec<SocketAddr>, arguments: &[String]) -> Self {
        let wasi = WasiCtx::builder()
            .args(arguments)
            .inherit_stdout()
            .inherit_stderr()
            .allow_ip_name_lookup(true)
            .allow_tcp(true)
            .allow_udp(false)
            .socket_addr_check(move |address, kind| {
                let is_granted = match kind {
                    // What the system binds by itself when connecting.
                    SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
                    SocketAddrUse::TcpConnect => granted.contains(&address),
                    _ => false,
                };
                Box::pin(std::future::ready(is_granted))
            })
            .build();
        Self {
            wasi,
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new().memory_size(MAX_MEMORY).build(),
        }
    }
}

impl WasiView for Plugin {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Counts ticks, until it is dropped.
struct Clock {
    _ended: Sender<()>,
}

impl Clock {
    fn start(engine: Engine) -> Self {
        let (ended, is_over) = mpsc::channel();
        thread::spawn(move || {
            while is_over.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        });
        Self { _ended: ended }
    }
}
