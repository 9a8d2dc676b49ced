use std::future::pending;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{BinaryBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Interval, MissedTickBehavior, interval};
use wasocket::Sender;

use crate::output::printable;

/// How often it is shown.
const PERIOD: Duration = Duration::from_millis(200);

/// What is shown of a file whose length is known, and of one of which it is not.
const OF_LEN: &str = "{wide_msg} {percent:>3}%  {binary_bytes}  {binary_bytes_per_sec}";
const OF_NO_LEN: &str = "{wide_msg} {binary_bytes}  {binary_bytes_per_sec}";

/// How much of a file was taken to be sent, in bytes.
pub(crate) type Taken = Arc<AtomicU64>;

/// Shows on standard error how far the sending of a file is, on a line that is written again and
/// again.
#[derive(Debug)]
pub(crate) struct Progress {
    name: String,
    taken: Taken,
    /// Knows how much of it waits still.
    sender: Sender,
    bar: ProgressBar,
    interval: Interval,
}

impl Progress {
    /// Of a file of this length, if that is known; `None` if there is nobody to look at it.
    pub(crate) fn new(name: &str, len: Option<u64>, taken: Taken, sender: Sender) -> Option<Self> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let bar = ProgressBar::with_draw_target(len, ProgressDrawTarget::stderr());
        let template = len.map_or(OF_NO_LEN, |_| OF_LEN);
        // They are templates, which a test looks at.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let name = printable(name);
        bar.set_message(name.clone());
        let mut interval = interval(PERIOD);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Some(Self {
            name,
            taken,
            sender,
            bar,
            interval,
        })
    }

    /// Shows each step; never ends.
    pub(crate) async fn show(progress: &mut Option<Self>) {
        let Some(progress) = progress else {
            return pending().await;
        };
        loop {
            progress.interval.tick().await;
            let taken = progress.taken.load(Ordering::Relaxed);
            let sent = taken.saturating_sub(progress.sender.buffered_amount());
            progress.bar.set_position(sent);
        }
    }

    /// Takes the line away while something else is written.
    pub(crate) fn hidden<T>(progress: Option<&Self>, write: impl FnOnce() -> T) -> T {
        match progress {
            Some(progress) => progress.bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the line away for good.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }

    /// Tells that all of it is sent.
    pub(crate) fn finish(self) {
        let (len, time) = (self.taken.load(Ordering::Relaxed), self.bar.elapsed());
        self.bar.finish_and_clear();
        let rate = (len as f64 / time.as_secs_f64()) as u64;
        // If it cannot be written, there is nobody to tell.
        let _ = writeln!(
            io::stderr().lock(),
            "{}: {} sent in {:.1} s, {}/s",
            self.name,
            BinaryBytes(len),
            time.as_secs_f64(),
            BinaryBytes(rate)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_can_be_used() {
        for template in [OF_LEN, OF_NO_LEN] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
