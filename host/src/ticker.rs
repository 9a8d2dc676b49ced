//! What ends the turns of guests that compute for long: an engine's epochs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a guest computes before others have their turn.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Counts ticks while guests compute: by a thread, since a guest that computes may have all of
/// Tokio's. The thread sleeps while none does, and ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Debug, Default)]
struct Shared {
    /// How many guests compute.
    computing: AtomicUsize,
    /// Whether any has begun to since the last look.
    begun: AtomicBool,
    /// Whether the thread waits to be woken, and not for the next tick. To wake it is a call of the
    /// system, which most turns of a guest are too short for.
    asleep: AtomicBool,
    ended: AtomicBool,
}

impl Ticker {
    /// Starts to call `tick` every [`TICK`] in which guests compute.
    pub(crate) fn start(tick: impl Fn() + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = thread::Builder::new()
            .name("wasocket-ticker".to_owned())
            .spawn(move || of_thread.run(tick))?
            .thread()
            .clone();
        Ok(Self { shared, thread })
    }

    /// A guest begins to compute.
    pub(crate) fn begin(&self) {
        self.shared.computing.fetch_add(1, Ordering::SeqCst);
        self.shared.begun.store(true, Ordering::Relaxed);
        // Either this sees that the thread sleeps, or the thread sees before that a guest computes.
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
    }

    /// A guest has ended to compute, which had begun.
    pub(crate) fn end(&self) {
        self.shared.computing.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Shared {
    fn run(&self, tick: impl Fn()) {
        while !self.has_ended() {
            self.sleep();
            // Until nobody has computed for a whole tick.
            while self.begun.swap(false, Ordering::Relaxed) || self.is_computing() {
                self.wait();
                if self.has_ended() {
                    return;
                }
                if self.is_computing() {
                    tick();
                }
            }
        }
    }

    /// Waits until somebody computes.
    fn sleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
        while !self.is_computing() && !self.has_ended() {
            thread::park();
            if self.begun.load(Ordering::Relaxed) {
                break;
            }
        }
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// Waits for a tick, from now on: a machine that stood still takes nobody's time.
    fn wait(&self) {
        let due = Instant::now() + TICK;
        while !self.has_ended() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }

    fn is_computing(&self) -> bool {
        self.computing.load(Ordering::SeqCst) > 0
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver};

    use super::*;

    /// A ticker, and the times of its ticks.
    fn start() -> (Ticker, Receiver<Instant>) {
        let (tx, ticks) = mpsc::channel();
        let tick = move || {
            // The test may have seen enough.
            let _ = tx.send(Instant::now());
        };
        (Ticker::start(tick).unwrap(), ticks)
    }

    #[test]
    fn ticks_while_anybody_computes_and_ends_when_dropped() {
        let (ticker, ticks) = start();
        assert_eq!(ticks.try_recv(), Err(mpsc::TryRecvError::Empty));
        ticker.begin();
        ticker.begin();
        let first = ticks.recv().unwrap();
        ticker.end();
        assert!(ticks.recv().unwrap() - first >= TICK);
        drop(ticker);
        // Until the thread has dropped its end.
        while ticks.recv().is_ok() {}
    }

    #[test]
    fn ends_though_nobody_ever_computed() {
        let (ticker, ticks) = start();
        drop(ticker);
        assert_eq!(ticks.recv(), Err(mpsc::RecvError));
    }

    #[test]
    fn does_not_tick_while_nobody_computes() {
        let (ticker, ticks) = start();
        for _ in 0..3 {
            ticker.begin();
            ticks.recv().unwrap();
            ticker.end();
            ticks.try_iter().for_each(drop);
            // The one that was on its way may still come.
            let late = (0..3).filter(|_| ticks.recv_timeout(3 * TICK).is_ok());
            assert!(late.count() <= 1);
        }
    }
}
