//! Our client and others, doing the same work on the same server in one run: from outside of wasm,
//! and from guests that have the client in wasm beside them.
//!
//! `cargo xtask bench` runs it. Rounds of all clients take turns, so that what else the machine
//! does falls on all of them; each figure is a median over the rounds, and the comparison is a
//! ratio. Every answer is checked.
//!
//! `--quick` does little work, to show that it works; its figures mean nothing. `--client` and
//! `--work` measure a part, such as for a profile.

mod clients;
mod contestants;
mod guests;
mod report;
mod server;
mod work;

use std::process::ExitCode;

use clap::Parser;

use crate::contestants::Contestant;
use crate::report::Report;
use crate::server::Server;
use crate::work::Scale;

/// Measures WebSocket clients side by side.
#[derive(Debug, Parser)]
struct Args {
    /// Do little work, to show that it works.
    #[arg(long)]
    quick: bool,

    /// Measure only the clients with this in their name. May be given several times.
    #[arg(long, value_name = "TEXT")]
    client: Vec<String>,

    /// Measure only the work with this in its name. May be given several times.
    #[arg(long, value_name = "TEXT")]
    work: Vec<String>,

    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let scale = if args.quick {
        Scale::quick()
    } else {
        Scale::full()
    };
    let scale = scale.only(args.work);
    let server = Server::start();
    let mut report = Report::default();
    let contestants = Contestant::all(&server, &args.client);
    for contestant in &contestants {
        work::warm_up(contestant, &server);
    }
    for round in 1..=scale.rounds {
        eprintln!("round {round} of {}", scale.rounds);
        for contestant in &contestants {
            work::run_all(contestant, &server, &scale, &mut report);
        }
        work::cold_start(&server, &scale, &mut report);
    }
    report.print();
    match report.write() {
        Ok(file) => {
            println!("\nwritten to {}", file.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the results could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
