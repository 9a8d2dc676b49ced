use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::memory::Peaks;

/// What a soak came to.
#[derive(Debug, Default)]
pub struct Report {
    /// How long it took.
    pub time: Duration,
    /// How many connections there were.
    pub connections: u64,
    /// How many messages were told as sent, those counted that were sent again.
    pub sent: u64,
    /// How many of them were sent again, because their echo had not come.
    pub resent: u64,
    /// How many echoes came.
    pub echoed: u64,
    /// How often each fault was met.
    pub faults: BTreeMap<&'static str, u64>,
    /// How often connections ended in each way.
    pub ends: BTreeMap<String, u64>,
    /// The memory of the process, if it was long enough to tell.
    pub memory: Option<Peaks>,
}

impl Report {
    /// Adds what one row of messages came to.
    pub(super) fn add(&mut self, other: &Self) {
        self.connections += other.connections;
        self.sent += other.sent;
        self.resent += other.resent;
        self.echoed += other.echoed;
        for (fault, count) in &other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        for (end, count) in &other.ends {
            *self.ends.entry(end.clone()).or_default() += count;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: &dyn fmt::Display| writeln!(f, "{name:<36} {value:>12}");
        row("seconds", &self.time.as_secs())?;
        row("connections", &self.connections)?;
        row("messages sent", &self.sent)?;
        row("  again, as no echo had come", &self.resent)?;
        row("echoes", &self.echoed)?;
        for (fault, count) in &self.faults {
            row(&format!("fault met: {fault}"), count)?;
        }
        for (end, count) in &self.ends {
            row(&format!("ended: {end}"), count)?;
        }
        if let Some(peaks) = self.memory {
            row("peak of memory, second third (KiB)", &peaks.before)?;
            row("peak of memory, last third (KiB)", &peaks.after)?;
        }
        Ok(())
    }
}
