//! `cargo xtask autobahn`: the Autobahn test suite.
//!
//! For the core alone, and for each component over TCP and over TLS, it starts the suite's server,
//! lets a [`Driver`] echo through all cases, and compares the result of each with
//! `tests/autobahn/expected.txt`, which is the same for all of them. A difference in either direction
//! is a failure: what got better is to be written down.

mod against;
mod driver;
mod report;
mod server;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub(crate) use self::server::Identity;

use self::driver::{Driver, Profile};
use self::report::Report;
use self::server::{Server, Suite};
use crate::cargo::Wasi;
use crate::process;
use crate::setup::{self, Tool, workspace_root};

/// How many messages each case of compression sends, of the 1000 that the suite has it send.
const QUICK_COUNT: u32 = 20;
const FULL_COUNT: u32 = 1000;

/// What each case is expected to end with, in the workspace.
const EXPECTED: &str = "tests/autobahn/expected.txt";

/// The same for people.
const TABLE: &str = "tests/autobahn/RESULTS.md";

/// What the suite is run against, by the name in the summary and in the names of folders.
const CORE: &str = "core ws";
const PLAIN: &str = "0.2 ws";
const SECURE: &str = "0.2 wss";
const PLAIN_0_3: &str = "0.3 ws";
const SECURE_0_3: &str = "0.3 wss";
const CLIENTS: [&str; 5] = [CORE, PLAIN, SECURE, PLAIN_0_3, SECURE_0_3];

const NO_PYTHON: &str = "\
THE AUTOBAHN TEST SUITE DOES NOT RUN: it needs Python 2.7, and there is none, neither `python2.7` on
PATH nor one of pyenv's. Install it (`pyenv install 2.7.18`) and try again";

/// How to run the suite.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    /// With as many messages for each case as the suite has.
    pub(crate) full: bool,
    /// The results become those that are expected.
    update: bool,
    /// Measures the component beside `ws` of npm, in place of all else.
    against_ws: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "--against-ws" => options.against_ws = true,
                "--full" => options.full = true,
                "--update" => options.update = true,
                other => bail!("autobahn has no option `{other}`; `cargo xtask help` lists them"),
            }
        }
        Ok(options)
    }

    fn count(self) -> u32 {
        if self.full { FULL_COUNT } else { QUICK_COUNT }
    }
}

/// The command.
pub(crate) fn run(options: Options) -> Result<()> {
    let suite = require()?;
    if options.against_ws {
        return against::run(&suite.program, options.count());
    }
    run_cases(&suite.program, options)
}

/// Makes sure that the suite is not skipped.
pub(crate) fn require() -> Result<Tool> {
    setup::autobahn()?.context(NO_PYTHON)
}

/// What a server of `wss` has, by an authority that nobody else has, written to this folder.
pub(crate) fn identity(dir: &Path) -> Result<Identity> {
    Driver::component(Wasi::V0_2, Profile::Dev)?.identity(dir)
}

/// As a part of the tests: where there is no Python 2.7, says loudly what is not run.
pub(crate) fn run_or_skip(options: Options) -> Result<()> {
    match setup::autobahn()? {
        Some(suite) => run_cases(&suite.program, options),
        None => {
            let cases = Report::read(&workspace_root().join(EXPECTED))?
                .tally()
                .count();
            eprintln!("\n{NO_PYTHON}.\n");
            for client in CLIENTS {
                eprintln!("autobahn {client}: {cases} SKIPPED");
            }
            eprintln!("\n{} TESTS WERE NOT RUN", cases * CLIENTS.len());
            Ok(())
        }
    }
}

fn run_cases(python: &Path, options: Options) -> Result<()> {
    let suite = Suite {
        python,
        cases: &["*"],
        count: options.count(),
    };
    let core = Driver::core()?;
    let component = Driver::component(Wasi::V0_2, Profile::Dev)?;
    let component_0_3 = Driver::component(Wasi::V0_3, Profile::Dev)?;
    let identity = component.identity(&dir("identity"))?;
    let runs = [
        (CORE, &core, None),
        (PLAIN, &component, None),
        (SECURE, &component, Some(&identity)),
        (PLAIN_0_3, &component_0_3, None),
        (SECURE_0_3, &component_0_3, Some(&identity)),
    ];
    let mut reports = Vec::new();
    for (client, driver, identity) in runs {
        let report = run_client(client, driver, &suite, identity)?;
        println!("autobahn {client}: {}", report.tally());
        reports.push((client, report));
    }
    judge(&reports, options.update)
}

fn run_client(
    client: &str,
    driver: &Driver,
    suite: &Suite<'_>,
    identity: Option<&Identity>,
) -> Result<Report> {
    let agent = client.replace(' ', "-");
    let dir = dir(&agent);
    let server = Server::start(suite, &dir, identity)?;
    let root = identity.map(|identity| &*identity.root);
    process::run(&mut driver.command(&server.url(), &agent, root))?;
    drop(server);
    Report::of_suite(suite.python, &dir)
}

/// Compares what was with what is expected, once that is written anew if it is to be.
fn judge(reports: &[(&str, Report)], update: bool) -> Result<()> {
    let (expected, table) = (
        workspace_root().join(EXPECTED),
        workspace_root().join(TABLE),
    );
    let page = table::page(reports);
    if update {
        // One for all of them: where another differs, it is to be seen below.
        if let Some((_, report)) = reports.first() {
            report.write(&expected)?;
        }
        fs::write(&table, &page).with_context(|| format!("cannot write {TABLE}"))?;
    }
    let expected = Report::read(&expected)?;
    let mut wrong: Vec<String> = Vec::new();
    for (client, report) in reports {
        let differences = report.differences(&expected);
        wrong.extend(differences.map(|difference| format!("{client}: {difference}")));
    }
    if fs::read_to_string(&table).ok() != Some(page) {
        wrong.push(format!("{TABLE} is not what these results make it"));
    }
    if !wrong.is_empty() {
        bail!("not as expected:\n{}", wrong.join("\n"));
    }
    Ok(())
}

/// Where what is made here goes.
fn dir(name: &str) -> PathBuf {
    workspace_root().join("target/autobahn").join(name)
}
