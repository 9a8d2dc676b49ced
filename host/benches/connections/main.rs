//! How many connections one process holds: what it takes to open them, to keep them idle, and to have
//! each echo once.
//!
//! `cargo xtask bench connections` runs it. Each figure comes from a process of its own, which holds
//! the connections, and another, which has the server: so that memory is that of the connections,
//! and nothing is left of the ones before. Every answer is checked.
//!
//! `--quick` does it with up to 100 connections, to show that it works, and leaves the files in `docs/` as
//! they are.

mod chart;
#[path = "../peers/clock.rs"]
mod clock;
mod hold;
mod lines;
mod memory;
mod report;
#[path = "../peers/server.rs"]
mod server;

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};

use serde_json::Value;

use crate::hold::{Held, Instances, Transports};
use crate::report::{Report, Row};

/// How many connections are held.
const COUNTS: [u32; 5] = [1, 10, 100, 1_000, 10_000];

/// How many of these `--quick` does.
const QUICK: usize = 3;

/// How many files a process has open beside its connections.
const OTHER_FILES: u64 = 100;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--serve"] => server::serve(),
        ["--hold", instances, transports, count] => hold(instances, transports, count),
        _ => {
            let quick = arguments.contains(&"--quick");
            return measure_all(quick);
        }
    }
    ExitCode::SUCCESS
}

fn measure_all(quick: bool) -> ExitCode {
    let counts = if quick { &COUNTS[..QUICK] } else { &COUNTS[..] };
    for count in counts {
        // Those that this starts have the same limit.
        let files = u64::from(*count) + OTHER_FILES;
        let limit = rlimit::increase_nofile_limit(files).expect("a limit of open files");
        if limit < files {
            eprintln!(
                "{count} connections take {files} open files, and this process may have {limit}; \
                 `ulimit -Hn {files}`, as root, lets it have them"
            );
            return ExitCode::FAILURE;
        }
    }
    let mut report = Report::default();
    for &count in counts {
        eprintln!("{count} connections");
        for instances in Instances::ALL {
            report.add(Row {
                count,
                instances,
                ws: measure(instances, Transports::Ws, count),
                wss: measure(instances, Transports::Wss, count),
                both: measure(instances, Transports::Both, count),
            });
        }
    }
    print!("{}", report.table());
    match report.write(quick) {
        Ok(directory) => {
            println!("\nwritten to {}", directory.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("the results could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Has a process hold so many connections to a server in another.
fn measure(instances: Instances, transports: Transports, count: u32) -> Held {
    let (mut server, address) = start(&["--serve"], None);
    let count = count.to_string();
    let arguments = ["--hold", instances.name(), transports.name(), &count];
    let (mut holder, held) = start(&arguments, Some(&address));
    assert!(holder.wait().expect("its end").success());
    // It serves for as long as its input is open.
    drop(server.stdin.take());
    assert!(server.wait().expect("its end").success());
    Held::of(&held)
}

/// Starts this program in one of its parts; returns it with the line that it prints.
fn start(arguments: &[&str], input: Option<&Value>) -> (Child, Value) {
    let program = std::env::current_exe().expect("this program");
    let mut process = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    if let Some(input) = input {
        let mut stdin = process.stdin.take().expect("its input");
        writeln!(stdin, "{input}").expect("it reads");
    }
    let mut stdout = BufReader::new(process.stdout.take().expect("its output"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    let line = serde_json::from_str(&line).expect("what it measured");
    (process, line)
}

/// The part that has the connections.
fn hold(instances: &str, transports: &str, count: &str) {
    let instances = Instances::of(instances).expect("instances");
    let transports = Transports::of(transports).expect("transports");
    let count = count.parse().expect("a number");
    let mut line = String::new();
    io::stdin().read_line(&mut line).expect("a server");
    let server = serde_json::from_str(&line).expect("a server");
    let held = hold::hold(instances, transports, count, &server);
    println!("{}", held.to_json());
}
