use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

/// The caller's time, in seconds since 1970, as it was when a connection was last made.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    pub(crate) fn set(&self, unix_time: u64) {
        self.0.store(unix_time, Ordering::Relaxed);
    }

    pub(crate) fn unix_time(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let since_1970 = Duration::from_secs(self.unix_time());
        Some(UnixTime::since_unix_epoch(since_1970))
    }
}
