//! `cargo xtask hosts`: the functions of the component on each host, and the chart of that in
//! README.md.
//!
//! Each host runs a program that connects, sends, pings and closes, over `ws` and over `wss`, against
//! a server on this machine. What worked is written to `target/hosts/NAME.txt`, a line such as
//! `connect ok` for each function, from which the chart is made.

mod chart;
mod command;
mod embedder;
mod results;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

pub(crate) use self::command::{GRANTS, wasmtime};

use self::results::{FUNCTIONS, Results};
use crate::cargo::executable;
use crate::{node, process, setup};

/// Somewhere the component runs.
struct Host {
    /// What its results are called.
    name: &'static str,
    /// What the chart calls it.
    title: &'static str,
    /// Builds what it takes; returns what runs it, by [`Tools::serve`]. `None` if its results are
    /// written by another task.
    prepare: Option<fn(&Tools) -> Result<Command>>,
}

/// What the results of the package for Node are called, which its own tests find.
const NODE: &str = "node";

const HOSTS: [Host; 8] = [
    Host {
        name: "wasmtime",
        title: "`wasmtime run`<br/>(x86-64)",
        prepare: Some(command::on_wasmtime),
    },
    Host {
        name: "wasmtime-0.3",
        title: "`wasmtime run`<br/>(WASI 0.3)",
        prepare: Some(command::on_wasmtime_0_3),
    },
    Host {
        name: "crate",
        title: "crate `wasocket`<br/>(x86-64)",
        prepare: Some(embedder::compiled),
    },
    Host {
        name: "interpreter",
        title: "crate `wasocket`<br/>(Pulley)",
        prepare: Some(embedder::interpreted),
    },
    Host {
        name: NODE,
        title: "package for Node<br/>(x86-64)",
        prepare: None,
    },
    Host {
        name: "arm-64",
        title: "ARM Linux<br/>(64 bit)",
        prepare: Some(embedder::on_arm_64),
    },
    Host {
        name: "arm-32",
        title: "ARM Linux<br/>(32 bit, Pulley)",
        prepare: Some(embedder::on_arm_32),
    },
    Host {
        name: "wash",
        title: "wasmCloud<br/>(wash-runtime)",
        prepare: Some(command::on_wash),
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

    /// Gives a program a server to talk to; its arguments are to be added.
    fn serve(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.runner);
        command.arg("run").arg(program);
        command
    }

    /// Composes a command with the component that it is for.
    fn compose(&self, command: &Path, output: &Path) -> Result<()> {
        fs::create_dir_all(dir())?;
        let mut compose = Command::new(&self.wasocket);
        process::run(
            compose
                .arg("compose")
                .arg(command)
                .arg("--output")
                .arg(output),
        )
    }

    /// Compiles the component for a target of wasmtime's.
    fn precompile(&self, target: &str, output: &Path) -> Result<()> {
        fs::create_dir_all(dir())?;
        let mut precompile = Command::new(&self.runner);
        process::run(precompile.args(["precompile", target]).arg(output))
    }
}

/// The command.
pub(crate) fn run(update: bool) -> Result<()> {
    node::run()?;
    run_all(update)
}

/// Writes the results of the package for Node, as its tests told them.
pub(crate) fn write_node(tap: &str) -> Result<()> {
    Results::of_tap(tap).write(NODE)
}

/// As a part of the tests, after those of the package for Node.
pub(crate) fn run_all(update: bool) -> Result<()> {
    setup::wasm()?;
    let tools = Tools::build()?;
    let mut columns = Vec::new();
    let mut failed = Vec::new();
    for host in &HOSTS {
        if let Some(prepare) = host.prepare {
            let mut command = prepare(&tools)?;
            let output = command
                .output()
                .with_context(|| format!("cannot start {command:?}"))?;
            let printed = String::from_utf8_lossy(&output.stdout);
            Results::of(&printed).write(host.name)?;
            if !output.status.success() {
                let complaint = String::from_utf8_lossy(&output.stderr);
                failed.push(format!("{}:\n{printed}{complaint}", host.name));
            }
        }
        let results = Results::read(host.name)?;
        for function in FUNCTIONS {
            let outcome = if results.works(function) {
                "ok"
            } else {
                "FAILED"
            };
            println!("{}: {function} {outcome}", host.name);
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
