use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::exit::Exit;

/// How many significant figures the times have.
const SIGNIFICANT_FIGURES: u8 = 3;

/// How many times a connection keeps to itself before it tells all of them.
const BATCH_LEN: usize = 256;

/// What was measured on all connections.
#[derive(Debug)]
pub(crate) struct Tally(Mutex<State>);

#[derive(Debug)]
struct State {
    sent: u64,
    /// How long answers took, in nanoseconds.
    times: Histogram<u64>,
    last_answer: Option<Instant>,
    failures: usize,
    first_failure: Option<(Exit, String)>,
}

impl Tally {
    /// A tally of times up to `longest`.
    pub(crate) fn new(longest: Duration) -> Self {
        let longest = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX / 2);
        let times = Histogram::new_with_max(longest.max(2), SIGNIFICANT_FIGURES);
        Self(Mutex::new(State {
            sent: 0,
            // It asks for no more than 5 figures, and at least 2 as the largest value.
            times: times.expect("a range and figures that there can be"),
            last_answer: None,
            failures: 0,
            first_failure: None,
        }))
    }

    /// Counts for one connection.
    pub(crate) fn recorder(&self) -> Recorder<'_> {
        Recorder {
            tally: self,
            sent: 0,
            times: Vec::with_capacity(BATCH_LEN),
            last_answer: None,
        }
    }

    /// Counts the failure of a connection.
    pub(crate) fn fail(&self, exit: Exit, message: &str) {
        let mut state = self.state();
        state.failures += 1;
        state
            .first_failure
            .get_or_insert_with(|| (exit, message.to_owned()));
    }

    pub(crate) fn first_failure(&self) -> Option<(Exit, String)> {
        self.state().first_failure.clone()
    }

    /// How many connections failed.
    pub(crate) fn failures(&self) -> usize {
        self.state().failures
    }

    /// How many messages were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.state().sent
    }

    /// When the last answer came.
    pub(crate) fn last_answer(&self) -> Option<Instant> {
        self.state().last_answer
    }

    /// How long answers took, in nanoseconds.
    pub(crate) fn times(&self) -> Histogram<u64> {
        self.state().times.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding the lock, so that a poisoned one has good data.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was measured on one connection, and not yet told. It is when this is dropped.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    tally: &'a Tally,
    sent: u64,
    times: Vec<u64>,
    last_answer: Option<Instant>,
}

impl Recorder<'_> {
    pub(crate) fn count_sent(&mut self) {
        self.sent += 1;
    }

    /// Counts an answer that took this long.
    pub(crate) fn record(&mut self, time: Duration) {
        self.times
            .push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        self.last_answer = Some(Instant::now());
        if self.times.len() == BATCH_LEN {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let mut state = self.tally.state();
        state.sent += std::mem::take(&mut self.sent);
        for time in self.times.drain(..) {
            // What is longer than the timeout came just before it was noticed.
            state.times.saturating_record(time);
        }
        state.last_answer = state.last_answer.max(self.last_answer);
    }
}

impl Drop for Recorder<'_> {
    fn drop(&mut self) {
        self.flush();
    }
}
