mod connection;
#[cfg(feature = "metrics")]
mod facade;
mod runtime;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Step;

pub(crate) use connection::{ConnectionCounters, OpenConnection};
pub(crate) use runtime::RuntimeCounters;

/// What a connection has counted so far, from [`WebSocket::metrics`](crate::WebSocket::metrics).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// What was handed to the transport.
    pub sent: Traffic,
    /// What arrived and was read.
    pub received: Traffic,
    /// How long pongs took; `None` before the first.
    pub round_trip: Option<RoundTrip>,
}

/// What went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Traffic {
    /// Bytes of the opening handshake and of frames. What TLS adds to them is not counted.
    pub bytes: u64,
    /// Frames, whole ones, of every opcode.
    pub frames: u64,
    /// Messages, whole ones.
    pub messages: u64,
    /// Pings, those included that the connection sent by itself
    /// ([`Options::ping_interval`](crate::Options::ping_interval)).
    pub pings: u64,
    /// Pongs.
    pub pongs: u64,
}

/// The time from a ping to its pong. A pong that may answer several pings, since they are alike, is not
/// counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoundTrip {
    /// Of the last pong.
    pub last: Duration,
    /// The mean of all, in which the last counts for an eighth, and those before for the rest (RFC
    /// 6298, section 2, "SRTT").
    pub smoothed: Duration,
}

/// What the connections of a runtime have counted so far, from
/// [`Runtime::metrics`](crate::Runtime::metrics).
///
/// Each number is right by itself. While connections are busy, they are not of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeMetrics {
    /// Connections that were asked for, whatever became of them.
    pub attempted: u64,
    /// Connections that were opened.
    pub opened: u64,
    /// Connections that are open now.
    pub open: u64,
    /// Connections that could not be opened or failed later, by the step at which they did.
    pub failed: BTreeMap<Step, u64>,
    /// Connections that were open and are closed, by the code that [`Closed`](crate::Closed) has. The
    /// server chooses among the codes of RFC 6455, section 7.4, of which there are some 2,000.
    pub closed: BTreeMap<u16, u64>,
    /// What all of them sent.
    pub sent: Traffic,
    /// What all of them received.
    pub received: Traffic,
}

impl Traffic {
    /// What was added since `before`.
    fn since(self, before: Self) -> Self {
        Self {
            bytes: self.bytes - before.bytes,
            frames: self.frames - before.frames,
            messages: self.messages - before.messages,
            pings: self.pings - before.pings,
            pongs: self.pongs - before.pongs,
        }
    }
}
