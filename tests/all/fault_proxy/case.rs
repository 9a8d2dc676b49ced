use std::fmt::Write;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use integration_tests::{Fault, runtime, scaled};
use wasocket::{FailureKind, Message, Options, Step, Timeout};

use super::exchange::{Lab, Told};

/// How many cases are under way at once. Most of the time that one takes, others can use.
const AT_ONCE: usize = 64;

/// How many of those are that wait for a timeout.
const WAITING_AT_ONCE: usize = 512;

/// How long the timeouts are that are to pass, in milliseconds: longer than a machine takes for what
/// comes before the fault. Where it does take longer, the case is tried again with twice that.
const TIMEOUT: u64 = 1500;

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
}

impl Expected {
    fn is_met(&self, told: &[Told]) -> bool {
        match self {
            Self::Told(expected) => told == expected,
            Self::TlsFailure(expected) => {
                let mut told = told.to_owned();
                for told in &mut told {
                    if let Told::Error(_, kind) = told
                        && matches!(kind, FailureKind::TlsAlert(_))
                    {
                        *kind = FailureKind::TlsFailed;
                    }
                }
                told == *expected
            }
        }
    }

    fn told(&self) -> &[Told] {
        match self {
            Self::Told(told) | Self::TlsFailure(told) => told,
        }
    }
}

impl Case {
    /// Whether nothing would come that tells of the fault, while a message is waited for.
    fn is_silent(&self) -> bool {
        self.expected.told().iter().any(|told| {
            matches!(
                told,
                Told::Error(Step::Open, FailureKind::Timeout(Timeout::Pong))
            )
        })
    }

    /// Plays it; says how it differs from what is expected, if it does.
    async fn play(&self, lab: &Lab) -> Option<String> {
        let mut timeout = scaled(TIMEOUT);
        loop {
            let proxy = lab.proxy(self.fault).await;
            let options = self.options(lab.options(), timeout);
            let asks = self.is_silent();
            let run = lab.exchange(proxy, &options, asks, |_, _| {}).await;
            if run.has_struck {
                return (!self.expected.is_met(&run.told))
                    .then(|| format!("{:?}, expected: {:?}", run.told, self.expected.told()));
            }
            if self.timeout.is_none() {
                return Some(format!("the fault was not met: {:?}", run.told));
            }
            timeout *= 2;
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
/// while, does not notice; says how many there were.
pub(super) async fn play(lab: &Lab, cases: &[Case]) -> usize {
    let other = runtime().connect_with(&lab.url(), lab.options()).await;
    let mut other = other.expect("a connection");
    let waits = cases.iter().any(|case| case.timeout.is_some());
    let at_once = if waits { WAITING_AT_ONCE } else { AT_ONCE };
    let played = stream::iter(cases).map(async |case| (case, case.play(lab).await));
    let results: Vec<_> = played.buffer_unordered(at_once).collect().await;
    let mut differences = String::new();
    for (case, difference) in &results {
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
    results.len()
}
