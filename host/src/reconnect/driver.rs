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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};

    use tokio::sync::mpsc;
    use tokio::task::yield_now;

    use super::*;
    use crate::error::Error;
    use crate::event::ReadyState;
    use crate::reconnect::outbox::Outbox;
    use crate::reconnect::policy::Policy;
    use crate::reconnect::queue::{self, MessageRoom};
    use crate::websocket::WebSocket;

    /// Counts the attempts, each of which fails.
    struct Failing(Arc<AtomicUsize>);

    impl Dial for Failing {
        type Line = WebSocket;

        async fn dial(&self, _: &Attempt) -> Result<WebSocket, Error> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Err(Error::InvalidState(ReadyState::Closed))
        }
    }

    #[tokio::test]
    async fn no_attempts_are_made_while_too_many_events_wait() {
        let attempts = Arc::new(AtomicUsize::new(0));
        let policy = Policy::new().first_delay(Duration::ZERO);
        let (commands, commands_rx) = mpsc::unbounded_channel();
        let (events_tx, mut events) = queue::events();
        let driver = Driver {
            dial: Failing(attempts.clone()),
            url: String::new(),
            options: Options::new(),
            hooks: Hooks::default(),
            random: Box::new(|| 0.0),
            shared: Shared {
                commands: commands_rx,
                events: events_tx,
                outbox: Outbox::new(&policy),
                room: MessageRoom::new(0, 0),
            },
            schedule: Schedule::new(policy),
        };
        let task = tokio::spawn(driver.run());
        const MOST: usize = 64;
        let until = async |count: usize| {
            while attempts.load(Ordering::Relaxed) < count {
                yield_now().await;
            }
        };
        until(MOST).await;
        // As many turns as the others took, and more.
        for _ in 0..10 * MOST {
            yield_now().await;
        }
        assert_eq!(attempts.load(Ordering::Relaxed), MOST);
        // Those of one attempt make room for another.
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            assert!(events.poll_recv(&mut cx).is_ready());
        }
        until(MOST + 1).await;
        drop((events, commands));
        assert!(task.await.is_ok());
    }
}
