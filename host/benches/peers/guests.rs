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

use crate::contestant::Contestant;
use crate::native::block_on;
use crate::service::Service;
use crate::target::Target;
use crate::task::{Measured, Payload, Stopwatch, Task, resident_kib};

/// What guests have in flight: it is fixed in them.
const SMALL: Payload = Payload::Numbered { len: 128 };
const SMALL_WINDOW: u32 = 64;

/// What a guest uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// Our component for WASI 0.2.
    Wasip2,
    /// Our component for WASI 0.3.
    Wasip3,
    /// wstd-tungstenite, on WASI 0.2.
    Wstd,
    /// Next to nothing, on WASI 0.3.
    Floor,
}

impl Inside {
    pub(crate) const ALL: [Self; 4] = [Self::Wasip2, Self::Wasip3, Self::Wstd, Self::Floor];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wasip2 => "0.2 guest",
            Self::Wasip3 => "0.3 guest",
            Self::Wstd => "wstd-tungstenite",
            Self::Floor => "0.3 floor",
        }
    }

    /// What cargo calls the guest.
    fn file(self) -> &'static str {
        match self {
            Self::Wasip2 => "guest_wasip2.wasm",
            Self::Wasip3 => "guest_wasip3.wasm",
            Self::Wstd => "guest_wstd.wasm",
            Self::Floor => "guest_floor.wasm",
        }
    }

    fn is_on_wasip3(self) -> bool {
        matches!(self, Self::Wasip3 | Self::Floor)
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
            Inside::Wstd | Inside::Floor => guest,
        };
        let mut config = Config::new();
        if !inside.is_on_wasip3() {
            // As the crate has it.
            config.concurrency_support(false);
        }
        let engine = Engine::new(&config).expect("an engine");
        let component = Component::from_file(&engine, component).expect("a component");
        let mut linker = Linker::new(&engine);
        // Rust's standard library is on WASI 0.2 in all of them.
        p2::add_to_linker_async(&mut linker).expect("WASI 0.2");
        if inside.is_on_wasip3() {
            p3::add_to_linker(&mut linker).expect("WASI 0.3");
        }
        let pre = linker.instantiate_pre(&component).expect("its imports");
        Self { inside, pre }
    }
}

impl Contestant for Guest {
    fn name(&self) -> &'static str {
        self.inside.name()
    }

    fn does(&self, task: Task, secure: bool) -> bool {
        let has_tls = matches!(self.inside, Inside::Wasip2 | Inside::Wasip3);
        if secure && !has_tls {
            return false;
        }
        match task {
            Task::RoundTrips { .. } | Task::Idle { .. } => true,
            Task::InFlight {
                payload, window, ..
            } => payload == SMALL && window == SMALL_WINDOW,
            Task::Handshakes { resumed, .. } => !resumed,
            Task::Crowd { .. } | Task::Pairs { .. } => false,
        }
    }

    fn run(&self, task: Task, service: &Service, secure: bool) -> Measured {
        let target = service.target(secure, task.purpose());
        let pre = self.pre.clone();
        block_on(async move { Running::start(&pre, target).await.run(task).await })
    }
}

/// An instance of a guest.
struct Running {
    url: String,
    roots: Option<String>,
    instance: Instance,
    store: Store<State>,
}

impl Running {
    async fn start(pre: &InstancePre<State>, target: Target) -> Self {
        let mut store = Store::new(pre.engine(), State::new());
        let instance = pre.instantiate_async(&mut store).await;
        Self {
            url: target.url,
            roots: target.secure.then_some(target.roots),
            instance: instance.expect("an instance"),
            store,
        }
    }

    async fn run(&mut self, task: Task) -> Measured {
        let (url, roots) = (self.url.clone(), self.roots.clone());
        let stopwatch = Stopwatch::start();
        let nanos = match task {
            Task::RoundTrips { len, count } => {
                let arguments = (url, roots, len, count);
                let (times,): (Vec<u64>,) = self.call("round-trips", arguments).await;
                times
            }
            Task::InFlight { count, .. } => {
                let (elapsed,) = self.call("pipelined", (url, roots, count)).await;
                return Measured {
                    elapsed: Duration::from_nanos(elapsed),
                    ..stopwatch.stop(Vec::new())
                };
            }
            Task::Handshakes { count, .. } => {
                let (times,): (Vec<u64>,) = self.call("handshakes", (url, roots, count)).await;
                times
            }
            Task::Idle { connections } => {
                let before = resident_kib();
                let () = self.call("idle", (url, roots, connections)).await;
                return Measured {
                    kib: resident_kib().saturating_sub(before),
                    ..Measured::default()
                };
            }
            Task::Crowd { .. } | Task::Pairs { .. } => unreachable!("it does not do that"),
        };
        let times: Vec<Duration> = nanos.into_iter().map(Duration::from_nanos).collect();
        Measured {
            elapsed: times.iter().sum(),
            ..stopwatch.stop(times)
        }
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
struct State {
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
