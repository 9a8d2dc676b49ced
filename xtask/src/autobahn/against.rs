//! `cargo xtask autobahn --against-ws`: what the cases of compression cost the component and `ws` of
//! npm, side by side.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::driver::{Driver, Profile};
use super::report::Report;
use super::server::{Identity, Server, Suite};
use super::{PLAIN, SECURE, dir};
use crate::cargo::Wasi;
use crate::process;

/// Clients take turns, so that what else the machine does falls on all of them.
const ROUNDS: usize = 3;

/// The level at which the component compresses by default; that of ws is 6.
const OUR_LEVEL: u8 = 3;

/// Runs its arguments, and prints the seconds of CPU that they took, in user mode and in the kernel,
/// on all threads.
const MEASURE: &str = "
import resource, subprocess, sys
subprocess.check_call(sys.argv[1:], stdout=sys.stderr)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(usage.ru_utime + usage.ru_stime)
";

/// Prints how many octets the server got in all cases, in frames.
const READ_OCTETS: &str = "
import json, os, sys
reports = sys.argv[1]
(cases,) = json.load(open(os.path.join(reports, 'index.json'))).values()
files = [os.path.join(reports, case['reportfile']) for case in cases.values()]
print(sum(json.load(open(file))['trafficStats']['incomingOctetsWireLevel'] for file in files))
";

/// What all cases took of a client.
struct Cost {
    /// Of CPU.
    seconds: f64,
    /// It sent.
    octets: f64,
}

pub(super) fn run(python: &Path, count: u32) -> Result<()> {
    let suite = Suite {
        python,
        cases: &["12.*", "13.*"],
        count,
    };
    let component = Driver::component(Wasi::V0_2, Profile::Release)?;
    let identity = component.identity(&dir("identity"))?;
    let drivers = [
        ("wasocket".to_owned(), component),
        ("npm ws".to_owned(), Driver::npm_ws(None)?),
        (
            format!("npm ws, level {OUR_LEVEL}"),
            Driver::npm_ws(Some(OUR_LEVEL))?,
        ),
    ];
    println!("The cases 12.* and 13.*, {count} messages each; median of {ROUNDS} rounds");
    for (transport, identity) in [(PLAIN, None), (SECURE, Some(&identity))] {
        let mut costs = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for ((name, driver), costs) in drivers.iter().zip(&mut costs) {
                costs.push(measure(name, driver, &suite, identity)?);
            }
        }
        let ours = median(&costs[0]);
        for ((name, _), costs) in drivers.iter().zip(&costs) {
            let seconds = median(costs);
            println!(
                "{transport}: {name}: {seconds:.2} s of CPU ({:.2?}), {:.1} MB sent; \
                 wasocket to this {:.2}",
                costs.iter().map(|cost| cost.seconds).collect::<Vec<_>>(),
                costs[0].octets / 1e6,
                ours / seconds
            );
        }
    }
    Ok(())
}

fn measure(
    name: &str,
    driver: &Driver,
    suite: &Suite<'_>,
    identity: Option<&Identity>,
) -> Result<Cost> {
    let dir = dir("against");
    let server = Server::start(suite, &dir, identity)?;
    let root = identity.map(|identity| &*identity.root);
    let command = driver.command(&server.url(), "client", root);
    let mut measured = Command::new(suite.python);
    measured
        .args(["-c", MEASURE])
        .arg(command.get_program())
        .args(command.get_args())
        .envs(driver.environment());
    let seconds = process::output(&mut measured)?;
    drop(server);
    // Who fails a case may have done less.
    let tally = Report::of_suite(suite.python, &dir)?.tally();
    ensure!(tally.is_all_ok(), "{name}: {tally}");
    let octets = process::output(
        Command::new(suite.python)
            .args(["-c", READ_OCTETS])
            .arg(dir.join("reports")),
    )?;
    Ok(Cost {
        seconds: seconds.parse().context("no number of seconds")?,
        octets: octets.parse().context("no number of octets")?,
    })
}

fn median(costs: &[Cost]) -> f64 {
    let mut seconds: Vec<f64> = costs.iter().map(|cost| cost.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
