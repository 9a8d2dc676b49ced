//! `cargo xtask instructions`: how many instructions the core takes for what it does most, under
//! callgrind, and how many of WebAssembly the component does, as the fuel of wasmtime. Both count the
//! same on every machine. Each has a budget.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cargo::{cargo, executable};
use crate::{process, setup};

/// The function of guest/proto/examples/hot_paths.rs within which is counted, as callgrind has it.
const COUNTED: &str = "*hot_paths*counted*";

/// What is counted, and how many instructions it may take: a twentieth more than it took when that was
/// written down. To copy a byte counts as one instruction where the processor has `rep movsb`, so that
/// those of long messages say how often they are copied: once.
const BUDGETS: [(&str, u64); 8] = [
    ("handshake", 24_600),
    ("receive-short", 60_300),
    ("receive-long", 70_400),
    ("receive-text", 778_000),
    ("receive-compressed", 57_900),
    ("send-short", 20_500),
    ("send-long", 82_000),
    ("send-compressed", 546_000),
];

/// The same of the component that the crate embeds, in fuel: one for each instruction of WebAssembly
/// but a few that do nothing. What copies many bytes at once is one, and what the host does is none.
///
/// Over `wss` they differ by up to a hundredth, because each run has another certificate, and the
/// server other keys; most of `wss connect` is to verify signatures.
const FUEL_BUDGETS: [(&str, u64); 12] = [
    ("ws connect", 65_900),
    ("ws echo", 14_000),
    ("ws receive-short", 173_200),
    ("ws receive-long", 77_200),
    ("ws send-short", 99_800),
    ("ws send-long", 166_500),
    ("wss connect", 33_980_000),
    ("wss echo", 43_000),
    ("wss receive-short", 439_000),
    ("wss receive-long", 1_998_000),
    ("wss send-short", 367_000),
    ("wss send-long", 2_129_000),
];

pub(crate) fn run() -> Result<()> {
    println!("{:<20}{:>12}{:>12}", "path", "counted", "budget");
    let over = [count_core()?, count_component()?].concat();
    ensure!(over.is_empty(), "over budget: {}", over.join(", "));
    Ok(())
}

/// Counts what the core takes; returns which paths take more than their budget.
fn count_core() -> Result<Vec<&'static str>> {
    let valgrind = setup::valgrind()?;
    let program = executable(&[
        "--release",
        "--package=wasocket-proto",
        "--example=hot_paths",
    ])?;
    let mut over = Vec::new();
    for (path, budget) in BUDGETS {
        let mut command = Command::new(&valgrind);
        command
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .args([
                "--collect-atstart=no",
                &format!("--toggle-collect={COUNTED}"),
            ])
            // What it says goes to where its output is read.
            .arg("--log-fd=1")
            .arg(&program)
            .arg(path);
        let said = process::output(&mut command)?;
        let counted = collected(&said).with_context(|| format!("callgrind says: {said}"))?;
        over.extend(compare(path, counted, budget)?);
    }
    Ok(over)
}

/// Counts what the component takes; returns which paths take more than their budget.
fn count_component() -> Result<Vec<&'static str>> {
    setup::wasm()?;
    let bench = |arguments: &[&str]| {
        let mut command = cargo(&["bench", "--locked", "--bench=engine"]);
        // What the tests have built will do, with the features that they have: the component is the
        // same.
        command
            .args(["--workspace", "--all-features", "--profile=dev"])
            .args(arguments);
        command
    };
    // By itself, so that what takes a while or does not compile is seen.
    process::show(bench(&["--no-run"]))?;
    let said = process::output(&mut bench(&["--", "--fuel"]))?;
    let mut over = Vec::new();
    for (path, budget) in FUEL_BUDGETS {
        let counted = burnt(&said, path).with_context(|| format!("no {path} in: {said}"))?;
        over.extend(compare(path, counted, budget)?);
    }
    Ok(over)
}

/// Prints a row of the table; returns the path if it takes more than its budget.
fn compare(path: &'static str, counted: u64, budget: u64) -> Result<Option<&'static str>> {
    println!("{path:<20}{counted:>12}{budget:>12}");
    ensure!(counted > 0, "nothing of {path} was counted");
    Ok((counted > budget).then_some(path))
}

/// The count of a path in what the engine's benchmark says of fuel, such as `ws connect 456`.
fn burnt(said: &str, path: &str) -> Option<u64> {
    let counts = said.lines().filter_map(|line| line.rsplit_once(' '));
    let mut of_path = counts.filter(|(name, _)| *name == path);
    of_path.next()?.1.parse().ok()
}

/// The count in what callgrind says, such as `==123== Collected : 456`.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 23394\n==7== \n";
        assert_eq!(collected(said), Some(23_394));
        assert_eq!(collected("valgrind: there is no such tool"), None);
    }

    #[test]
    fn the_fuel_is_read_from_what_the_benchmark_says() {
        let said = "ws echo 117\nwss echo 488\n";
        assert_eq!(burnt(said, "wss echo"), Some(488));
        assert_eq!(burnt(said, "echo"), None);
    }
}
