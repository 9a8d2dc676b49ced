//! `cargo xtask instructions`: how many instructions the core takes for what it does most, under
//! callgrind, which counts the same on every machine. Each has a budget.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cargo::executable;
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

pub(crate) fn run() -> Result<()> {
    let valgrind = setup::valgrind()?;
    let program = executable(&[
        "--release",
        "--package=wasocket-proto",
        "--example=hot_paths",
    ])?;
    println!("{:<20}{:>12}{:>12}", "path", "counted", "budget");
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
        println!("{path:<20}{counted:>12}{budget:>12}");
        ensure!(counted > 0, "nothing of {path} was counted");
        if counted > budget {
            over.push(path);
        }
    }
    ensure!(over.is_empty(), "over budget: {}", over.join(", "));
    Ok(())
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
}
