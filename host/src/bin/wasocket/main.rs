//! `wasocket`: WebSocket on the command line, through the sandboxed component.

mod args;
mod compose;
mod demo;
mod embedded;
mod exit;
mod input;
mod output;
mod session;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use wasocket::Runtime;

use crate::args::{Action, Args, ComposeArgs};
use crate::exit::Exit;

fn main() -> ExitCode {
    let args = Args::parse();
    let exit = match args.action() {
        Action::Component(embedded, file) => write_file(file, embedded.component),
        Action::Compose(compose) => write_composed(compose),
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

/// Composes two components, and writes what comes of it.
fn write_composed(args: &ComposeArgs) -> Exit {
    match compose::compose(&args.component, args.with.as_deref()) {
        Ok(composed) => write_file(&args.output, &composed),
        Err(error) => {
            output::complain(&output::with_sources(&error));
            Exit::Usage
        }
    }
}

/// Writes a file; `-` is standard output.
fn write_file(file: &Path, bytes: &[u8]) -> Exit {
    if file == Path::new("-") {
        return match output::write(bytes) {
            Ok(()) => Exit::Success,
            Err(error) => output::failed(&error),
        };
    }
    match std::fs::write(file, bytes) {
        Ok(()) => Exit::Success,
        Err(error) => {
            output::complain(&format!("{}: {error}", file.display()));
            Exit::Usage
        }
    }
}
