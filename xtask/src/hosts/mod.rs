//! `cargo xtask hosts`: the functions of the component on each host, and the chart of that in
//! README.md.
//!
//! Each host runs a program that connects, sends, pings and closes, over `ws` and over `wss`, against
//! a server on this machine. What worked is written to `target/hosts/NAME.txt`, from which the chart
//! is made.

mod chart;
mod command;
mod embedder;
mod results;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

pub(crate) use self::command::{GRANTS, wasmtime};

use self::results::{FUNCTIONS, Results};
use crate::cargo::executable;
use crate::setup;

/// Somewhere the component runs.
struct Host {
    /// What its results are called.
    name: &'static str,
    /// What the chart calls it.
    title: &'static str,
    /// Builds what it takes; returns the program that does what is asked, with its arguments.
    prepare: fn(&Tools) -> Result<Vec<PathBuf>>,
}

const HOSTS: [Host; 7] = [
    Host {
        name: "wasmtime",
        title: "`wasmtime run`<br/>(x86-64)",
        prepare: command::on_wasmtime,
    },
    Host {
        name: "wasmtime-0.3",
        title: "`wasmtime run`<br/>(WASI 0.3)",
        prepare: command::on_wasmtime_0_3,
    },
    Host {
        name: "crate",
        title: "crate `wasocket`<br/>(x86-64)",
        prepare: embedder::compiled,
    },
    Host {
        name: "interpreter",
        title: "crate `wasocket`<br/>(Pulley)",
        prepare: embedder::interpreted,
    },
    Host {
        name: "arm-64",
        title: "ARM Linux<br/>(64 bit)",
        prepare: embedder::on_arm_64,
    },
    Host {
        name: "arm-32",
        title: "ARM Linux<br/>(32 bit, Pulley)",
        prepare: embedder::on_arm_32,
    },
    Host {
        name: "wash",
        title: "wasmCloud<br/>(wash-runtime)",
        prepare: command::on_wash,
    },
];

/// What several hosts take.
struct Tools {
    /// tests/hosts/runner, which starts the servers and compiles components.
    runner: PathBuf,
    /// Our tool, which composes.
    wasocket: PathBuf,
}

impl Tools {
    fn build() -> Result<Self> {
        Ok(Self {
            // With the features that the tests have, so that nothing is built twice.
            runner: executable(&["--workspace", "--all-features", "--bin=hosts"])?,
            wasocket: executable(&["--workspace", "--all-features", "--bin=wasocket"])?,
        })
    }

    fn run(&self) -> Command {
        Command::new(&self.runner)
    }
}

pub(crate) fn run(update: bool) -> Result<()> {
    setup::wasm()?;
    let tools = Tools::build()?;
    let mut columns = Vec::new();
    let mut failed = Vec::new();
    for host in &HOSTS {
        let program = (host.prepare)(&tools)?;
        let results = Results::of(tools.run().arg("run").args(program))?;
        results.write(host.name)?;
        for function in FUNCTIONS {
            let works = results.works(function);
            println!(
                "{}: {function} {}",
                host.name,
                if works { "ok" } else { "FAILED" }
            );
        }
        if let Some(reason) = results.failure() {
            failed.push(format!("{}: {reason}", host.name));
        }
        columns.push((host.title, results));
    }
    chart::judge(&columns, update)?;
    if !failed.is_empty() {
        bail!("not all hosts can do all:\n{}", failed.join("\n"));
    }
    Ok(())
}

/// Where what is made here goes.
fn dir() -> PathBuf {
    setup::workspace_root().join("target/hosts")
}

/// A path in it.
fn file(name: impl AsRef<Path>) -> PathBuf {
    dir().join(name)
}
