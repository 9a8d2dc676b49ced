use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tracing::{Instrument, debug_span};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine};

use crate::bindings::WebsocketPre;
use crate::command::{self, End, Ended};
use crate::component;
use crate::counters::{ConnectionCounters, RuntimeCounters, RuntimeMetrics};
use crate::driver::Driver;
use crate::error::{EngineError, Error, RuntimeError};
use crate::event::ReadyState;
use crate::grants::{Access, Grants};
use crate::instance::Prepared;
use crate::instances::Instances;
use crate::options::Options;
use crate::pool::Pool;
use crate::queue;
use crate::sandbox::Turns;
use crate::start::Request;
use crate::store::State;
#[cfg(feature = "wasi-tls")]
use crate::tls::TlsConfigs;
use crate::wasi;
use crate::websocket::WebSocket;

/// How much linear memory an instance may have, unless set otherwise, in bytes: several messages of
/// the default limit. Memory that is not used is not allocated.
const DEFAULT_MAX_MEMORY: usize = 256 << 20;

/// How long a guest may compute in one call, unless set otherwise: several times what the longest
/// message takes to be compressed by the interpreter.
const DEFAULT_MAX_COMPUTE_TIME: Duration = Duration::from_secs(30);

/// What is interpreted on a processor of this kind, as wasmtime names it.
#[cfg(feature = "interpreter")]
const INTERPRETER: &str = match (
    cfg!(target_pointer_width = "32"),
    cfg!(target_endian = "big"),
) {
    (true, false) => "pulley32",
    (true, true) => "pulley32be",
    (false, false) => "pulley64",
    (false, true) => "pulley64be",
};

/// Runs connections: an engine, and the component compiled for it.
///
/// Made once, it is cheap to clone and serves any number of connections. Each has its own instance
/// of the component, unless [several share one](RuntimeBuilder::connections_per_instance): memory,
/// sockets and faults of one are not another's.
///
/// When a connection has ended, an instance is started for the next, which then connects in two thirds
/// of the time. There is one such instance at most, and it ends with the runtime.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    instances: Instances,
    grants: Grants,
    /// What the host has for TLS, if it does that.
    #[cfg(feature = "wasi-tls")]
    tls: Option<TlsConfigs>,
    last_id: AtomicU64,
    counters: Arc<RuntimeCounters>,
}

/// Sets up a [`Runtime`].
///
/// Defaults: nothing is granted; an instance may have 256 MiB of memory, and compute for 30 s in one
/// call; there are as many instances as there is memory for; the component is compiled when the
/// runtime is made, and not kept; it runs as machine code where wasmtime has a compiler for the
/// processor.
#[derive(Debug)]
#[must_use]
pub struct RuntimeBuilder {
    grants: Grants,
    max_memory: usize,
    max_compute_time: Duration,
    pool: Option<Pool>,
    connections_per_instance: u32,
    source: component::Source,
    tls: component::TlsOf,
    /// What the engine runs, as wasmtime names it; `None` for the machine that this runs on.
    target: Option<&'static str>,
}

impl Runtime {
    /// A runtime with all settings at their defaults.
    ///
    /// Compiles the component, which takes a second or so; see [`RuntimeBuilder::cache`] and
    /// [`RuntimeBuilder::precompiled`] for how not to.
    ///
    /// # Errors
    ///
    /// If the engine cannot be set up on this machine.
    #[cfg(feature = "compile")]
    pub fn new() -> Result<Self, RuntimeError> {
        Self::builder().build()
    }

    /// Sets up a runtime.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder {
            grants: Grants::new(),
            max_memory: DEFAULT_MAX_MEMORY,
            max_compute_time: DEFAULT_MAX_COMPUTE_TIME,
            pool: None,
            connections_per_instance: 1,
            source: component::Source::Embedded,
            tls: component::TlsOf::Guest,
            target: None,
        }
    }

    /// The component, compiled for this machine and this version of the crate, for
    /// [`RuntimeBuilder::precompiled`].
    ///
    /// # Errors
    ///
    /// If the engine cannot be set up on this machine.
    #[cfg(feature = "compile")]
    pub fn precompile() -> Result<Vec<u8>, RuntimeError> {
        component::compile(&engine(None, None)?, component::TlsOf::Guest)
    }

    /// The same for [`RuntimeBuilder::host_tls`] beside [`RuntimeBuilder::precompiled`].
    ///
    /// # Errors
    ///
    /// As [`Self::precompile`].
    #[cfg(all(feature = "compile", feature = "wasi-tls"))]
    pub fn precompile_for_host_tls() -> Result<Vec<u8>, RuntimeError> {
        component::compile(&engine(None, None)?, component::TlsOf::Host)
    }

    /// The component, compiled for another machine, for [`RuntimeBuilder::precompiled`] there: it
    /// needs no compiler then, and this crate no feature.
    ///
    /// `target` is a target of Rust's, such as `aarch64-unknown-linux-musl`; or else `pulley32` or
    /// `pulley64`, which is what wasmtime interprets on a processor of so many bits. 32-bit ARM, for
    /// which wasmtime does not compile, takes `pulley32`. For other processors than the one that
    /// this runs on, the program has to depend on wasmtime with its feature `all-arch`, which takes
    /// long to build, so that no feature of this crate has it.
    ///
    /// # Errors
    ///
    /// [`RuntimeError::Target`] if there is no such target, or wasmtime cannot compile for it.
    #[cfg(feature = "compile")]
    pub fn precompile_for(target: &str) -> Result<Vec<u8>, RuntimeError> {
        configure(Some(target), None)
            .map_err(EngineError::new)
            .map_err(|source| RuntimeError::Target {
                target: target.to_owned(),
                source,
            })
            .and_then(|engine| component::compile(&engine, component::TlsOf::Guest))
    }

    /// Connects to a `ws` or `wss` URL, with the default options.
    ///
    /// # Errors
    ///
    /// As [`Self::connect_with`].
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, as everything of Tokio's network does.
    pub async fn connect(&self, url: &str) -> Result<WebSocket, Error> {
        self.connect_with(url, &Options::new()).await
    }

    /// Connects to a `ws` or `wss` URL. Completes when the connection is open.
    ///
    /// Dropping the future gives the connection up. Once it is open, it is run by a task of the Tokio
    /// runtime on which this was called, and ends with that at the latest.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidArgument`]: the URL or an option cannot be used; nothing was sent.
    /// - [`Error::Failed`]: the connection could not be opened; says at which step and why.
    ///
    /// After either, the runtime serves other connections as before.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, as everything of Tokio's network does.
    pub async fn connect_with(&self, url: &str, options: &Options) -> Result<WebSocket, Error> {
        let counters = self.attempt();
        let mut websocket = self
            .start(Some(url), None, None, options, &counters)
            .await?;
        websocket.opened().await?;
        Ok(websocket)
    }

    /// What the connections have counted so far, those included that have ended.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.0.counters.metrics()
    }

    /// Counts a connection that is asked for.
    pub(crate) fn attempt(&self) -> Arc<ConnectionCounters> {
        ConnectionCounters::attempt(&self.0.counters)
    }

    /// Starts to connect; returns before the connection is open.
    pub(crate) async fn start(
        &self,
        host: Option<&str>,
        port: Option<u16>,
        path: Option<&str>,
        options: &Options,
        counters: &Arc<ConnectionCounters>,
    ) -> Result<WebSocket, Error> {
        let started = self.start_counted(host, port, path, options, counters);
        let started = started.await;
        if let Err(Error::Failed(failure)) = &started {
            counters.failed(failure.step);
        }
        started
    }

    async fn start_counted(
        &self,
        host: Option<&str>,
        port: Option<u16>,
        path: Option<&str>,
        options: &Options,
        counters: &Arc<ConnectionCounters>,
    ) -> Result<WebSocket, Error> {
        let (receive_marks, send_marks) = options.marks()?;
        let id = self.0.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let span = debug_span!("websocket", id);
        let grants = options
            .grants
            .clone()
            .unwrap_or_else(|| self.0.grants.clone());
        let connect_timeout = options.connect_timeout_or_default();
        let options = options.clone();
        #[cfg(feature = "wasi-tls")]
        let (access, options) = match &self.0.tls {
            None => (Access::new(grants), options),
            Some(configs) => {
                let tls = configs.of(&options)?;
                (Access::with_tls(grants, tls), options.without_roots())
            }
        };
        #[cfg(not(feature = "wasi-tls"))]
        let access = Access::new(grants);
        let (tenancy, connect_timeout) = self.0.instances.take(access, connect_timeout).await?;
        let request = Request {
            host: host.map(str::to_owned),
            port,
            path: path.map(str::to_owned),
            options,
            connect_timeout,
        };
        let ended = Ended::default();
        let (commands, commands_rx) =
            command::commands(self.0.instances.max_memory(), send_marks, ended.clone());
        let (events, events_rx) = queue::events(receive_marks, ended.clone());
        let (started, result) = oneshot::channel();
        let of_task = counters.clone();
        let spare = self.0.instances.spare();
        let task = async move {
            match Box::pin(request.start(&tenancy)).await {
                Ok(guest) => {
                    // Whoever asked may have given up, and then has dropped the connection.
                    let _ = started.send(Ok(()));
                    let end = End::of(ended);
                    let options = &request.options;
                    let mut driver =
                        Driver::new(tenancy, guest, commands_rx, events, end, of_task, options);
                    drop(request);
                    let closed = driver.run().await;
                    Box::pin(driver.leave()).await;
                    driver.end(closed);
                    if let Some(spare) = spare.as_ref().and_then(Weak::upgrade) {
                        Box::pin(spare.fill()).await;
                    }
                }
                Err(error) => {
                    // First, so that whoever is told finds its place in the pool free.
                    drop(tenancy);
                    let _ = started.send(Err(error));
                }
            }
        };
        // In a task, because whoever gives up drops this, and who leaves an instance in the middle of
        // a call ends it for all who share it. Without Tokio's budget: the driver lets others have
        // their turn by itself.
        tokio::spawn(tokio::task::unconstrained(task).instrument(span));
        let connection = WebSocket::new(commands, events_rx, counters.clone());
        match result.await {
            Ok(started) => started.map(|()| connection),
            Err(_) => Err(Error::InvalidState(ReadyState::Closed)),
        }
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runtime")
            .field("grants", &self.0.grants)
            .field("max_memory", &self.0.instances.max_memory())
            .finish_non_exhaustive()
    }
}

impl RuntimeBuilder {
    /// What every connection may reach, unless its options say otherwise. Default: nothing.
    pub fn grants(mut self, grants: Grants) -> Self {
        self.grants = grants;
        self
    }

    /// How much linear memory an instance may have, in bytes. Default: 256 MiB.
    ///
    /// An instance that needs more traps, which ends its connection with
    /// [`FailureKind::Trap`](crate::FailureKind::Trap). It needs about three times the longest message
    /// that it may receive, and 16 MiB for all else. Messages longer than a quarter of it are not taken to be sent.
    pub fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = bytes;
        self
    }

    /// How long a guest may compute in one call without giving back control, in steps of 10 ms, at
    /// least one. Default: 30 s.
    ///
    /// One that computes for longer traps, which ends its connection with
    /// [`FailureKind::Trap`](crate::FailureKind::Trap), of
    /// [`TrapCause::ComputeTime`](crate::TrapCause::ComputeTime). Meanwhile the other tasks of its
    /// Tokio thread have their turn every 10 ms. To count them, the runtime has a thread of its own,
    /// which sleeps while no guest computes and ends with the last of the runtime and its
    /// connections.
    pub fn max_compute_time(mut self, limit: Duration) -> Self {
        self.max_compute_time = limit;
        self
    }

    /// Sets room for instances aside. Default: none; each connection asks the system for what it
    /// needs and gives it back, and there may be as many as there is memory for.
    ///
    /// A pool bounds the number of connections, and starts an instance in less time. None is started
    /// before there is a connection for it.
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// How many connections share an instance at most, for many at a time: one that is idle takes a
    /// fifth of the memory then. Default: 1; 0 is taken for 1.
    ///
    /// What connections share an instance for:
    ///
    /// - [`max_memory`](Self::max_memory) is what all of them may have together. If they need more, if
    ///   one computes for longer than it may, or finds a fault of ours, all of them end with
    ///   [`FailureKind::Trap`](crate::FailureKind::Trap). So that servers cannot bring it about, it
    ///   has to be three times [`Options::max_message_size`] for each of them, or they are trusted not
    ///   to send their longest messages all at once.
    /// - One of them computes at a time. There is an instance for each thread of Tokio's before any
    ///   has two connections, and the next is started when all are full; it ends with its last.
    /// - A guest that was taken over by a server, by a fault of ours that nobody knows, could reach
    ///   what is granted to the others of its instance, and read what they send.
    ///
    /// Grants, limits and timeouts are of each connection as always, and so are errors: what one
    /// server does touches no other connection.
    pub fn connections_per_instance(mut self, connections: u32) -> Self {
        self.connections_per_instance = connections;
        self
    }

    /// Keeps the compiled component in this directory, so that the next runtime is made in
    /// milliseconds. The directory is made if it is not there.
    ///
    /// What is in it is machine code that will be run: nobody else may be able to write to it. On
    /// Unix a directory that is made here is accessible to its owner alone.
    #[cfg(feature = "compile")]
    pub fn cache(mut self, directory: impl Into<PathBuf>) -> Self {
        self.source = component::Source::Cache(directory.into());
        self
    }

    /// Interprets the component, by wasmtime's Pulley: for systems on which nothing may become
    /// machine code while a program runs. It takes several times as long.
    ///
    /// Where wasmtime has no compiler for the processor, as for 32-bit ARM, it is so without this.
    #[cfg(feature = "interpreter")]
    pub fn interpreted(mut self) -> Self {
        self.target = Some(INTERPRETER);
        self
    }

    /// Has the host do TLS, by rustls as machine code, in place of the component in the sandbox.
    /// Default: the component does.
    ///
    /// What it gains is the processor's instructions for cryptography, and constant time as far as
    /// rustls has it. What it costs is the wall: a fault in TLS is not contained any more, and what
    /// a server sends is parsed outside of the sandbox. What is sent and received the host knows
    /// anyway.
    ///
    /// Certificates are verified all the same, always, by Mozilla's roots and those of
    /// [`Options::roots`]. Connections with the same roots resume each other's sessions. The
    /// component asks for it by the proposal `wasi:tls`, which has words and no codes for what
    /// fails: [`Failure::kind`](crate::Failure::kind) is as ever, and the text is that of rustls.
    #[cfg(feature = "wasi-tls")]
    pub fn host_tls(mut self) -> Self {
        self.tls = component::TlsOf::Host;
        self
    }

    /// Loads the component from a file that has what [`Runtime::precompile`] returned.
    ///
    /// # Safety
    ///
    /// The file must be what this version of this crate wrote, and must not be changed while the
    /// runtime lives: it is machine code that is mapped into memory and run.
    pub unsafe fn precompiled(mut self, file: impl Into<PathBuf>) -> Self {
        self.source = component::Source::Precompiled(file.into());
        self
    }

    /// Makes the runtime.
    ///
    /// # Errors
    ///
    /// If the engine cannot be set up on this machine, there is no room for the pool, or the cache
    /// or the precompiled component cannot be used.
    pub fn build(self) -> Result<Runtime, RuntimeError> {
        let engine = engine(self.target, self.pool)?;
        let component = component::load(&engine, &self.source, self.tls)?;
        let component = pre_instantiate(&engine, &component, self.tls)
            .map_err(|error| self.source.unusable(error))?;
        let turns = Turns::new(&engine, self.max_compute_time).map_err(RuntimeError::Thread)?;
        let prepared = Prepared {
            engine,
            component,
            max_memory: match self.pool {
                Some(_) => Pool::max_memory(self.max_memory),
                None => self.max_memory,
            },
            turns,
        };
        Ok(Runtime(Arc::new(Inner {
            instances: Instances::new(prepared, self.connections_per_instance, self.pool),
            grants: self.grants,
            #[cfg(feature = "wasi-tls")]
            tls: (self.tls == component::TlsOf::Host).then(TlsConfigs::default),
            last_id: AtomicU64::new(0),
            counters: Arc::default(),
        })))
    }
}

fn engine(target: Option<&str>, pool: Option<Pool>) -> Result<Engine, RuntimeError> {
    configure(target, pool).map_err(|error| {
        let source = EngineError::new(error);
        match pool {
            // Without the pool it would have been made.
            Some(pool) if configure(target, None).is_ok() => RuntimeError::Pool {
                instances: pool.instances(),
                source,
            },
            _ => RuntimeError::Engine(source),
        }
    })
}

/// The engine for a target that wasmtime names, or for the machine that this runs on.
fn configure(target: Option<&str>, pool: Option<Pool>) -> wasmtime::Result<Engine> {
    // What each setting costs, and those that are wasmtime's own, is in docs/engine.md.
    let mut config = Config::new();
    // Async functions of WASI 0.3, which this component does not have. A call into the guest costs
    // a quarter without them.
    config.concurrency_support(false);
    config.epoch_interruption(true);
    // What the embedded component is built with.
    config.wasm_wide_arithmetic(true);
    if let Some(pool) = pool {
        if pool.instances() == 0 {
            return Err(wasmtime::Error::msg("nothing could ever be connected"));
        }
        config.allocation_strategy(pool.config());
    }
    if let Some(target) = target {
        config.target(target)?;
    }
    Engine::new(&config)
}

fn pre_instantiate(
    engine: &Engine,
    component: &Component,
    tls: component::TlsOf,
) -> wasmtime::Result<WebsocketPre<State>> {
    let mut linker = Linker::new(engine);
    wasi::add_to_linker(&mut linker)?;
    match tls {
        component::TlsOf::Guest => {}
        #[cfg(feature = "wasi-tls")]
        component::TlsOf::Host => wasi::add_tls_to_linker(&mut linker)?,
    }
    WebsocketPre::new(linker.instantiate_pre(component)?)
}
