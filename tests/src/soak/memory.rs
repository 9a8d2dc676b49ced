use std::fs;
use std::time::{Duration, Instant};

use crate::pass;

/// How often the memory of the process is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// By how much the most of the last third of the time may exceed the most of the third before it. The
/// first third warms up.
const TOLERANCE: f64 = 0.10;

/// The fewest looks by which memory is judged.
const MIN_SAMPLES: usize = 9;

/// The memory of this process over time.
pub(super) struct Memory(Vec<(Instant, u64)>);

/// What the memory of the process was at most, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Peaks {
    /// In the second third of the time.
    pub before: u64,
    /// In the last third of it.
    pub after: u64,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// Looks at the memory after a while. If this is dropped before, it did not.
    pub(super) async fn next_sample(&mut self) {
        // Time is what it is measured over.
        pass(INTERVAL).await;
        self.0.extend(resident().map(|kib| (Instant::now(), kib)));
    }

    /// Asserts that it did not grow in the last third of `time` from `start` on. Says nothing if that
    /// cannot be told: elsewhere than on Linux, or in too short a time.
    pub(super) fn assert_flat(&self, start: Instant, time: Duration) -> Option<Peaks> {
        let peak = |from: Duration, to: Duration| {
            let samples = self.0.iter();
            let samples = samples.filter(|(at, _)| (from..to).contains(&(*at - start)));
            samples.map(|(_, kib)| *kib).max()
        };
        if self.0.len() < MIN_SAMPLES {
            return None;
        }
        let peaks = Peaks {
            before: peak(time / 3, time * 2 / 3)?,
            after: peak(time * 2 / 3, time)?,
        };
        let limit = peaks.before as f64 * (1.0 + TOLERANCE);
        assert!(peaks.after as f64 <= limit, "memory grows: {peaks:?} KiB");
        Some(peaks)
    }
}

/// How much memory of the machine this process takes, in KiB.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
