use core::time::Duration;

/// What a connection has counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// What is written.
    pub sent: Traffic,
    /// What arrived and was taken.
    pub received: Traffic,
    /// `None` before the first pong.
    pub round_trip: Option<RoundTrip>,
}

/// What went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of the stream: of the opening handshake, and of frames.
    pub bytes: u64,
    /// Frames, whole ones, of every opcode.
    pub frames: u64,
    /// Messages, whole ones.
    pub messages: u64,
    /// Pings, those included that nobody asked for.
    pub pings: u64,
    /// Pongs.
    pub pongs: u64,
}

/// How long pongs took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// The last one.
    pub last: Duration,
    /// Their mean, in which the last counts for an eighth, and those before for the rest.
    pub smoothed: Duration,
}

impl RoundTrip {
    /// What it is with one more: RFC 6298, section 2, "SRTT".
    pub(crate) fn after(before: Option<Self>, last: Duration) -> Self {
        let smoothed = match before {
            None => last,
            Some(before) => before.smoothed - before.smoothed / 8 + last / 8,
        };
        Self { last, smoothed }
    }
}
