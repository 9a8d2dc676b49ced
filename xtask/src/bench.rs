//! `cargo xtask bench`: us and others, side by side in one run; or how many connections one process
//! holds.

use anyhow::{Result, bail};

use crate::cargo::cargo;
use crate::{process, setup};

/// What to measure, and how.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    connections: bool,
    quick: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "connections" => options.connections = true,
                "--quick" => options.quick = true,
                other => bail!("bench has no option `{other}`; `cargo xtask help` lists them"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    setup::wasm()?;
    if !options.connections {
        // It says itself whom it leaves out; here is why.
        for client in [setup::node_clients(), setup::python_peer()] {
            if let Err(error) = client {
                eprintln!("xtask: {error:#}");
            }
        }
    }
    let mut command = cargo(&["bench", "--locked"]);
    command.arg(if options.connections {
        "--bench=connections"
    } else {
        "--bench=peers"
    });
    if options.quick {
        // It only has to work: what the tests have built will do, with the features that they have.
        command.args([
            "--workspace",
            "--all-features",
            "--profile=dev",
            "--",
            "--quick",
        ]);
    } else {
        command.args(["--package=wasocket", "--features=cli,wasi-tls"]);
    }
    process::show(command)
}
