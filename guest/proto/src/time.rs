use core::ops::Add;
use core::time::Duration;

const NANOS_PER_SEC: u64 = 1_000_000_000;

/// A point in time, as nanoseconds since an origin that the caller chose.
///
/// The core never asks for the time: every instant it knows was passed to it. Instants of
/// different origins must not be mixed on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The instant that lies `nanos` nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to this instant, zero if `earlier` is later.
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates: an instant beyond the last one that can be told is the last one.
    fn add(self, duration: Duration) -> Self {
        // Not `as_nanos`, which multiplies 128 bits: wasm takes far longer for that.
        let seconds = duration.as_secs().saturating_mul(NANOS_PER_SEC);
        let nanos = seconds.saturating_add(duration.subsec_nanos().into());
        Self(self.0.saturating_add(nanos))
    }
}
