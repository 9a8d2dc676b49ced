//! `cargo xtask autobahn --against-ws`: what the cases of compression cost the component and `ws` of
//! npm, side by side.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::driver::{Driver, Profile};
use super::report::Report;
use super::server::{Identity, Server, Suite};
use super::{PLAIN, SECURE, dir};
use crate::process;

/// How many messages each case sends: enough that connecting does not count.
const COUNT: u32 = 100;

/// Clients take turns, so that what else the machine does falls on both.
const ROUNDS: usize = 3;

/// Runs its arguments, and prints the seconds of CPU that they took, in user mode and in the kernel,
/// on all threads.
const MEASURE: &str = "
import resource, subprocess, sys
subprocess.check_call(sys.argv[1:], stdout=sys.stderr)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime)
";

pub(super) fn run(python: &Path) -> Result<()> {
    let suite = Suite {
        python,
        cases: &["12.*", "13.*"],
        count: COUNT,
    };
    let component = Driver::component(Profile::Release)?;
    let drivers = [("wasocket", &component), ("npm-ws", &Driver::npm_ws()?)];
    let identity = component.identity(&dir("identity"))?;
    println!("CPU seconds of the client for the cases 12.* and 13.*, {COUNT} messages each");
    for (transport, identity) in [(PLAIN, None), (SECURE, Some(&identity))] {
        let mut seconds = [const { Vec::new() }; 2];
        for _ in 0..ROUNDS {
            for ((name, driver), seconds) in drivers.iter().zip(&mut seconds) {
                seconds.push(measure(name, driver, &suite, identity)?);
            }
        }
        let [ours, theirs] = seconds.each_ref().map(|seconds| median(seconds));
        println!(
            "{transport}: wasocket {ours:.2} (rounds {:.2?}), npm ws {theirs:.2} (rounds {:.2?}), \
             ratio {:.2}",
            seconds[0],
            seconds[1],
            ours / theirs
        );
    }
    Ok(())
}

fn measure(
    name: &str,
    driver: &Driver,
    suite: &Suite<'_>,
    identity: Option<&Identity>,
) -> Result<f64> {
    let dir = dir(&format!("against-{name}"));
    let server = Server::start(suite, &dir, identity)?;
    let root = identity.map(|identity| &*identity.root);
    let command = driver.command(&server.url(), name, root);
    let mut measured = Command::new(suite.python);
    measured
        .args(["-c", MEASURE])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        // None is taken away.
        measured.env(name, value.unwrap_or_default());
    }
    let seconds = process::output(&mut measured)?;
    drop(server);
    // Who fails a case may have done less.
    let tally = Report::of_suite(suite.python, &dir)?.tally();
    ensure!(tally.is_all_ok(), "{name}: {tally}");
    seconds.parse().context("no number of seconds")
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
