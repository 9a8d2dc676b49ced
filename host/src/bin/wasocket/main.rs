//! `wasocket`: WebSocket on the command line, through the sandboxed component.

mod args;
mod bench;
mod compose;
mod connect;
mod demo;
mod editor;
mod embedded;
mod exit;
mod files;
mod input;
mod json;
mod link;
mod opening;
mod output;
mod pages;
mod progress;
mod reconnection;
mod screen;
mod sending;
mod session;
mod signals;
mod source;
mod timer;
mod typed;
mod values;

use std::path::Path;
use std::process::ExitCode;

use wasocket::Runtime;

use crate::args::{Action, Args, ComposeArgs};
use crate::connect::ConnectArgs;
use crate::exit::Exit;

fn main() -> ExitCode {
    let args = Args::of_process();
    let exit = match args.action() {
        Action::Component(embedded, file) => write_file(file, embedded.component),
        Action::Compose(compose) => write_composed(compose),
        Action::Completions(shell) => pages::completions(shell),
        Action::Man(command) => pages::man(command),
        Action::Demo => run(&args, &args.connect, demo::run),
        Action::Bench(bench) => run(&args, &bench.connect, |runtime| bench::run(runtime, bench)),
        Action::Connect(url) => run(&args, &args.connect, |runtime| {
            opening::run(runtime, url, &args)
        }),
    };
    exit.into()
}

/// Makes the runtime, and runs `command` on it.
fn run<F: Future<Output = Exit>>(
    args: &Args,
    connect: &ConnectArgs,
    command: impl FnOnce(Runtime) -> F,
) -> Exit {
    let runtime = match connect.runtime(args.cache(), args.talk.verbose) {
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
            // It ends with the process. Dropping it would wait for threads that look a name up;
            // shutting it down would cancel the lookups, and wasmtime panics where one is waited for.
            std::mem::forget(tokio);
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
