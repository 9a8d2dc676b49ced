//! Clients that run in wasm beside their users: guests, which do the work inside and measure it by
//! their own clock. They are built from `host/benches/guests`, and composed by the tool.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use wasmtime::component::{
    Component, ComponentNamedList, Instance, InstancePre, Lift, Linker, Lower, ResourceTable,
};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2, p3};

use crate::clients::url;
use crate::server::Server;

/// What a guest uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// Our component for WASI 0.2.
    Wasip2,
    /// Our component for WASI 0.3.
    Wasip3,
    /// wstd-tungstenite, on WASI 0.2.
    Wstd,
}

impl Inside {
    /// What cargo calls the guest.
    fn file(self) -> &'static str {
        match self {
            Self::Wasip2 => "guest_wasip2.wasm",
            Self::Wasip3 => "guest_wasip3.wasm",
            Self::Wstd => "guest_wstd.wasm",
        }
    }
}

/// A guest, compiled.
pub(crate) struct Guest {
    inside: Inside,
    pre: InstancePre<State>,
}

impl Guest {
    /// Builds, composes and compiles it.
    pub(crate) fn new(inside: Inside) -> Self {
        let guest = build().join(inside.file());
        let component = match inside {
            Inside::Wasip2 | Inside::Wasip3 => compose(&guest),
            Inside::Wstd => guest,
        };
        let mut config = Config::new();
        if inside != Inside::Wasip3 {
            // As the crate has it.
            config.concurrency_support(false);
        }
        let engine = Engine::new(&config).expect("an engine");
        let component = Component::from_file(&engine, component).expect("a component");
        let mut linker = Linker::new(&engine);
        // Rust's standard library is on WASI 0.2 in all of them.
        p2::add_to_linker_async(&mut linker).expect("WASI 0.2");
        if inside == Inside::Wasip3 {
            p3::add_to_linker(&mut linker).expect("WASI 0.3");
        }
        let pre = linker.instantiate_pre(&component).expect("its imports");
        Self { inside, pre }
    }

    /// Whether it connects over `wss`, or over `ws`.
    pub(crate) fn speaks(&self, secure: bool) -> bool {
        // wstd-tungstenite has no TLS.
        !(secure && self.inside == Inside::Wstd)
    }

    pub(crate) async fn start(&self, server: &Server, secure: bool) -> Running {
        let mut store = Store::new(self.pre.engine(), State::new());
        let instance = self.pre.instantiate_async(&mut store).await;
        Running {
            url: url(server, secure),
            roots: secure.then(|| server.pem()),
            instance: instance.expect("an instance"),
            store,
        }
    }
}

/// An instance of a guest.
pub(crate) struct Running {
    url: String,
    roots: Option<String>,
    instance: Instance,
    store: Store<State>,
}

impl Running {
    pub(crate) async fn round_trips(&mut self, len: u32, count: u32) -> Vec<Duration> {
        let (url, roots) = self.server();
        let arguments = (url, roots, len, count);
        let (times,): (Vec<u64>,) = self.call("round-trips", arguments).await;
        times.into_iter().map(Duration::from_nanos).collect()
    }

    pub(crate) async fn pipelined(&mut self, count: u32) -> Duration {
        let (url, roots) = self.server();
        let (time,) = self.call("pipelined", (url, roots, count)).await;
        Duration::from_nanos(time)
    }

    pub(crate) async fn handshakes(&mut self, count: u32) -> Vec<Duration> {
        let (url, roots) = self.server();
        let (times,): (Vec<u64>,) = self.call("handshakes", (url, roots, count)).await;
        times.into_iter().map(Duration::from_nanos).collect()
    }

    pub(crate) async fn idle(&mut self, count: u32) {
        let (url, roots) = self.server();
        let () = self.call("idle", (url, roots, count)).await;
    }

    fn server(&self) -> (String, Option<String>) {
        (self.url.clone(), self.roots.clone())
    }

    async fn call<P, R>(&mut self, name: &str, arguments: P) -> R
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        let function = self.instance.get_typed_func::<P, R>(&mut self.store, name);
        let function = function.expect("a function of the guest");
        let call = function.call_async(&mut self.store, arguments);
        // wasmtime 48 takes a socket for not writable when Tokio's budget is used up.
        let called = tokio::task::unconstrained(call).await;
        called.expect("what the guest checks holds")
    }
}

/// Builds the guests; returns where they are.
fn build() -> PathBuf {
    let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench-guests");
    let status = Command::new(env!("CARGO"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/guests"))
        .args(["build", "--locked", "--quiet", "--release"])
        .args(["--target=wasm32-wasip2", "--target-dir"])
        .arg(&target_dir)
        .status();
    assert!(status.expect("cargo").success(), "the guests do not build");
    target_dir.join("wasm32-wasip2/release")
}

/// Composes a guest with the component that it imports; returns where the result is.
fn compose(guest: &Path) -> PathBuf {
    let composed = guest.with_extension("composed.wasm");
    let status = Command::new(env!("CARGO_BIN_EXE_wasocket"))
        .arg("compose")
        .arg(guest)
        .arg("--output")
        .arg(&composed)
        .status();
    assert!(status.expect("the tool").success(), "it does not compose");
    composed
}

/// The data of a guest's store.
pub(crate) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl State {
    fn new() -> Self {
        let wasi = WasiCtx::builder()
            .allow_tcp(true)
            .allow_ip_name_lookup(true)
            .inherit_network()
            // Where a guest tells which of its checks failed.
            .inherit_stderr()
            .build();
        Self {
            wasi,
            table: ResourceTable::new(),
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
