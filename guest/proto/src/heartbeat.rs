use core::time::Duration;

use crate::config::Timeouts;
use crate::event::Pong;
use crate::ping::PingsInFlight;
use crate::statistics::RoundTrip;
use crate::time::Instant;
use crate::token::Token;

/// Pings, the application's and our own, and the pongs that are due.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    pings: PingsInFlight,
    pong_timeout: Duration,
    /// After how much silence to send a ping that nobody asked for.
    interval: Option<Duration>,
    /// When to send it, unless the peer is heard of before.
    keepalive: Option<Instant>,
    /// Pongs are received.
    running: bool,
    /// No input arrives, by the caller's choice.
    paused: bool,
    /// No input is taken before parts of a message are.
    held_up: bool,
    round_trip: Option<RoundTrip>,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// A ping with this payload.
    Ping([u8; 8]),
    /// The pong to a ping, which is given up.
    Pong,
}

impl Heartbeat {
    /// One that waits for [`Self::start`].
    pub(crate) fn new(timeouts: &Timeouts) -> Self {
        Self {
            pings: PingsInFlight::default(),
            pong_timeout: timeouts.pong,
            interval: timeouts.ping_interval,
            keepalive: None,
            running: false,
            paused: false,
            held_up: false,
            round_trip: None,
        }
    }

    /// How long pongs took, once one came.
    pub(crate) fn round_trip(&self) -> Option<RoundTrip> {
        self.round_trip
    }

    /// Says that frames are received from now on.
    pub(crate) fn start(&mut self, now: Instant) {
        self.running = true;
        self.heard(now);
    }

    /// Says that nothing is sent any more and that the end has a timeout of its own. Pings in flight
    /// may still be answered, and do not time out.
    pub(crate) fn stop(&mut self) {
        self.running = false;
    }

    /// Says that nothing is received until [`Self::resume`].
    pub(crate) fn pause(&mut self) {
        self.paused = true;
    }

    /// Gives pings in flight their whole timeout anew.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.paused = false;
        self.pings.restart(now, self.pong_timeout);
        self.heard(now);
    }

    /// Says that no input is taken until [`Self::go_on`].
    pub(crate) fn hold_up(&mut self) {
        self.held_up = true;
    }

    /// Gives pings in flight their whole timeout anew, if they were held up.
    pub(crate) fn go_on(&mut self, now: Instant) {
        if core::mem::take(&mut self.held_up) {
            self.pings.restart(now, self.pong_timeout);
            self.heard(now);
        }
    }

    /// Says that the peer sent something.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.keepalive = self.interval.map(|interval| now + interval);
    }

    /// Says that a ping is queued; those that nobody asked for have no token.
    pub(crate) fn ping_queued(&mut self, token: Option<Token>, payload: &[u8], now: Instant) {
        self.pings.push(token, payload, now, self.pong_timeout);
    }

    /// Takes a pong; calls `answered` for each ping of the application that it answers, or once if
    /// it answers none at all.
    pub(crate) fn handle_pong(
        &mut self,
        payload: &[u8],
        now: Instant,
        mut answered: impl FnMut(Pong),
    ) {
        if let Some(round_trip) = self.pings.round_trip(payload, now) {
            self.round_trip = Some(RoundTrip::after(self.round_trip, round_trip));
        }
        if !self.pings.handle_pong(payload, now, &mut answered) {
            answered(Pong {
                token: None,
                payload: payload.into(),
                round_trip: None,
            });
        }
    }

    /// When to call [`Self::poll_beat`].
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        if !self.running || self.paused || self.held_up {
            return None;
        }
        let deadlines = [self.pings.next_deadline(), self.keepalive];
        deadlines.into_iter().flatten().min()
    }

    /// What is due now. Calls `answered` for pings that turn out to have been answered.
    pub(crate) fn poll_beat(&mut self, now: Instant, answered: impl FnMut(Pong)) -> Option<Beat> {
        self.next_deadline().filter(|deadline| *deadline <= now)?;
        if self.keepalive.is_some_and(|deadline| deadline <= now) {
            self.heard(now);
            if self.pings.is_empty() {
                let payload = self.pings.next_keepalive_payload();
                self.ping_queued(None, &payload, now);
                return Some(Beat::Ping(payload));
            }
        }
        core::iter::from_fn(|| self.pings.take_maybe_answered(now)).for_each(answered);
        self.pings
            .next_deadline()
            .filter(|deadline| *deadline <= now)
            .map(|_| Beat::Pong)
    }
}
