//! The same numbers through the facade `metrics`. The crate's documentation has the table of names.

use std::fmt;
use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, histogram,
};

use super::{RoundTrip, Traffic};
use crate::error::Step;

const ATTEMPTED: &str = "wasocket_connections_attempted_total";
const OPENED: &str = "wasocket_connections_opened_total";
const FAILED: &str = "wasocket_connections_failed_total";
const CLOSED: &str = "wasocket_connections_closed_total";
const OPEN: &str = "wasocket_connections_open";
const OPENING: &str = "wasocket_opening_seconds";
const BYTES: &str = "wasocket_bytes_total";
const FRAMES: &str = "wasocket_frames_total";
const MESSAGES: &str = "wasocket_messages_total";
const PINGS: &str = "wasocket_pings_total";
const PONGS: &str = "wasocket_pongs_total";
const ROUND_TRIP: &str = "wasocket_round_trip_seconds";

/// The handles of a recorder, from when the runtime was made.
pub(super) struct Facade {
    attempted: Counter,
    opened: Counter,
    open: Gauge,
    opening: Histogram,
    sent: TrafficFacade,
    received: TrafficFacade,
    round_trip: Histogram,
}

struct TrafficFacade {
    bytes: Counter,
    frames: Counter,
    messages: Counter,
    pings: Counter,
    pongs: Counter,
}

impl Default for Facade {
    fn default() -> Self {
        describe();
        Self {
            attempted: counter!(ATTEMPTED),
            opened: counter!(OPENED),
            open: gauge!(OPEN),
            opening: histogram!(OPENING),
            sent: TrafficFacade::new("sent"),
            received: TrafficFacade::new("received"),
            round_trip: histogram!(ROUND_TRIP),
        }
    }
}

impl Facade {
    pub(super) fn attempted(&self) {
        self.attempted.increment(1);
    }

    pub(super) fn opened(&self, after: Duration) {
        self.opened.increment(1);
        self.open.increment(1.0);
        self.opening.record(after);
    }

    pub(super) fn no_longer_open(&self) {
        self.open.decrement(1.0);
    }

    pub(super) fn failed(&self, step: Step) {
        counter!(FAILED, "step" => step.to_string()).increment(1);
    }

    pub(super) fn closed(&self, code: u16) {
        // The server chooses the code, and is not to choose how many time series there are.
        let code = match code {
            4000.. => "4000-4999".to_owned(),
            3000.. => "3000-3999".to_owned(),
            code => code.to_string(),
        };
        counter!(CLOSED, "code" => code).increment(1);
    }

    pub(super) fn add(&self, sent: Traffic, received: Traffic, round_trip: Option<RoundTrip>) {
        self.sent.add(sent);
        self.received.add(received);
        if let Some(round_trip) = round_trip {
            self.round_trip.record(round_trip.last);
        }
    }
}

impl TrafficFacade {
    fn new(direction: &'static str) -> Self {
        Self {
            bytes: counter!(BYTES, "direction" => direction),
            frames: counter!(FRAMES, "direction" => direction),
            messages: counter!(MESSAGES, "direction" => direction),
            pings: counter!(PINGS, "direction" => direction),
            pongs: counter!(PONGS, "direction" => direction),
        }
    }

    fn add(&self, traffic: Traffic) {
        for (counter, count) in [
            (&self.bytes, traffic.bytes),
            (&self.frames, traffic.frames),
            (&self.messages, traffic.messages),
            (&self.pings, traffic.pings),
            (&self.pongs, traffic.pongs),
        ] {
            if count > 0 {
                counter.increment(count);
            }
        }
    }
}

fn describe() {
    for (name, unit, text) in [
        (ATTEMPTED, Unit::Count, "Connections that were asked for."),
        (OPENED, Unit::Count, "Connections that were opened."),
        (FAILED, Unit::Count, "Connections that failed, by the step."),
        (
            CLOSED,
            Unit::Count,
            "Connections that were open, by the close code.",
        ),
        (
            BYTES,
            Unit::Bytes,
            "Bytes of handshakes and frames, without TLS.",
        ),
        (FRAMES, Unit::Count, "Frames of every opcode."),
        (MESSAGES, Unit::Count, "Messages."),
        (PINGS, Unit::Count, "Pings."),
        (PONGS, Unit::Count, "Pongs."),
    ] {
        describe_counter!(name, unit, text);
    }
    describe_gauge!(OPEN, Unit::Count, "Connections that are open.");
    for (name, text) in [
        (
            OPENING,
            "The time from asking for a connection to its opening.",
        ),
        (ROUND_TRIP, "The time from a ping to its pong."),
    ] {
        describe_histogram!(name, Unit::Seconds, text);
    }
}

impl fmt::Debug for Facade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facade").finish_non_exhaustive()
    }
}
