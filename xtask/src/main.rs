//! The tasks of this repository, as `cargo xtask COMMAND`. One file for each command.

mod process;
mod setup;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
The tasks of this repository.

    cargo xtask COMMAND

Commands:
    help     prints this
    setup    installs what building the component and running the tests need, under .tools

Environment:
    CC_wasm32_wasip2, AR_wasm32_wasip2
             the C compiler for wasm32 and its archiver, for `setup` to take instead of
             looking for them
    WASOCKET_WASM_CC=zig
             makes `setup` take zig, from PyPI, even if there is a clang
";

/// What is asked for.
enum Command {
    Help,
    Setup,
}

impl Command {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let command = match arguments.next().as_deref() {
            None | Some("help" | "--help" | "-h") => Self::Help,
            Some("setup") => Self::Setup,
            Some(other) => bail!("there is no command `{other}`; `cargo xtask help` lists them"),
        };
        if let Some(surplus) = arguments.next() {
            bail!("what is `{surplus}`? The command takes no arguments");
        }
        Ok(command)
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Help => {
                print!("{HELP}");
                Ok(())
            }
            Self::Setup => setup::run(),
        }
    }
}

fn main() -> ExitCode {
    match Command::parse(std::env::args().skip(1)).and_then(Command::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
