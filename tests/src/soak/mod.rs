//! Many connections at once, each of which has a fault of the network at a random byte, for as long as
//! one likes. Nothing that an application sends may be lost, come twice or come out of order, and
//! memory may not grow.
//!
//! Each of the connections has a row of numbered messages to send to an echo server. Whenever it
//! ends, whatever by, it connects anew, through another proxy with another fault, and goes on with
//! the first message of which the echo did not come. What is asserted of each connection:
//!
//! - the echoes are those of the messages that were sent on it, from the first on, in their order;
//! - if it ended cleanly, all messages that were told as sent came back;
//! - if not, one error was told, and then the close, once and last;
//! - where the fault was not met, and nothing was too slow, it ended cleanly.

mod memory;
mod plan;
mod report;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use wasocket::{Error, Event, FailureKind, Message, Options};

use self::memory::Memory;
pub use self::memory::Peaks;
use self::plan::{Lab, Plan};
pub use self::report::Report;
use crate::{FaultProxy, runtime, scaled};

/// How long a connection waits for a server that is stalled, in milliseconds: so long, and so much more
/// for each connection that there is, each of which may be in the middle of a TLS handshake. With less,
/// a machine that is too slow for all of them at once would only ever begin.
const TIMEOUT: u64 = 2000;
const TIMEOUT_PER_CONNECTION: u64 = 20;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// How many connections there are at once. Every other one has TLS.
    pub connections: usize,
    /// When it is over.
    pub until: Until,
    /// What the faults are chosen by: the same ones with the same seed.
    pub seed: u64,
}

/// When a soak is over. What is sent by then is seen through.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// When each connection has sent this many messages.
    Messages(u64),
    /// After this time. Whether memory is flat is asserted, too.
    Time(Duration),
}

impl Soak {
    /// Runs it.
    ///
    /// # Panics
    ///
    /// If what has to hold does not.
    pub async fn run(self) -> Report {
        let start = Instant::now();
        let lab = Arc::new(Lab::start(self.options()).await);
        let mut rng = fastrand::Rng::with_seed(self.seed);
        let mut rows = JoinSet::new();
        for index in 0..self.connections {
            let plan = Plan::new(lab.clone(), index % 2 == 1, rng.fork());
            rows.spawn(row(plan, self.until, start));
        }
        let mut report = Report::default();
        let mut memory = Memory::new();
        loop {
            tokio::select! {
                biased;
                row = rows.join_next() => match row {
                    Some(Ok(row)) => report.add(&row),
                    Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                    None => break,
                },
                () = memory.next_sample() => {}
            }
        }
        report.time = start.elapsed();
        report.memory = match self.until {
            Until::Messages(_) => None,
            Until::Time(time) => memory.assert_flat(start, time),
        };
        report
    }

    /// The options of all connections, without roots.
    fn options(&self) -> Options {
        let timeout = scaled(TIMEOUT + TIMEOUT_PER_CONNECTION * self.connections as u64);
        Options::new()
            .connect_timeout(timeout)
            .close_timeout(timeout)
    }
}

/// Sends one row of messages to its end.
async fn row(mut plan: Plan, until: Until, start: Instant) -> Report {
    let mut report = Report::default();
    // The first message of which there is no echo yet, and the first that was never sent.
    let (mut next, mut fresh) = (0, 0);
    loop {
        let is_over = match until {
            Until::Messages(count) => fresh >= count,
            Until::Time(time) => start.elapsed() >= time,
        };
        if is_over && next == fresh {
            return report;
        }
        let end = match (is_over, until) {
            (true, _) => fresh,
            (false, Until::Messages(count)) => count.min(next + plan.batch()),
            (false, Until::Time(_)) => next + plan.batch(),
        };
        let (proxy, fault) = plan.proxy(is_over).await;
        let ended = converse(&plan, &proxy, next..end).await;
        ended.check(&proxy);
        report.connections += 1;
        report.resent += fresh.min(next + ended.sent) - next;
        report.sent += ended.sent;
        report.echoed += ended.echoed;
        *report.faults.entry(fault).or_default() += u64::from(proxy.has_struck());
        *report.ends.entry(ended.name()).or_default() += 1;
        fresh = fresh.max(next + ended.sent);
        next += ended.echoed;
        proxy.finish().await;
    }
}

/// How one connection went.
struct Ended {
    /// How many messages were told as sent.
    sent: u64,
    /// How many came back.
    echoed: u64,
    error: Option<FailureKind>,
    was_clean: bool,
}

/// Connects, sends these messages, closes, and takes what there is to take.
async fn converse(plan: &Plan, proxy: &FaultProxy, numbers: Range<u64>) -> Ended {
    let mut ended = Ended {
        sent: 0,
        echoed: 0,
        error: None,
        was_clean: false,
    };
    let connected = runtime()
        .connect_with(&plan.url(proxy.port()), plan.options())
        .await;
    let mut websocket = match connected {
        Ok(websocket) => websocket,
        Err(Error::Failed(failure)) => {
            ended.error = Some(failure.kind);
            return ended;
        }
        Err(other) => panic!("{other:?}"),
    };
    for number in numbers.clone() {
        // Why it is not sent, the events tell.
        if websocket.send(plan.message(number)).await.is_err() {
            break;
        }
        ended.sent += 1;
    }
    // The same; and it says nothing that the events do not.
    let _ = websocket.close(1000, "").await;
    let mut is_closed = false;
    while let Some(event) = websocket.event().await {
        assert!(!is_closed, "{event:?} after the close");
        match event {
            Event::Message(message) => {
                assert_eq!(ended.error, None, "a message after the error");
                let number = numbers.start + ended.echoed;
                assert!(numbers.contains(&number), "{message:?} was not sent");
                assert_eq!(message, Message::from(plan.message(number)));
                ended.echoed += 1;
            }
            Event::Error(failure) => {
                assert_eq!(ended.error, None, "{failure:?} is not the first");
                ended.error = Some(failure.kind);
            }
            Event::Close(closed) => {
                ended.was_clean = closed.was_clean;
                is_closed = true;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(is_closed, "there is no close");
    ended
}

impl Ended {
    /// Asserts what has to hold of every connection.
    fn check(&self, proxy: &FaultProxy) {
        assert_eq!(self.was_clean, self.error.is_none(), "{:?}", self.error);
        if self.was_clean {
            assert_eq!(self.echoed, self.sent, "messages were lost");
        }
        let is_slow = matches!(self.error, Some(FailureKind::Timeout(_)));
        assert!(
            self.was_clean || proxy.has_struck() || is_slow,
            "{:?} without a fault",
            self.error
        );
    }

    fn name(&self) -> String {
        match &self.error {
            None => "clean".to_owned(),
            Some(kind) => format!("{kind:?}"),
        }
    }
}
