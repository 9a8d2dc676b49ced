//! Runs two workloads side by side on wasmCloud's runtime, of the same component: a command that was
//! composed with ours. One is granted the server's port, the other one nothing.
//!
//! ```console
//! $ WASOCKET_URL=wss://localhost:8443/ WASOCKET_ROOTS="$(cat ca.pem)" wash COMMAND
//! ```
//!
//! Prints what the command with the grant prints, and fails unless the other one is refused the port.

mod commands;

use std::collections::HashMap;
use std::env;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio::sync::mpsc;
use wash_runtime::engine::Engine;
use wash_runtime::host::{HostApi, HostBuilder};
use wash_runtime::types::{Component, LocalResources, Workload, WorkloadStartRequest};
use wash_runtime::wit::WitInterface;

use crate::commands::{Commands, PORT, RUN, SOCKETS};

const GRANTED: &str = "granted";
const DENIED: &str = "denied";

/// What the component says when the host refuses it an address.
const DENIAL: &str = ": access denied (the host has to allow this component TCP)\n";

#[tokio::main]
async fn main() -> Result<()> {
    let command = env::args()
        .nth(1)
        .context("where is the command? Give its file")?;
    let command = fs::read(&command).with_context(|| command)?;
    let url = env::var("WASOCKET_URL").context("WASOCKET_URL")?;
    let port = url
        .rsplit_once(':')
        .map(|(_, rest)| rest.trim_end_matches('/').to_owned())
        .context("WASOCKET_URL has no port")?;

    let (outcomes, mut outcomes_rx) = mpsc::unbounded_channel();
    let host = HostBuilder::new()
        .with_engine(Engine::builder().build()?)
        .with_plugin(Arc::new(Commands::new(outcomes)))?
        .build()?
        .start()
        .await?;
    let run = WitInterface::from(RUN);
    let mut sockets = WitInterface::from(SOCKETS);
    sockets.config.insert(PORT.to_owned(), port);
    for (name, host_interfaces) in [(GRANTED, vec![run.clone(), sockets]), (DENIED, vec![run])] {
        let workload = workload(name, &command, host_interfaces);
        host.workload_start(WorkloadStartRequest { workload })
            .await?;
    }

    for _ in [GRANTED, DENIED] {
        let outcome = outcomes_rx.recv().await.context("a workload did not end")?;
        if outcome.workload == GRANTED {
            print!("{}", outcome.printed);
            outcome.result?;
        } else if !outcome.printed.ends_with(DENIAL) || outcome.printed.contains(" ok") {
            bail!("a workload without a grant was not refused: {outcome:?}");
        }
    }
    Ok(())
}

fn workload(name: &str, command: &[u8], host_interfaces: Vec<WitInterface>) -> Workload {
    let environment = ["WASOCKET_URL", "WASOCKET_ROOTS"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), env::var(name).ok()?)))
        .collect();
    Workload {
        namespace: "wasocket".to_owned(),
        name: name.to_owned(),
        annotations: HashMap::new(),
        service: None,
        components: vec![Component {
            bytes: command.to_vec().into(),
            local_resources: LocalResources {
                environment,
                ..LocalResources::default()
            },
            ..Component::default()
        }],
        host_interfaces,
        volumes: Vec::new(),
    }
}
