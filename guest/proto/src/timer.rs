use crate::time::Instant;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// When to give up on the server's answer in the opening handshake.
    Handshake,
    /// When to give up on the peer's Close frame and on the end of the stream.
    Closing,
    /// When to act on the peer's end of the connection, answered or not.
    Answers,
    /// When to give back the memory of the compressor.
    CompressorIdle,
}

impl Timer {
    const ALL: [Self; 4] = [
        Self::Handshake,
        Self::Closing,
        Self::Answers,
        Self::CompressorIdle,
    ];
}

/// One deadline for each timer that runs.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    deadlines: [Option<Instant>; Timer::ALL.len()],
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, deadline: Option<Instant>) {
        self.deadlines[timer as usize] = deadline;
    }

    pub(crate) fn is_running(&self, timer: Timer) -> bool {
        self.deadlines[timer as usize].is_some()
    }

    pub(crate) fn stop_all(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.iter().flatten().min().copied()
    }

    /// Stops and returns a timer whose deadline has come.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<Timer> {
        let expired = Timer::ALL.into_iter().find(|timer| {
            self.deadlines[*timer as usize].is_some_and(|deadline| deadline <= now)
        })?;
        self.set(expired, None);
        Some(expired)
    }
}
