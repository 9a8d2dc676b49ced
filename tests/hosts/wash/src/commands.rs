use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow};
use tokio::sync::mpsc::UnboundedSender;
use wash_runtime::engine::workload::{ResolvedWorkload, WorkloadComponent};
use wash_runtime::plugin::HostPlugin;
use wash_runtime::wit::{WitInterface, WitWorld};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::bindings::CommandPre;
use wasmtime_wasi::pipe::MemoryOutputPipe;

/// What a workload names to be run as a command.
pub(crate) const RUN: &str = "wasi:cli/run";

/// What a workload names, with a [`PORT`], to be granted that port of this machine.
pub(crate) const SOCKETS: &str = "wasi:sockets/tcp";
pub(crate) const PORT: &str = "port";

/// How much a command may print.
const MAX_PRINTED: usize = 1 << 16;

/// A plugin of the host, which runs commands. Version 0.1.0 of the runtime itself has no grants of
/// the network: what it does with a workload is left to its plugins.
pub(crate) struct Commands {
    outcomes: UnboundedSender<Outcome>,
    bound: Mutex<HashMap<String, Bound>>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The name of the workload.
    pub(crate) workload: String,
    pub(crate) printed: String,
    pub(crate) result: Result<()>,
}

/// What a component was given.
#[derive(Clone)]
struct Bound {
    environment: HashMap<String, String>,
    port: Option<u16>,
}

impl Commands {
    pub(crate) fn new(outcomes: UnboundedSender<Outcome>) -> Self {
        Self {
            outcomes,
            bound: Mutex::default(),
        }
    }
}

#[async_trait::async_trait]
impl HostPlugin for Commands {
    fn id(&self) -> &'static str {
        "commands"
    }

    fn world(&self) -> WitWorld {
        WitWorld {
            imports: HashSet::from([RUN.into(), SOCKETS.into()]),
            exports: HashSet::new(),
        }
    }

    async fn on_component_bind(
        &self,
        component: &mut WorkloadComponent,
        interfaces: HashSet<WitInterface>,
    ) -> Result<()> {
        let port = interfaces
            .iter()
            .find_map(|interface| interface.config.get(PORT))
            .map(|port| port.parse().with_context(|| format!("the port {port}")))
            .transpose()?;
        let environment = component.local_resources().environment.clone();
        let bound = Bound { environment, port };
        self.bound
            .lock()
            .map_err(|_| anyhow!("another workload panicked"))?
            .insert(component.id().to_owned(), bound);
        Ok(())
    }

    async fn on_workload_resolved(
        &self,
        workload: &ResolvedWorkload,
        component_id: &str,
    ) -> Result<()> {
        let bound = self
            .bound
            .lock()
            .map_err(|_| anyhow!("another workload panicked"))?
            .remove(component_id)
            .context("the component was not bound")?;
        let printed = MemoryOutputPipe::new(MAX_PRINTED);
        let mut store = workload.new_store(component_id).await?;
        store.data_mut().ctx = {
            let mut wasi = WasiCtxBuilder::new();
            wasi.stdout(printed.clone())
                .inherit_stderr()
                .allow_ip_name_lookup(true);
            for (name, value) in &bound.environment {
                wasi.env(name, value);
            }
            if let Some(port) = bound.port {
                grant(&mut wasi, port);
            }
            wasi.build()
        };
        let command = CommandPre::new(workload.instantiate_pre(component_id).await?)?;
        let name = workload.name().to_owned();
        let outcomes = self.outcomes.clone();
        tokio::spawn(async move {
            let result = async {
                let command = command.instantiate_async(&mut store).await?;
                let run = command.wasi_cli_run().call_run(&mut store).await?;
                run.map_err(|()| anyhow!("the command failed"))
            }
            .await;
            // The other end is gone only when the program ends.
            let _ = outcomes.send(Outcome {
                workload: name,
                printed: String::from_utf8_lossy(&printed.contents()).into_owned(),
                result,
            });
        });
        Ok(())
    }
}

/// One port of this machine.
fn grant(wasi: &mut WasiCtxBuilder, port: u16) {
    wasi.socket_addr_check(move |address: SocketAddr, _| {
        let granted = address.ip().is_loopback() && address.port() == port;
        Box::pin(async move { granted })
    });
}
