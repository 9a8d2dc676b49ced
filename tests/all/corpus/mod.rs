//! The corpus, played to the core alone and to the built component.

mod component;
mod core;

use std::collections::HashSet;
use std::fmt::{Debug, Write};
use std::io;

use integration_tests::corpus::{self, Expected};

#[test]
fn no_case_is_lost_and_no_two_have_one_name() {
    let cases = corpus::all();
    // Not by `println!`, which shows nothing of a test that passes.
    let count = format!("corpus: {} cases\n", cases.len());
    io::Write::write_all(&mut io::stdout(), count.as_bytes()).unwrap();
    assert_eq!(cases.len(), corpus::COUNT);
    let names: HashSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len());
}

/// Makes a test of each topic, which `play`s all of its cases and lists all that differ.
macro_rules! test_topics {
    ($play:path) => {
        $crate::corpus::test_topics! {
            $play: answers closing compression control fields fragments frames refusals text
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
    first_difference("told", &expected.told, &actual.told)
        .or_else(|| first_difference("sent", &expected.sent, &actual.sent))
        .or_else(|| {
            let (expected, actual) = (&expected.told_at_end, &actual.told_at_end);
            first_difference("told at the end", expected, actual)
        })
}

fn first_difference<T: Debug + PartialEq>(
    what: &str,
    expected: &[T],
    actual: &[T],
) -> Option<String> {
    let index = (0..expected.len().max(actual.len()))
        .find(|&index| expected.get(index) != actual.get(index))?;
    let (expected, actual) = (short(expected.get(index)), short(actual.get(index)));
    Some(format!(
        "    {what}, item {index}: {actual}\n    expected: {expected}"
    ))
}

/// Enough of it to see what is meant.
fn short(item: Option<&impl Debug>) -> String {
    const LEN: usize = 400;
    let Some(item) = item else {
        return "nothing".to_owned();
    };
    let text = format!("{item:?}");
    match text.char_indices().nth(LEN) {
        None => text,
        Some((end, _)) => format!("{}... ({} bytes)", &text[..end], text.len()),
    }
}
