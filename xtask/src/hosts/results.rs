use std::fs;

use anyhow::{Context, Result};

use super::{dir, file};

/// The functions of the seed's chart, in its order.
pub(super) const FUNCTIONS: [&str; 4] = ["connect", "close", "ping", "send"];

const SCHEMES: [&str; 2] = ["ws", "wss"];

/// What a host can do, as `target/hosts/NAME.txt` has it: `connect ok` for a function that works over
/// both schemes, a line for each.
pub(super) struct Results(String);

impl Results {
    /// The results of what tests/hosts/runner printed.
    pub(super) fn of(printed: &str) -> Self {
        let worked = |function: &str| {
            SCHEMES.iter().all(|scheme| {
                let line = format!("{scheme} {function} ok");
                printed.lines().any(|printed| printed == line)
            })
        };
        Self::of_each(worked)
    }

    /// The results of a test of each function's name, in the Test Anything Protocol.
    pub(super) fn of_tap(tap: &str) -> Self {
        let passed = |function: &str| {
            let name = format!(" - {function}");
            tap.lines()
                .any(|line| line.starts_with("ok ") && line.ends_with(&name))
        };
        Self::of_each(passed)
    }

    pub(super) fn read(name: &str) -> Result<Self> {
        let file = file(format!("{name}.txt"));
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(Self(text))
    }

    pub(super) fn write(&self, name: &str) -> Result<()> {
        fs::create_dir_all(dir())?;
        let file = file(format!("{name}.txt"));
        fs::write(&file, &self.0).with_context(|| file.display().to_string())
    }

    fn of_each(works: impl Fn(&str) -> bool) -> Self {
        let lines = FUNCTIONS.map(|function| {
            let outcome = if works(function) { "ok" } else { "failed" };
            format!("{function} {outcome}\n")
        });
        Self(lines.concat())
    }

    pub(super) fn works(&self, function: &str) -> bool {
        let line = format!("{function} ok");
        self.0.lines().any(|text| text == line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_works_that_works_over_both_schemes() {
        let results = Results::of("ws connect ok\nws send ok\nwss connect ok\nwss failed: why\n");
        let working = FUNCTIONS.map(|function| results.works(function));
        assert_eq!(working, [true, false, false, false]);
    }

    #[test]
    fn a_function_works_whose_test_passed() {
        let results =
            Results::of_tap("ok 1 - connect\n    ok 1 - close\nnot ok 2 - ping\nok 3 - send\n");
        let working = FUNCTIONS.map(|function| results.works(function));
        assert_eq!(working, [true, false, false, true]);
    }
}
