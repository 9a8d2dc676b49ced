use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::output;

/// Prints what the suite wrote about its one client: case, behaviour, behaviour of the close.
const READ_INDEX: &str = "
import json, sys
index = json.load(open(sys.argv[1]))
(cases,) = index.values()
for case, result in cases.items():
    print(' '.join([case, result['behavior'], result['behaviorClose']]))
";

/// What each case of the suite ended with.
pub(super) struct Report {
    cases: BTreeMap<Case, Outcome>,
}

/// The number of a case, such as 12.3.10, so that 12.3.9 comes before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Case(Vec<u32>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    behavior: String,
    /// Of the closing handshake.
    close: String,
}

/// How many cases ended how.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    /// Of each in [`KNOWN`], and of all others.
    behaviors: [usize; KNOWN.len() + 1],
    /// Closing handshakes that are not as they should be, whatever the behaviour.
    unclean: usize,
}

impl Report {
    /// What the suite reported in this folder.
    pub(super) fn of_suite(python: &Path, dir: &Path) -> Result<Self> {
        // The suite's Python, as it is there.
        Self::parse(&output(
            Command::new(python)
                .args(["-c", READ_INDEX])
                .arg(dir.join("reports/index.json")),
        )?)
    }

    /// What was written by [`Self::write`].
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let lines: Vec<String> = self
            .cases
            .iter()
            .map(|(case, outcome)| format!("{} {}\n", case.name(), outcome.name()))
            .collect();
        fs::write(path, lines.concat()).with_context(|| format!("cannot write {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let cases = text.lines().map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let [case, behavior, close] = fields[..] else {
                return None;
            };
            let numbers: Result<_, _> = case.split('.').map(str::parse).collect();
            Some((
                Case(numbers.ok()?),
                Outcome {
                    behavior: behavior.to_owned(),
                    close: close.to_owned(),
                },
            ))
        });
        let cases: Option<BTreeMap<_, _>> = cases.collect();
        Ok(Self {
            cases: cases.context("a line of the results is not `CASE BEHAVIOR CLOSE`")?,
        })
    }

    /// How many ended how.
    pub(super) fn tally(&self) -> Tally {
        Tally::of(self.cases.values())
    }

    /// The classes of cases, such as the 12 of 12.3.10, and how many of each ended how.
    pub(super) fn classes(&self) -> BTreeMap<u32, Tally> {
        let class = |case: &Case| case.0[0];
        self.cases
            .keys()
            .map(class)
            .map(|number| {
                let cases = self.cases.iter().filter(|(case, _)| class(case) == number);
                (number, Tally::of(cases.map(|(_, outcome)| outcome)))
            })
            .collect()
    }

    /// One line for each case that did not end as it was expected to.
    pub(super) fn differences<'a>(
        &'a self,
        expected: &'a Self,
    ) -> impl Iterator<Item = String> + 'a {
        let new = self
            .cases
            .keys()
            .filter(|case| !expected.cases.contains_key(case));
        expected.cases.keys().chain(new).filter_map(|case| {
            let (was, expected) = (self.cases.get(case), expected.cases.get(case));
            let name = |outcome: Option<&Outcome>| {
                outcome.map_or_else(|| "nothing".to_owned(), Outcome::name)
            };
            (was != expected).then(|| {
                format!(
                    "case {}: {}, expected {}",
                    case.name(),
                    name(was),
                    name(expected)
                )
            })
        })
    }
}

/// What does not count as failed.
const KNOWN: [&str; 4] = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"];

impl Tally {
    fn of<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            let known = KNOWN.iter().position(|known| *known == outcome.behavior);
            // What is not known is one of many words for a failure.
            tally.behaviors[known.unwrap_or(KNOWN.len())] += 1;
            if !["OK", "INFORMATIONAL"].contains(&outcome.close.as_str()) {
                tally.unclean += 1;
            }
        }
        tally
    }

    /// How many cases that is.
    pub(super) fn count(&self) -> usize {
        self.behaviors.iter().sum()
    }

    /// Whether each is OK, its closing handshake too.
    pub(super) fn is_all_ok(&self) -> bool {
        self.behaviors[0] == self.count() && self.unclean == 0
    }

    fn parts(&self) -> impl Iterator<Item = (usize, &'static str)> {
        const NAMES: [&str; 6] = [
            "ok",
            "non-strict",
            "informational",
            "unimplemented",
            "failed",
            "unclean",
        ];

        self.behaviors.into_iter().chain([self.unclean]).zip(NAMES)
    }

    /// What there is of it: `6 ok, 1 informational`.
    pub(super) fn short(&self) -> String {
        join(self.parts().filter(|(count, _)| *count > 0))
    }
}

/// All of it, in one line.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(self.parts()))
    }
}

fn join(parts: impl Iterator<Item = (usize, &'static str)>) -> String {
    let parts: Vec<String> = parts
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    parts.join(", ")
}

impl Case {
    fn name(&self) -> String {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        numbers.join(".")
    }
}

impl Outcome {
    fn name(&self) -> String {
        format!("{} {}", self.behavior, self.close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(was: &str, expected: &str) -> Vec<String> {
        let expected = Report::parse(expected).unwrap();
        Report::parse(was).unwrap().differences(&expected).collect()
    }

    #[test]
    fn every_outcome_is_counted() {
        let report = Report::parse(
            "1.1.1 OK OK\n1.1.2 OK FAILED\n6.4.1 NON-STRICT OK\n7.1.6 INFORMATIONAL INFORMATIONAL\n\
             12.1.1 UNIMPLEMENTED OK\n9.1.1 FAILED UNCLEAN\n9.1.2 MISSING UNCLEAN\n",
        );
        assert_eq!(
            report.unwrap().tally().to_string(),
            "2 ok, 1 non-strict, 1 informational, 1 unimplemented, 2 failed, 3 unclean"
        );
    }

    #[test]
    fn classes_are_counted_by_themselves() {
        let report = Report::parse("9.1 OK OK\n10.1 OK FAILED\n10.2 OK OK\n").unwrap();
        let classes = report.classes().into_iter();
        let classes: Vec<_> = classes
            .map(|(class, tally)| (class, tally.short()))
            .collect();
        assert_eq!(
            classes,
            [(9, "1 ok".to_owned()), (10, "2 ok, 1 unclean".to_owned())]
        );
    }

    #[test]
    fn a_difference_in_either_direction_is_one() {
        let ok = "9.9 OK OK\n9.10 OK OK";
        assert_eq!(differences(ok, ok), Vec::<String>::new());
        assert_eq!(
            differences("9.9 OK OK\n9.10 FAILED OK", ok),
            ["case 9.10: FAILED OK, expected OK OK"]
        );
        assert_eq!(
            differences(ok, "9.9 NON-STRICT OK\n9.10 OK OK"),
            ["case 9.9: OK OK, expected NON-STRICT OK"]
        );
        assert_eq!(
            differences("9.9 OK OK", ok),
            ["case 9.10: nothing, expected OK OK"]
        );
        assert_eq!(
            differences(ok, "9.10 OK OK"),
            ["case 9.9: OK OK, expected nothing"]
        );
    }

    #[test]
    fn what_is_no_result_is_not_taken_for_one() {
        for text in ["", "1.1.1 OK", "x OK OK", "1.1.1 OK OK OK"] {
            assert_eq!(Report::parse(text).is_ok(), text.is_empty(), "{text:?}");
        }
    }
}
