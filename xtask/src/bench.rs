//! `cargo xtask bench`: us and others, side by side in one run; or how many connections one process
//! holds; or what the engine's settings cost.

use anyhow::{Result, bail};

use crate::cargo::cargo;
use crate::{process, setup};

/// What to measure, and how.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    subject: Subject,
    quick: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Subject {
    #[default]
    Peers,
    Connections,
    Engine,
}

impl Subject {
    fn target(self) -> &'static str {
        match self {
            Self::Peers => "--bench=peers",
            Self::Connections => "--bench=connections",
            Self::Engine => "--bench=engine",
        }
    }
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "connections" => options.subject = Subject::Connections,
                "engine" => options.subject = Subject::Engine,
                "--quick" => options.quick = true,
                other => bail!("bench has no option `{other}`; `cargo xtask help` lists them"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    setup::wasm()?;
    if options.subject == Subject::Peers {
        // It says itself whom it leaves out; here is why.
        for client in [setup::node_clients(), setup::python_peer()] {
            if let Err(error) = client {
                eprintln!("xtask: {error:#}");
            }
        }
    }
    let mut command = cargo(&["bench", "--locked"]);
    command.arg(options.subject.target());
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
