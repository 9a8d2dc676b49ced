//! Our client and others, doing the same work on the same server in one run: from outside of wasm,
//! from guests that have the client in wasm beside them, and from processes in other languages.
//!
//! `cargo xtask bench` runs it. Rounds of all clients take turns, so that what else the machine
//! does falls on all of them; each figure is a median over the rounds, and the comparison is a
//! ratio. Every answer is checked.
//!
//! `--quick` does little work, to show that it works; its figures mean nothing. `--client` and
//! `--work` measure a part, such as for a profile. Neither touches `docs/`, where a whole run writes
//! its table and its charts.

mod chart;
mod clock;
mod cold_start;
mod contestant;
mod floor;
mod goals;
mod guests;
#[path = "../connections/lines.rs"]
mod lines;
mod native;
mod process;
mod processors;
mod report;
mod server;
mod service;
mod table;
mod target;
mod task;
mod works;

use std::process::ExitCode;

use clap::Parser;

use crate::cold_start::ColdStart;
use crate::report::Report;
use crate::service::Service;
use crate::works::Scale;

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

    /// Measure only over this transport.
    #[arg(long, value_parser = works::TRANSPORTS.map(|(name, _)| name))]
    transport: Option<String>,

    /// Be the server.
    #[arg(long, hide = true)]
    serve: bool,

    /// What cargo passes to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How many files a process has open beside its connections.
const OTHER_FILES: u64 = 100;

fn main() -> ExitCode {
    let args = Args::parse();
    if args.serve {
        processors::be_server();
        server::serve();
        return ExitCode::SUCCESS;
    }
    let machine = machine();
    let all = args.client.is_empty() && args.work.is_empty() && args.transport.is_none();
    let whole = all && !args.quick;
    let scale = if args.quick {
        Scale::quick()
    } else {
        Scale::full()
    };
    let scale = scale.only(args.work, args.transport);
    // Those that this starts have the same limit.
    let files = u64::from(scale.most_connections()) + OTHER_FILES;
    let limit = rlimit::increase_nofile_limit(files).expect("a limit of open files");
    if limit < files {
        eprintln!("this takes {files} open files, and this process may have {limit}");
        return ExitCode::FAILURE;
    }
    let service = Service::start();
    let mut report = Report::default();
    let contestants = contestant::all(&service, &args.client);
    // From here on: what builds and compiles them takes all there are.
    processors::be_client();
    for contestant in &contestants {
        works::warm_up(&**contestant, &service);
    }
    let cold_start = scale
        .includes(works::COLD_START)
        .then(|| ColdStart::new(&service));
    for round in 1..=scale.rounds {
        eprintln!("round {round} of {}", scale.rounds);
        for contestant in &contestants {
            works::run_all(&**contestant, &service, &scale, &mut report);
        }
        if let Some(cold_start) = &cold_start {
            report.add(works::cold_start(cold_start.times()));
        }
    }
    let medians = report.medians();
    println!("{}", table::page(&medians, &machine));
    match medians.write(whole, &machine) {
        Ok(file) => {
            println!("written to {}", file.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the results could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the run is on, and what else that does when it begins.
fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").expect("Linux");
    let mut models = cpus
        .lines()
        .filter_map(|line| line.strip_prefix("model name"))
        .filter_map(|line| line.split_once(": "))
        .map(|(_, model)| model);
    let loads = std::fs::read_to_string("/proc/loadavg").expect("Linux");
    let load = loads.split(' ').next().expect("the load of a minute");
    format!(
        "The machine has {} processors ({}); others on it had a load of {load} when the run began.",
        models.clone().count(),
        models.next().unwrap_or("of unknown make"),
    )
}
