use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::bench::BenchArgs;
use crate::bench::chart::{Characters, chart, time};
use crate::bench::tally::Tally;
use crate::output::printable;

/// The percentiles that are told, by name.
const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 50.0),
    ("p90", 90.0),
    ("p99", 99.0),
    ("p99.9", 99.9),
    ("max", 100.0),
];

const MIB: f64 = (1 << 20) as f64;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Report {
    connections: u32,
    /// How many of them were opened.
    open: usize,
    /// How long it took to open all of them.
    opening: Duration,
    sent: u64,
    size: usize,
    /// From the first message to the last answer.
    elapsed: Duration,
    /// How long answers took, in nanoseconds.
    times: Histogram<u64>,
    failures: usize,
    first_failure: Option<String>,
}

impl Report {
    /// Of what is tallied. Messages were sent from `start` on.
    pub(crate) fn new(
        args: &BenchArgs,
        tally: &Tally,
        open: usize,
        opening: Duration,
        start: Instant,
    ) -> Self {
        let last_answer = tally.last_answer().unwrap_or(start);
        Self {
            connections: args.connections,
            open,
            opening,
            sent: tally.sent(),
            size: args.size,
            elapsed: last_answer.saturating_duration_since(start),
            times: tally.times(),
            failures: tally.failures(),
            first_failure: tally.first_failure().map(|(_, message)| message),
        }
    }

    /// How many messages were answered in a second.
    fn messages_per_second(&self) -> f64 {
        if self.elapsed.is_zero() {
            return 0.0;
        }
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }

    fn bytes_per_second(&self) -> f64 {
        self.messages_per_second() * self.size as f64
    }

    /// For scripts.
    pub(crate) fn to_json(&self) -> Value {
        let percentiles = PERCENTILES.map(|(name, percentile)| {
            let time = self.times.value_at_percentile(percentile);
            (name.to_owned(), Value::from(time as f64 / 1e9))
        });
        json!({
            "connections": self.connections,
            "open": self.open,
            "opening_seconds": self.opening.as_secs_f64(),
            "sent": self.sent,
            "answered": self.times.len(),
            "seconds": self.elapsed.as_secs_f64(),
            "messages_per_second": self.messages_per_second(),
            "bytes_per_second": self.bytes_per_second(),
            "latency_seconds": percentiles.into_iter().collect::<serde_json::Map<_, _>>(),
            "failures": self.failures,
            "first_failure": self.first_failure,
        })
    }

    /// For people, on standard output.
    pub(crate) fn print(&self, ascii: bool) -> io::Result<()> {
        let characters = Characters::choose(ascii);
        let mut stdout = anstream::stdout().lock();
        stdout.write_all(self.text(characters).as_bytes())?;
        stdout.write_all(chart(&self.times, characters).as_bytes())?;
        stdout.flush()
    }

    fn text(&self, characters: Characters) -> String {
        let mut text = format!(
            "connections  {} of {} open after {:.1?}\n\
             messages     {} of {} answered in {:.1?}, {} bytes each\n\
             throughput   {:.0} messages/s, {:.2} MiB/s each way\n",
            self.open,
            self.connections,
            self.opening,
            self.times.len(),
            self.sent,
            self.elapsed,
            self.size,
            self.messages_per_second(),
            self.bytes_per_second() / MIB,
        );
        if !self.times.is_empty() {
            text.push_str("latency     ");
            for (name, percentile) in PERCENTILES {
                let value = self.times.value_at_percentile(percentile);
                // Writing to a `String` does not fail.
                let _ = write!(text, " {name} {} ", time(value, characters));
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        if let Some(failure) = &self.first_failure {
            let _ = writeln!(
                text,
                "failures     {} of {} connections, the first: {}",
                self.failures,
                self.connections,
                printable(failure)
            );
        }
        text
    }
}
