//! Our client and others, doing the same work on the same server in one run: from outside of wasm,
//! and from guests that have the client in wasm beside them.
//!
//! `cargo xtask bench` runs it. Rounds of all clients take turns, so that what else the machine
//! does falls on all of them; each figure is a median over the rounds, and the comparison is a
//! ratio. Every answer is checked.
//!
//! `--quick` does little work, to show that it works; its figures mean nothing.

mod clients;
mod contestants;
mod guests;
mod report;
mod server;
mod work;

use std::process::ExitCode;

use crate::contestants::Contestant;
use crate::report::Report;
use crate::server::Server;
use crate::work::Scale;

fn main() -> ExitCode {
    let scale = if std::env::args().any(|argument| argument == "--quick") {
        Scale::quick()
    } else {
        Scale::full()
    };
    let server = Server::start();
    let mut report = Report::default();
    let contestants = Contestant::all(&server);
    for contestant in &contestants {
        work::warm_up(contestant, &server);
    }
    for round in 1..=scale.rounds {
        eprintln!("round {round} of {}", scale.rounds);
        for contestant in &contestants {
            work::run_all(contestant, &server, &scale, &mut report);
        }
        work::cold_start(&server, &mut report);
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
