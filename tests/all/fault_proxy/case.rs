use std::collections::BTreeSet;
use std::fmt::Write;
use std::pin::pin;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use integration_tests::{Action, Direction, Fault, runtime, scaled};
use wasocket::{FailureKind, Message, Options, Timeout};

use super::corruption::key_expected;
use super::exchange::{Lab, Run, Told};
use super::expected::failing;
use super::layout::{Phase, joined};
use super::report;

/// How many cases are under way at once. Most of the time that one takes, others can use.
const AT_ONCE: usize = 64;

/// How long the timeouts are that are to pass, in milliseconds: longer than a machine takes for what
/// comes before, with so many at once. Where it does take longer, the case is tried again with twice
/// that.
const TIMEOUT: u64 = 1000;

/// How long a timeout is at most for a case to be tried again, in milliseconds.
const MAX_TIMEOUT: u64 = 64 * TIMEOUT;

/// How long it may take until the next exchange ends, in milliseconds: that long only those take that
/// hang, however slow the machine is.
const HANG: u64 = 4 * MAX_TIMEOUT;

/// One exchange with one fault, and what the application is to be told.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) fault: Fault,
    pub(super) expected: Expected,
    /// The timeout that is to pass, if one is.
    pub(super) timeout: Option<Timeout>,
}

/// What the application is to be told.
pub(super) enum Expected {
    /// Exactly this.
    Told(Vec<Told>),
    /// This up to the error, which is one of TLS, of either side: which depends on chance.
    TlsFailure(Vec<Told>),
    /// The same, or the end of the stream: the server refuses some ClientHellos without an alert, and
    /// the order of their extensions, and with it what a byte of them is, depends on chance.
    HelloRefused(Vec<Told>),
    /// What follows from these bits of the byte at this position of the request, which is one of the
    /// key: it is another each time.
    OfKey { at: usize, bits: u8 },
}

impl Expected {
    /// What is to be told in this run, and what was told, as far as they have to be the same.
    fn compare(&self, run: &Run) -> (Vec<Told>, Vec<Told>) {
        match self {
            Self::Told(expected) => (expected.clone(), run.told.clone()),
            Self::TlsFailure(expected) => (expected.clone(), run.with_tls_failure(is_of_tls)),
            Self::HelloRefused(expected) => {
                let is_refusal =
                    |kind: &_| is_of_tls(kind) || *kind == FailureKind::ConnectionEnded;
                (expected.clone(), run.with_tls_failure(is_refusal))
            }
            Self::OfKey { at, bits } => {
                let byte = joined(&run.passed, Direction::Up)[*at];
                let expected = failing(Phase::Opening, key_expected(byte, *bits));
                (expected, run.told.clone())
            }
        }
    }

    /// The timeout that is to pass, if one is.
    fn timeout(&self) -> Option<Timeout> {
        let told = match self {
            Self::Told(told) | Self::TlsFailure(told) | Self::HelloRefused(told) => told,
            Self::OfKey { .. } => return None,
        };
        told.iter().find_map(|told| match told {
            Told::Error(_, FailureKind::Timeout(timeout)) => Some(*timeout),
            _ => None,
        })
    }
}

/// Whether TLS failed, on either side, in a way that has a kind of its own.
fn is_of_tls(kind: &FailureKind) -> bool {
    matches!(kind, FailureKind::TlsAlert(_) | FailureKind::Certificate(_))
}

impl Run {
    /// What was told, with every failure of these kinds as one of TLS.
    fn with_tls_failure(&self, is_one: impl Fn(&FailureKind) -> bool) -> Vec<Told> {
        let mut told = self.told.clone();
        for told in &mut told {
            if let Told::Error(_, kind) = told
                && is_one(kind)
            {
                *kind = FailureKind::TlsFailed;
            }
        }
        told
    }
}

impl Case {
    pub(super) fn new(name: String, fault: Fault, expected: Expected) -> Self {
        Self {
            name,
            timeout: expected.timeout(),
            fault,
            expected,
        }
    }

    /// Plays it; says how it differs from what is expected, if it does.
    async fn play(&self, lab: &Lab) -> Option<String> {
        let mut timeout = scaled(TIMEOUT);
        loop {
            let proxy = lab.proxy(self.fault).await;
            let options = self.options(lab.options(), timeout);
            let run = lab.exchange(proxy, &options, self.asks(), |_, _| {}).await;
            let difference = if run.has_struck {
                let (expected, told) = self.expected.compare(&run);
                (told != expected).then(|| format!("{told:?}, expected: {expected:?}"))
            } else {
                Some(format!("the fault was not met: {:?}", run.told))
            };
            // The timeout may have passed before what was to come.
            let is_sure = !self.has_timed_out(&run.told) || timeout >= scaled(MAX_TIMEOUT);
            if difference.is_none() || is_sure {
                return difference;
            }
            timeout *= 2;
        }
    }

    /// Whether the timeout passed that is to.
    fn has_timed_out(&self, told: &[Told]) -> bool {
        told.iter().any(|told| match told {
            Told::Error(_, FailureKind::Timeout(timeout)) => Some(*timeout) == self.timeout,
            _ => false,
        })
    }

    /// Whether nothing else may come that tells of the fault, in place of a message.
    fn asks(&self) -> bool {
        match self.fault.action {
            Action::Stall | Action::Corrupt(_) => true,
            Action::Watch
            | Action::Reset
            | Action::HalfClose
            | Action::Kill
            | Action::Delay(_)
            | Action::Split => false,
        }
    }

    fn options(&self, options: &Options, timeout: Duration) -> Options {
        let options = options.clone();
        match self.timeout {
            None => options,
            Some(Timeout::Connect) => options.connect_timeout(timeout),
            Some(Timeout::Pong) => options.pong_timeout(timeout),
            Some(Timeout::Close) => options.close_timeout(timeout),
            Some(other) => panic!("{other:?}"),
        }
    }
}

/// Plays all of these cases, and asserts that a connection of the same runtime, which is open all the
/// while, does not notice. `name` is what they are called in what the test prints.
pub(super) async fn play(lab: &Lab, cases: &[Case], name: &str) {
    let other = runtime().connect_with(&lab.url(), lab.options()).await;
    let mut other = other.expect("a connection");
    let played = stream::iter(cases).map(async |case| (case, case.play(lab).await));
    let mut played = pin!(played.buffer_unordered(AT_ONCE));
    let mut open: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let mut differences = String::new();
    loop {
        let next = tokio::time::timeout(scaled(HANG), played.next()).await;
        let Some((case, difference)) = next.unwrap_or_else(|_| panic!("without an end: {open:?}"))
        else {
            break;
        };
        open.remove(case.name.as_str());
        if let Some(difference) = difference {
            // It is a string: nothing can go wrong.
            let _ = writeln!(differences, "- {}: {difference}", case.name);
        }
    }
    assert!(differences.is_empty(), "differences:\n{differences}");
    other.send("unharmed").await.expect("sent");
    let echo = other.receive().await;
    assert_eq!(echo, Ok(Some(Message::from("unharmed"))));
    let closed = other.close(1000, "").await.expect("closed");
    assert!(closed.was_clean, "{closed:?}");
    assert!(open.is_empty(), "{open:?}");
    report(&format!("{name}: {} cases", cases.len()));
}
