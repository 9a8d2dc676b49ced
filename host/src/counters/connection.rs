use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{Metrics, RuntimeCounters};
use crate::error::Step;

/// What one connection counts, for itself and for its runtime.
#[derive(Debug)]
pub(crate) struct ConnectionCounters {
    runtime: Arc<RuntimeCounters>,
    started: Instant,
    metrics: Mutex<Metrics>,
}

/// Counts a connection as open until this is dropped, wherever its task ends.
#[derive(Debug)]
pub(crate) struct OpenConnection(Arc<RuntimeCounters>);

impl ConnectionCounters {
    /// Counts an attempt to connect.
    pub(crate) fn attempt(runtime: &Arc<RuntimeCounters>) -> Arc<Self> {
        runtime.attempted();
        Arc::new(Self {
            runtime: runtime.clone(),
            started: Instant::now(),
            metrics: Mutex::default(),
        })
    }

    pub(crate) fn opened(&self) -> OpenConnection {
        self.runtime.opened(self.started.elapsed());
        OpenConnection(self.runtime.clone())
    }

    pub(crate) fn failed(&self, step: Step) {
        self.runtime.failed(step);
    }

    /// Counts the end of a connection that was open.
    pub(crate) fn closed(&self, open: OpenConnection, code: u16) {
        drop(open);
        self.runtime.closed(code);
    }

    /// Takes what the component has counted.
    pub(crate) fn update(&self, now: Metrics) {
        let before = std::mem::replace(&mut *self.lock(), now);
        if now != before {
            self.runtime.add(&before, &now);
        }
    }

    pub(crate) fn metrics(&self) -> Metrics {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Metrics> {
        // Nothing panics while holding the lock, so that a poisoned one has good data.
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.no_longer_open();
    }
}
