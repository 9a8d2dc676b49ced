//! What there is to do, in the same words for all who do it.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Something to do with a server. Every answer is to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Send a message of `len` bytes and wait for its echo, over and over.
    RoundTrips { len: u32, count: u32 },
    /// Send messages while no more than `window` are not answered.
    InFlight {
        payload: Payload,
        window: u32,
        count: u32,
    },
    /// Have so many connections, each of which does round trips of 128 bytes, all at once.
    Crowd { connections: u32, each: u32 },
    /// Send two messages at once, which are not echoed, over and over. The server says when the second
    /// was there, and no more is sent before.
    Pairs { count: u32 },
    /// Connect and close, over and over.
    Handshakes { resumed: bool, count: u32 },
    /// Have connections that nothing is done with.
    Idle { connections: u32 },
}

/// What a connection is for, so far as the server has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Each handshake of TLS is a full one.
    Echo,
    /// The server takes no connection whose session of TLS is not resumed.
    Resumed,
    /// The same server, before there is a session.
    Resumable,
    /// The server takes no message that is not compressed.
    Deflate,
    /// The server says when every second message came.
    Arrivals,
}

/// What messages have in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// As [`numbered`].
    Numbered { len: u32 },
    /// As [`json_like`], compressed both ways.
    Compressed,
}

/// How many bytes each message of [`Task::Crowd`] has.
pub(crate) const CROWD_LEN: u32 = 128;

/// How many bytes each message of [`Task::Pairs`] has.
pub(crate) const PAIR_LEN: u32 = 64;

/// How many messages [`Payload::Compressed`] has: four times what a window of RFC 7692 holds, so that
/// none is found in it again.
const FEED_COUNT: u32 = 128;

/// What was measured of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// How long each of what was done took, if that was measured.
    pub(crate) times: Vec<Duration>,
    /// How long all of it took, without connecting and closing unless that is the task.
    pub(crate) elapsed: Duration,
    /// How long the client's process computed meanwhile.
    pub(crate) cpu: Duration,
    /// How much memory was resident for it.
    pub(crate) kib: u64,
}

impl Task {
    /// How many messages or connections are counted.
    pub(crate) fn count(self) -> u32 {
        match self {
            Self::RoundTrips { count, .. }
            | Self::InFlight { count, .. }
            | Self::Pairs { count }
            | Self::Handshakes { count, .. } => count,
            Self::Crowd { connections, each } => connections * each,
            Self::Idle { connections } => connections,
        }
    }

    /// What the server has to know of it.
    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::InFlight {
                payload: Payload::Compressed,
                ..
            } => Purpose::Deflate,
            Self::Pairs { .. } => Purpose::Arrivals,
            Self::Handshakes { resumed: true, .. } => Purpose::Resumed,
            Self::RoundTrips { .. }
            | Self::InFlight { .. }
            | Self::Crowd { .. }
            | Self::Handshakes { resumed: false, .. }
            | Self::Idle { .. } => Purpose::Echo,
        }
    }

    /// Whether it is about permessage-deflate.
    pub(crate) fn is_compressed(self) -> bool {
        self.purpose() == Purpose::Deflate
    }

    /// The task for another process.
    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::RoundTrips { len, count } => {
                json!({"task": "round-trips", "len": len, "count": count})
            }
            Self::InFlight {
                payload,
                window,
                count,
            } => {
                let payload = match payload {
                    Payload::Numbered { len } => json!({"len": len}),
                    Payload::Compressed => {
                        let texts = (0..FEED_COUNT).map(json_like);
                        json!({"texts": texts.collect::<Vec<_>>()})
                    }
                };
                json!({"task": "in-flight", "payload": payload, "window": window, "count": count})
            }
            Self::Crowd { connections, each } => {
                json!({"task": "crowd", "connections": connections, "each": each, "len": CROWD_LEN})
            }
            Self::Pairs { count } => json!({"task": "pairs", "count": count, "len": PAIR_LEN}),
            Self::Handshakes { resumed, count } => {
                json!({"task": "handshakes", "resumed": resumed, "count": count})
            }
            Self::Idle { connections } => json!({"task": "idle", "connections": connections}),
        }
    }
}

impl Measured {
    /// What another process measured; times are in nanoseconds.
    pub(crate) fn of_json(json: &Value) -> Self {
        let time = |nanos: &Value| Duration::from_nanos(nanos.as_u64().expect("nanoseconds"));
        let times = json["times"].as_array().expect("times");
        Self {
            times: times.iter().map(time).collect(),
            elapsed: time(&json["elapsed"]),
            cpu: time(&json["cpu"]),
            // Not all do what takes it.
            kib: json["kib"].as_u64().unwrap_or_default(),
        }
    }
}

impl Payload {
    /// Messages to be sent in turn: more than are under way at once, so that none is taken for another.
    pub(crate) fn distinct(self, window: u32) -> Vec<Vec<u8>> {
        match self {
            Self::Numbered { len } => (0..2 * window)
                .map(|number| numbered(number, len))
                .collect(),
            Self::Compressed => (0..FEED_COUNT)
                .map(|number| json_like(number).into_bytes())
                .collect(),
        }
    }
}

/// A message of `len` bytes with its number in it.
pub(crate) fn numbered(number: u32, len: u32) -> Vec<u8> {
    let mut payload = vec![7; len as usize];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    payload
}

/// A message of 1 KiB as a feed of prices has them: the same names over and over, and other numbers.
fn json_like(number: u32) -> String {
    let mut text = format!(r#"{{"channel":"book","sequence":{number},"levels":["#);
    // A linear congruential generator: the same numbers in each run.
    let mut state = number;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 12
    };
    loop {
        let level = format!(
            r#"{{"side":"{}","price":"{}.{:02}","size":{}}},"#,
            if random() % 2 == 0 { "buy" } else { "sell" },
            30_000 + random() % 1_000,
            random() % 100,
            random() % 10_000,
        );
        if text.len() + level.len() > 1_000 {
            break;
        }
        text += &level;
    }
    text.truncate(text.len() - 1);
    let padding = 1_024 - text.len() - r#"],"note":""}"#.len();
    text += &format!(r#"],"note":"{}"}}"#, " ".repeat(padding));
    text
}

/// Measures how long something takes, by the clock and of the processor.
pub(crate) struct Stopwatch {
    start: Instant,
    cpu: Duration,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
            cpu: process_cpu(),
        }
    }

    pub(crate) fn stop(self, times: Vec<Duration>) -> Measured {
        Measured {
            times,
            elapsed: self.start.elapsed(),
            cpu: process_cpu() - self.cpu,
            kib: 0,
        }
    }
}

/// How long all threads of this process have computed.
fn process_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// How much memory of the process is resident.
pub(crate) fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.parse().ok())
        .expect("VmRSS")
}
