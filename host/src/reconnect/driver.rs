//! The task of a reconnecting connection: makes attempts, and waits between them.

use std::future::pending;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::cause::Cause;
use super::conversation::Conversation;
use super::dial::{Dial, Line};
use super::event::{Disconnected, End, Event};
use super::hooks::{Attempt, Hooks};
use super::queue::Taken;
use super::schedule::Schedule;
use super::shared::{Shared, Stop};
use crate::options::Options;

/// One reconnecting connection.
pub(super) struct Driver<D> {
    pub(super) dial: D,
    pub(super) url: String,
    pub(super) options: Options,
    pub(super) hooks: Hooks,
    pub(super) random: Box<dyn FnMut() -> f64 + Send>,
    pub(super) schedule: Schedule,
    pub(super) shared: Shared,
}

impl<D: Dial> Driver<D> {
    /// Runs it to its end.
    pub(super) async fn run(mut self) {
        let stop = loop {
            if let Err(stop) = self.attempt().await {
                break stop;
            }
        };
        debug!("no further attempt");
        self.shared.finish(stop).await;
    }

    /// Makes an attempt, and sees its connection to its end; waits until the next is due.
    async fn attempt(&mut self) -> Result<(), Stop> {
        let events = self.shared.events.clone();
        let room = self.shared.unless_stopped(events.attempt_room()).await?;
        let attempt = self.schedule.begin(Instant::now());
        debug!(attempt, "connecting");
        events.push(Event::Connecting(attempt), Taken::new());
        let line = self.open(attempt).await?;
        let was_open = line.is_ok();
        let cause = match line {
            Ok(line) => self.converse(line).await?,
            Err(cause) => cause,
        };
        let now = Instant::now();
        let retry = self.judge(&cause, now);
        let lost = Disconnected {
            attempt,
            was_open,
            retry_in: retry.as_ref().ok().copied(),
            cause: cause.clone(),
        };
        debug!(attempt, was_open, retry_in = ?lost.retry_in, "disconnected");
        (self.hooks.after_failure)(&lost);
        events.push(Event::Disconnected(lost), room);
        if was_open {
            for entry in self.shared.outbox.handle_lost() {
                self.shared.give_up(entry, cause.clone());
            }
        }
        let delay = retry.map_err(Stop::Ended)?;
        self.shared.unless_stopped(wait(now, delay)).await
    }

    async fn open(&mut self, number: u32) -> Result<Result<D::Line, Cause>, Stop> {
        let prepared = (self.hooks.before_attempt)(Attempt {
            number,
            url: self.url.clone(),
            options: self.options.clone(),
        });
        let dial = &self.dial;
        let opened = async {
            let attempt = prepared.await.map_err(Cause::Hook)?;
            dial.dial(&attempt).await.map_err(Cause::Error)
        };
        self.shared.unless_stopped(opened).await
    }

    /// Sees a connection to its end; returns why it was lost.
    async fn converse(&mut self, line: D::Line) -> Result<Cause, Stop> {
        self.schedule.handle_opened(Instant::now());
        let opened = line.opened();
        let first = (self.hooks.on_open)(&opened);
        self.shared.events.push(Event::Open(opened), Taken::new());
        Conversation::new(line, &mut self.shared).run(first).await
    }

    /// How long to wait before the next attempt, if there is one.
    fn judge(&mut self, cause: &Cause, now: Instant) -> Result<Duration, End> {
        if (self.hooks.is_final)(cause) {
            return Err(End::Final(cause.clone()));
        }
        let retry_after = cause.retry_after(SystemTime::now());
        self.schedule
            .handle_disconnected(retry_after, (self.random)(), now)
            .map_err(|limit| End::Exhausted {
                limit,
                cause: cause.clone(),
            })
    }
}

/// Waits for so long since then; for ever if no clock goes so far.
async fn wait(since: Instant, delay: Duration) {
    match since.checked_add(delay) {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}
