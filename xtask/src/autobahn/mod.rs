//! `cargo xtask autobahn`: the Autobahn test suite.
//!
//! For each [`Driver`] it starts the suite's server, lets the driver echo through all cases, and
//! compares the result of each with `tests/autobahn/expected.txt`. A difference in either direction
//! is a failure: what got better is to be written down.

mod report;
mod server;

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use self::report::Report;
use self::server::Server;
use crate::cargo::cargo;
use crate::process;
use crate::setup::{self, workspace_root};

/// How many cases run at once: enough that the suite's own pauses do not count.
const IN_FLIGHT: u32 = 12;

/// How many messages each case of compression sends, of the 1000 that the suite has it send.
const QUICK_COUNT: u32 = 20;
const FULL_COUNT: u32 = 1000;

/// What each case is expected to end with, in the workspace.
const EXPECTED: &str = "tests/autobahn/expected.txt";

/// How to run the suite.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    /// With as many messages for each case as the suite has.
    full: bool,
    /// The results become those that are expected.
    update: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "--full" => options.full = true,
                "--update" => options.update = true,
                other => bail!("autobahn has no option `{other}`; `cargo xtask help` lists them"),
            }
        }
        Ok(options)
    }
}

/// What talks to the suite's server.
struct Driver {
    /// In the summary, and in the names of folders.
    name: &'static str,
    /// A program, built if it has to be, that is given the server's `HOST:PORT`, the name under
    /// which to report, and how many cases to run at once.
    command: fn() -> Result<Command>,
}

/// All of them. Those that talk TLS will need a server that does.
const DRIVERS: [Driver; 1] = [Driver {
    name: "core ws",
    command: core_driver,
}];

pub(crate) fn run(options: Options) -> Result<()> {
    let suite = setup::autobahn()?;
    let mut wrong = Vec::new();
    for driver in &DRIVERS {
        let report = run_driver(driver, &suite.program, options)?;
        println!("autobahn {}: {}", driver.name, report.summary());
        if options.update {
            report.write(&workspace_root().join(EXPECTED))?;
        }
        let expected = Report::read(&workspace_root().join(EXPECTED))?;
        wrong.extend(
            report
                .differences(&expected)
                .map(|difference| format!("{}: {difference}", driver.name)),
        );
    }
    if !wrong.is_empty() {
        bail!("not as expected:\n{}", wrong.join("\n"));
    }
    Ok(())
}

fn run_driver(driver: &Driver, python: &Path, options: Options) -> Result<Report> {
    let mut command = (driver.command)()?;
    let agent = driver.name.replace(' ', "-");
    let dir = workspace_root().join("target/autobahn").join(&agent);
    let count = if options.full {
        FULL_COUNT
    } else {
        QUICK_COUNT
    };
    let server = Server::start(python, &dir, count)?;
    process::run(command.args([server.address().to_string(), agent, IN_FLIGHT.to_string()]))?;
    drop(server);
    Report::of_suite(python, &dir)
}

/// The core alone, over TCP.
fn core_driver() -> Result<Command> {
    let arguments = [
        "--locked",
        "--package=wasocket-proto",
        "--example=autobahn",
        "--release",
    ];
    // Optimized, as it shares the machine with the suite; and by itself, so that what takes a while
    // is seen.
    process::show(cargo(&[&["build", "--quiet"], &arguments[..]].concat()))?;
    Ok(cargo(
        &[&["run", "--quiet"], &arguments[..], &["--"]].concat(),
    ))
}
