//! `wasocket`: WebSocket on the command line, through the sandboxed component.

mod args;
mod demo;
mod exit;
mod input;
mod output;
mod session;

use std::process::ExitCode;

use clap::Parser;
use wasocket::Runtime;

use crate::args::{Action, Args};
use crate::exit::Exit;

fn main() -> ExitCode {
    let args = Args::parse();
    let exit = match args.action() {
        Action::Component(file) => write_component(file.as_deref()),
        Action::Demo => run(&args, demo::run),
        Action::Connect(url) => run(&args, |runtime| session::run(runtime, url, &args)),
    };
    exit.into()
}

/// Makes the runtime, and runs `command` on it.
fn run<F: Future<Output = Exit>>(args: &Args, command: impl FnOnce(Runtime) -> F) -> Exit {
    let runtime = match args.runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&output::with_sources(&error));
            return Exit::Internal;
        }
    };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    match tokio {
        Ok(tokio) => {
            let exit = tokio.block_on(command(runtime));
            // Threads of it may be looking a name up, and would be waited for.
            tokio.shutdown_background();
            exit
        }
        Err(error) => {
            output::complain(&format!("no threads for the network: {error}"));
            Exit::Internal
        }
    }
}

/// Writes the component that this tool embeds.
fn write_component(file: Option<&std::path::Path>) -> Exit {
    let Some(file) = file else {
        return match output::write(wasocket::COMPONENT) {
            Ok(()) => Exit::Success,
            Err(error) => output::failed(&error),
        };
    };
    match std::fs::write(file, wasocket::COMPONENT) {
        Ok(()) => Exit::Success,
        Err(error) => {
            output::complain(&format!("{}: {error}", file.display()));
            Exit::Usage
        }
    }
}
