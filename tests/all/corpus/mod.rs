//! The corpus, played to the core alone and to the built component.

mod component;
mod core;

use std::collections::HashSet;
use std::fmt::{Debug, Write};

use integration_tests::corpus::{self, Expected};

#[test]
fn no_case_is_lost_and_no_two_have_one_name() {
    let cases = corpus::all();
    println!("corpus: {} cases", cases.len());
    assert_eq!(cases.len(), corpus::COUNT);
    let names: HashSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len());
}

/// Makes a test of each topic, which `play`s all of its cases and lists all that differ.
macro_rules! test_topics {
    ($play:path) => {
        $crate::corpus::test_topics! {
            $play: answers closing control fields fragments frames refusals text
        }
    };
    ($play:path: $($topic:ident)+) => {
        $(
            #[test]
            fn $topic() {
                $play(integration_tests::corpus::$topic());
            }
        )+
    };
}
use test_topics;

/// What differed, a line or two for each case.
#[derive(Default)]
struct Differences(String);

impl Differences {
    /// Notes how the case of this name differed, played in this way.
    fn push(&mut self, name: &str, way: &str, difference: &str) {
        // It is a string: nothing can go wrong.
        let _ = writeln!(self.0, "- {name} ({way}):\n{difference}");
    }

    #[track_caller]
    fn assert_none(self) {
        assert!(self.0.is_empty(), "differences:\n{}", self.0);
    }
}

/// Says how `actual` differs from `expected`, if it does.
fn difference(expected: &Expected, actual: &Expected) -> Option<String> {
    [
        ("told", debug(&expected.told), debug(&actual.told)),
        ("sent", debug(&expected.sent), debug(&actual.sent)),
        (
            "told at the end",
            debug(&expected.told_at_end),
            debug(&actual.told_at_end),
        ),
    ]
    .into_iter()
    .find(|(_, expected, actual)| expected != actual)
    .map(|(what, expected, actual)| {
        format!(
            "    {what}: {}\n    not: {}",
            short(&actual),
            short(&expected)
        )
    })
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?}")
}

/// Enough of it to see what is meant.
fn short(text: &str) -> String {
    const LEN: usize = 400;
    match text.char_indices().nth(LEN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
    }
}
