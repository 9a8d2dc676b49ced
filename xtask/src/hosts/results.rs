use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::{dir, file};

/// The functions of the seed's chart, in its order.
pub(super) const FUNCTIONS: [&str; 4] = ["connect", "close", "ping", "send"];

const SCHEMES: [&str; 2] = ["ws", "wss"];

/// What a host can do.
pub(super) struct Results {
    /// What tests/hosts/runner printed.
    printed: Vec<String>,
}

impl Results {
    /// Runs a host; returns what it could do. That it could not do all is no error.
    pub(super) fn of(command: &mut Command) -> Result<Self> {
        let output = command
            .output()
            .with_context(|| format!("cannot start {command:?}"))?;
        let lines = [&output.stdout, &output.stderr].map(|text| {
            let text = String::from_utf8_lossy(text).into_owned();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        });
        Ok(Self {
            printed: lines.concat(),
        })
    }

    /// Whether a function worked over each scheme.
    pub(super) fn works(&self, function: &str) -> bool {
        SCHEMES.iter().all(|scheme| {
            let line = format!("{scheme} {function} ok");
            self.printed.contains(&line)
        })
    }

    /// What was printed, if a function did not work.
    pub(super) fn failure(&self) -> Option<String> {
        let all = FUNCTIONS.iter().all(|function| self.works(function));
        (!all).then(|| self.printed.join("\n    "))
    }

    /// Writes `target/hosts/NAME.txt`: a line for each function.
    pub(super) fn write(&self, name: &str) -> Result<()> {
        let lines = FUNCTIONS.map(|function| {
            let outcome = if self.works(function) { "ok" } else { "failed" };
            format!("{function} {outcome}\n")
        });
        fs::create_dir_all(dir())?;
        let file = file(format!("{name}.txt"));
        fs::write(&file, lines.concat()).with_context(|| file.display().to_string())
    }
}
