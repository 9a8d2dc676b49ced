use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use crate::event::Pong;
use crate::time::Instant;
use crate::token::Token;

/// The pings that wait for their pongs, oldest first.
#[derive(Debug, Default)]
pub(crate) struct PingsInFlight {
    pings: VecDeque<PingInFlight>,
    /// How many keepalive pings were sent; the payload of each is its number, so that no two that
    /// are in flight are alike.
    keepalive_count: u64,
}

#[derive(Debug)]
struct PingInFlight {
    /// `None` for a keepalive ping.
    token: Option<Token>,
    payload: Vec<u8>,
    sent: Instant,
    deadline: Instant,
    /// A pong with this payload arrived since, and was taken for an older ping.
    maybe_answered: bool,
}

impl PingsInFlight {
    pub(crate) fn is_empty(&self) -> bool {
        self.pings.is_empty()
    }

    pub(crate) fn push(
        &mut self,
        token: Option<Token>,
        payload: &[u8],
        now: Instant,
        timeout: Duration,
    ) {
        self.pings.push_back(PingInFlight {
            token,
            payload: payload.into(),
            sent: now,
            deadline: now + timeout,
            maybe_answered: false,
        });
    }

    /// The payload of the next keepalive ping.
    pub(crate) fn next_keepalive_payload(&mut self) -> [u8; 8] {
        self.keepalive_count += 1;
        self.keepalive_count.to_be_bytes()
    }

    /// When the first pong is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        // Pings all have the same timeout, so the oldest is due first.
        self.pings.front().map(|ping| ping.deadline)
    }

    /// Gives every ping its whole timeout anew.
    pub(crate) fn restart(&mut self, now: Instant, timeout: Duration) {
        for ping in &mut self.pings {
            ping.deadline = now + timeout;
        }
    }

    /// How long the answer to a ping took that a pong with this payload brings; `None` if it may be
    /// the answer to any of several, or is to none.
    pub(crate) fn round_trip(&self, payload: &[u8], now: Instant) -> Option<Duration> {
        let mut alike = self.pings.iter().filter(|ping| ping.payload == payload);
        match (alike.next(), alike.next()) {
            (Some(ping), None) if !ping.maybe_answered => {
                Some(now.saturating_duration_since(ping.sent))
            }
            _ => None,
        }
    }

    /// Takes a pong; calls `answered` for each ping of the application that it answers.
    ///
    /// It answers the oldest ping with its payload, and all older ones: RFC 6455, section 5.5.3
    /// lets the peer "elect to send a Pong frame for only the most recently processed Ping
    /// frame". Returns whether it answered any ping.
    pub(crate) fn handle_pong(
        &mut self,
        payload: &[u8],
        now: Instant,
        mut answered: impl FnMut(Pong),
    ) -> bool {
        let Some(index) = self.pings.iter().position(|ping| ping.payload == payload) else {
            return false;
        };
        for ping in self.pings.drain(..=index) {
            if ping.token.is_some() {
                answered(ping.into_pong(payload, now));
            }
        }
        for ping in &mut self.pings {
            ping.maybe_answered |= ping.payload == payload;
        }
        true
    }

    /// Takes off the pings that are overdue but may have been answered, for a peer that answers
    /// only the newest of several pings that are alike. Stops at the first that was not.
    pub(crate) fn take_maybe_answered(&mut self, now: Instant) -> Option<Pong> {
        while self
            .pings
            .front()
            .is_some_and(|ping| ping.deadline <= now && ping.maybe_answered)
        {
            let Some(ping) = self.pings.pop_front() else {
                break;
            };
            if ping.token.is_some() {
                let payload = ping.payload.clone();
                return Some(ping.into_pong(&payload, now));
            }
        }
        None
    }
}

impl PingInFlight {
    fn into_pong(self, payload: &[u8], now: Instant) -> Pong {
        Pong {
            token: self.token,
            payload: payload.into(),
            round_trip: Some(now.saturating_duration_since(self.sent)),
        }
    }
}
