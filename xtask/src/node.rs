//! `cargo xtask node`: makes the package for Node, with the component in it, and tests it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::{Component, Wasi};
use crate::setup::{self, NodePrograms, workspace_root};
use crate::{hosts, process};

/// Where Node's test runner writes what it found, as TAP; `node/package.json` says the same.
const RESULTS: &str = "node/test/results.tap";

/// The command.
pub(crate) fn run() -> Result<()> {
    make_and_test(&require()?)
}

/// Makes sure that the package is not skipped.
pub(crate) fn require() -> Result<NodePrograms> {
    setup::node_of_package()?.with_context(no_node)
}

/// As a part of the tests, with all other hosts: where Node is too old for the package, says loudly
/// what is not run.
pub(crate) fn run_or_skip() -> Result<()> {
    match setup::node_of_package()? {
        Some(programs) => {
            make_and_test(&programs)?;
            hosts::run_all(false)
        }
        None => {
            eprintln!("\n{}.\n\nnode: the package was NOT TESTED", no_node());
            eprintln!("hosts: NOT RUN, as their chart has the package for Node in it");
            Ok(())
        }
    }
}

fn no_node() -> String {
    let (major, minor) = setup::OLDEST_NODE_OF_PACKAGE;
    format!("the package for Node needs Node {major}.{minor} or later, with npm, on PATH")
}

fn make_and_test(programs: &NodePrograms) -> Result<()> {
    let component = Component::Of(Wasi::V0_2).build()?;
    let folder = workspace_root().join("node");
    install(programs, &folder)?;
    let npm = |arguments: &[&str]| {
        let mut command = Command::new(&programs.npm);
        command.args(arguments).current_dir(&folder);
        command
    };
    let path = component.display().to_string();
    process::run(&mut npm(&["run", "build", "--", &path]))?;
    process::run(&mut npm(&["run", "types"]))?;
    process::show(npm(&["test"]))?;
    let results = workspace_root().join(RESULTS);
    let results = fs::read_to_string(&results).with_context(|| results.display().to_string())?;
    hosts::write_node(&results)?;
    println!("node: types and tests passed; {RESULTS} has each of them");
    Ok(())
}

/// Installs what `package-lock.json` says, unless it is there.
fn install(programs: &NodePrograms, folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let locked = fs::read(&lock).with_context(|| lock.display().to_string())?;
    let stamp = folder.join("node_modules/installed-package-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == locked) {
        return Ok(());
    }
    process::run(
        Command::new(&programs.npm)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder),
    )?;
    // Last: an installation that was interrupted has none.
    fs::write(&stamp, locked).with_context(|| stamp.display().to_string())
}
