use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::output::printable;

/// How long a file has to be for its progress to be shown, in bytes.
const LARGE: usize = 1 << 20;

/// How often it is shown.
const PERIOD: Duration = Duration::from_millis(200);

/// What moves the cursor to the start of the line, and empties it.
const CLEAR_LINE: &str = "\r\x1b[K";

/// Shows on standard error how far the sending of a file is, on a line that is written again and
/// again.
#[derive(Debug)]
pub(crate) struct Progress {
    name: String,
    len: usize,
    start: Instant,
    interval: Interval,
    shown: bool,
}

impl Progress {
    /// Of a file of this length; `None` if there is nobody to look at it, or it is short.
    pub(crate) fn new(name: &str, len: usize) -> Option<Self> {
        if len < LARGE || !io::stderr().is_terminal() {
            return None;
        }
        let mut interval = interval(PERIOD);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Some(Self {
            name: printable(name),
            len,
            start: Instant::now(),
            interval,
            shown: false,
        })
    }

    /// Whether it is of this file.
    pub(crate) fn is_of(&self, file: Option<&str>, len: usize) -> bool {
        self.len == len && file.is_some_and(|file| printable(file) == self.name)
    }

    /// Shows each step; never ends.
    pub(crate) async fn show(progress: &mut Option<Self>) {
        let Some(progress) = progress else {
            return pending().await;
        };
        loop {
            progress.interval.tick().await;
            progress.write(&format!(
                "{}: sending {}, {:.0} s",
                progress.name,
                mebibytes(progress.len),
                progress.start.elapsed().as_secs_f64()
            ));
            progress.shown = true;
        }
    }

    /// Takes the line away, for something else to be written.
    pub(crate) fn hide(&mut self) {
        if std::mem::take(&mut self.shown) {
            self.write("");
        }
    }

    /// Tells that it is sent.
    pub(crate) fn finish(self) {
        let seconds = self.start.elapsed().as_secs_f64();
        self.write(&format!(
            "{}: {} sent in {seconds:.1} s, {:.1} MiB/s\n",
            self.name,
            mebibytes(self.len),
            self.len as f64 / (1 << 20) as f64 / seconds
        ));
    }

    fn write(&self, text: &str) {
        // If it cannot be written, there is nobody to tell.
        let _ = write!(io::stderr().lock(), "{CLEAR_LINE}{text}");
    }
}

fn mebibytes(len: usize) -> String {
    format!("{:.1} MiB", len as f64 / (1 << 20) as f64)
}
