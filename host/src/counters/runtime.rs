use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "metrics")]
use super::facade::Facade;
use super::{Metrics, RuntimeMetrics, Traffic};
use crate::error::Step;

/// What all connections of a runtime count together.
#[derive(Debug, Default)]
pub(crate) struct RuntimeCounters {
    attempted: AtomicU64,
    opened: AtomicU64,
    open: AtomicU64,
    sent: TrafficCounters,
    received: TrafficCounters,
    ends: Mutex<Ends>,
    #[cfg(feature = "metrics")]
    facade: Facade,
}

/// How connections ended.
#[derive(Clone, Debug, Default)]
struct Ends {
    failed: BTreeMap<Step, u64>,
    closed: BTreeMap<u16, u64>,
}

#[derive(Debug, Default)]
struct TrafficCounters {
    bytes: AtomicU64,
    frames: AtomicU64,
    messages: AtomicU64,
    pings: AtomicU64,
    pongs: AtomicU64,
}

impl RuntimeCounters {
    pub(crate) fn metrics(&self) -> RuntimeMetrics {
        let Ends { failed, closed } = self.ends().clone();
        RuntimeMetrics {
            attempted: self.attempted.load(Ordering::Relaxed),
            opened: self.opened.load(Ordering::Relaxed),
            open: self.open.load(Ordering::Relaxed),
            failed,
            closed,
            sent: self.sent.load(),
            received: self.received.load(),
        }
    }

    pub(super) fn attempted(&self) {
        increment(&self.attempted);
        #[cfg(feature = "metrics")]
        self.facade.attempted();
    }

    /// Counts a connection that was opened so long after it was asked for.
    pub(super) fn opened(&self, after: Duration) {
        increment(&self.opened);
        increment(&self.open);
        #[cfg(feature = "metrics")]
        self.facade.opened(after);
        #[cfg(not(feature = "metrics"))]
        let _ = after;
    }

    pub(super) fn no_longer_open(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        self.facade.no_longer_open();
    }

    pub(super) fn failed(&self, step: Step) {
        *self.ends().failed.entry(step).or_default() += 1;
        #[cfg(feature = "metrics")]
        self.facade.failed(step);
    }

    pub(super) fn closed(&self, code: u16) {
        *self.ends().closed.entry(code).or_default() += 1;
        #[cfg(feature = "metrics")]
        self.facade.closed(code);
    }

    /// Adds what a connection counted between two instants.
    pub(super) fn add(&self, before: &Metrics, now: &Metrics) {
        let sent = now.sent.since(before.sent);
        let received = now.received.since(before.received);
        self.sent.add(sent);
        self.received.add(received);
        #[cfg(feature = "metrics")]
        {
            let round_trip = now
                .round_trip
                .filter(|_| now.round_trip != before.round_trip);
            self.facade.add(sent, received, round_trip);
        }
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        // Nothing panics while holding the lock, so that a poisoned one has good data.
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TrafficCounters {
    fn add(&self, traffic: Traffic) {
        for (counter, count) in [
            (&self.bytes, traffic.bytes),
            (&self.frames, traffic.frames),
            (&self.messages, traffic.messages),
            (&self.pings, traffic.pings),
            (&self.pongs, traffic.pongs),
        ] {
            // Threads that count share these: what does not change is not written to.
            if count > 0 {
                counter.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    fn load(&self) -> Traffic {
        Traffic {
            bytes: self.bytes.load(Ordering::Relaxed),
            frames: self.frames.load(Ordering::Relaxed),
            messages: self.messages.load(Ordering::Relaxed),
            pings: self.pings.load(Ordering::Relaxed),
            pongs: self.pongs.load(Ordering::Relaxed),
        }
    }
}

fn increment(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
