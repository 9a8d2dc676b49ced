//! What is measured: each work is a task, and what figures are taken of it.

use std::time::Duration;

use crate::contestant::{self, Contestant, contains_any};
use crate::report::{Better, Report, Row};
use crate::service::Service;
use crate::task::{Measured, Payload, Task};

/// How much of each work is done.
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    /// Of messages that take some 20 us.
    small: u32,
    /// Of those that take ten times that.
    medium: u32,
    /// Of those that take a hundred times that.
    large: u32,
    in_flight: u32,
    handshakes: u32,
    idle: u32,
    crowd: u32,
    each_of_crowd: u32,
    /// How many bytes a size of the chart is done with, at least one message and at most
    /// [`Self::small`].
    scaling_bytes: u32,
    only: Vec<String>,
    /// The only one, if there is one.
    transport: Option<String>,
}

impl Scale {
    pub(crate) fn full() -> Self {
        Self {
            rounds: 9,
            small: 3_000,
            medium: 500,
            large: 50,
            in_flight: 50_000,
            handshakes: 30,
            idle: 100,
            crowd: 1_000,
            each_of_crowd: 10,
            scaling_bytes: 64 << 20,
            only: Vec::new(),
            transport: None,
        }
    }

    pub(crate) fn quick() -> Self {
        Self {
            rounds: 1,
            small: 20,
            medium: 5,
            large: 2,
            in_flight: 500,
            handshakes: 2,
            idle: 5,
            crowd: 20,
            each_of_crowd: 2,
            scaling_bytes: 0,
            only: Vec::new(),
            transport: None,
        }
    }

    /// Only the work with one of these texts in its name; all of it if there is no text. Over this
    /// transport alone, if there is one.
    pub(crate) fn only(self, texts: Vec<String>, transport: Option<String>) -> Self {
        Self {
            only: texts,
            transport,
            ..self
        }
    }

    pub(crate) fn includes(&self, work: &str) -> bool {
        contains_any(work, &self.only)
    }

    /// How many connections there are at a time.
    pub(crate) fn most_connections(&self) -> u32 {
        self.crowd.max(self.idle)
    }
}

/// What is taken of a work.
#[derive(Clone, Copy, Debug)]
enum Figures {
    /// The median of times, and that which one in a hundred is over, in microseconds.
    Percentiles,
    /// Bytes in one direction, and what the client computes for a message.
    Throughput { len: u32 },
    /// Messages, and what the client computes for one.
    Messages,
    /// The median of times, in milliseconds.
    Median,
    /// Memory for each connection.
    Memory,
    /// How long a message takes, on average.
    Average,
}

struct Work {
    name: &'static str,
    task: Task,
    figures: Figures,
}

pub(crate) const ROUND_TRIP: &str = "round trip, 64 B";
pub(crate) const ECHO: &str = "echo, 64 KiB";
pub(crate) const ECHO_IN_FLIGHT: &str = "echo, 64 KiB, 8 in flight";
pub(crate) const LARGE_ECHO: &str = "echo, 1 MiB";
pub(crate) const IN_FLIGHT: &str = "128 B, 64 in flight";
pub(crate) const CROWD: &str = "1,000 connections, 128 B";
pub(crate) const COMPRESSED: &str = "compressed JSON, 1 KiB";
const PAIRS: &str = "one way, second of two";
pub(crate) const CONNECT: &str = "connect to open";
pub(crate) const RESUMED: &str = "connect to open, resumed";
const IDLE: &str = "idle connection";
pub(crate) const COLD_START: &str = "process start to open";

pub(crate) const P50: &str = "p50";
pub(crate) const P99: &str = "p99";
pub(crate) const THROUGHPUT: &str = "throughput";
pub(crate) const MESSAGES: &str = "messages";
pub(crate) const AVERAGE: &str = "average";
pub(crate) const CPU: &str = "client CPU a message";

pub(crate) const TRANSPORTS: [(&str, bool); 2] = [("ws", false), ("wss", true)];

/// The sizes of the chart, from 16 bytes to 16 MiB, by fours.
pub(crate) const SIZES: [(&str, u32); 11] = [
    ("size, 16 B", 16),
    ("size, 64 B", 64),
    ("size, 256 B", 256),
    ("size, 1 KiB", 1 << 10),
    ("size, 4 KiB", 4 << 10),
    ("size, 16 KiB", 16 << 10),
    ("size, 64 KiB", 64 << 10),
    ("size, 256 KiB", 256 << 10),
    ("size, 1 MiB", 1 << 20),
    ("size, 4 MiB", 4 << 20),
    ("size, 16 MiB", 16 << 20),
];

/// Who is in the chart of sizes.
pub(crate) const SCALED: [&str; 3] = [contestant::OURS, contestant::TUNGSTENITE, contestant::FLOOR];

fn works(scale: &Scale) -> Vec<Work> {
    let small = |len| Payload::Numbered { len };
    vec![
        Work {
            name: ROUND_TRIP,
            task: Task::RoundTrips {
                len: 64,
                count: scale.small,
            },
            figures: Figures::Percentiles,
        },
        Work {
            name: ECHO,
            task: Task::RoundTrips {
                len: 64 << 10,
                count: scale.medium,
            },
            figures: Figures::Throughput { len: 64 << 10 },
        },
        Work {
            name: ECHO_IN_FLIGHT,
            task: Task::InFlight {
                payload: small(64 << 10),
                window: 8,
                count: 4 * scale.medium,
            },
            figures: Figures::Throughput { len: 64 << 10 },
        },
        Work {
            name: LARGE_ECHO,
            task: Task::RoundTrips {
                len: 1 << 20,
                count: scale.large,
            },
            figures: Figures::Throughput { len: 1 << 20 },
        },
        Work {
            name: IN_FLIGHT,
            task: Task::InFlight {
                payload: small(128),
                window: 64,
                count: scale.in_flight,
            },
            figures: Figures::Messages,
        },
        Work {
            name: CROWD,
            task: Task::Crowd {
                connections: scale.crowd,
                each: scale.each_of_crowd,
            },
            figures: Figures::Messages,
        },
        Work {
            name: COMPRESSED,
            task: Task::InFlight {
                payload: Payload::Compressed,
                window: 8,
                count: scale.small,
            },
            figures: Figures::Messages,
        },
        Work {
            name: PAIRS,
            task: Task::Pairs {
                count: scale.medium,
            },
            figures: Figures::Percentiles,
        },
        Work {
            name: CONNECT,
            task: Task::Handshakes {
                resumed: false,
                count: scale.handshakes,
            },
            figures: Figures::Median,
        },
        Work {
            name: RESUMED,
            task: Task::Handshakes {
                resumed: true,
                count: scale.handshakes,
            },
            figures: Figures::Median,
        },
        Work {
            name: IDLE,
            task: Task::Idle {
                connections: scale.idle,
            },
            figures: Figures::Memory,
        },
    ]
}

/// The first connection compiles, resolves and allocates what later ones find there.
pub(crate) fn warm_up(contestant: &dyn Contestant, service: &Service) {
    for (_, secure) in TRANSPORTS {
        let task = Task::RoundTrips { len: 64, count: 10 };
        if contestant.does(task, secure) {
            contestant.run(task, service, secure);
        }
    }
}

/// Does all the work with one client, once.
pub(crate) fn run_all(
    contestant: &dyn Contestant,
    service: &Service,
    scale: &Scale,
    report: &mut Report,
) {
    for work in works(scale) {
        if scale.includes(work.name) {
            run(contestant, service, scale, &work, report);
        }
    }
    if !SCALED.contains(&contestant.name()) {
        return;
    }
    for (name, len) in SIZES {
        let count = (scale.scaling_bytes / len).clamp(1, scale.small);
        let work = Work {
            name,
            task: Task::RoundTrips { len, count },
            figures: Figures::Average,
        };
        if scale.includes(name) {
            run(contestant, service, scale, &work, report);
        }
    }
}

fn run(
    contestant: &dyn Contestant,
    service: &Service,
    scale: &Scale,
    work: &Work,
    report: &mut Report,
) {
    for (transport, secure) in TRANSPORTS {
        if scale
            .transport
            .as_ref()
            .is_some_and(|only| only != transport)
        {
            continue;
        }
        // There is nothing to resume without TLS.
        let exists = secure || work.name != RESUMED;
        if !exists || !contestant.does(work.task, secure) {
            continue;
        }
        let measured = contestant.run(work.task, service, secure);
        for (metric, unit, better, value) in figures(work, measured) {
            report.add(Row {
                work: work.name,
                transport,
                client: contestant.name(),
                metric,
                unit,
                better,
                value,
            });
        }
    }
}

type Figure = (&'static str, &'static str, Better, f64);

fn figures(work: &Work, measured: Measured) -> Vec<Figure> {
    let Measured {
        mut times,
        elapsed,
        cpu,
        kib,
    } = measured;
    times.sort();
    let count = f64::from(work.task.count());
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let cpu = (CPU, "us", Better::Less, micros(cpu) / count);
    match work.figures {
        Figures::Percentiles => vec![
            (P50, "us", Better::Less, micros(quantile(&times, 0.5))),
            (P99, "us", Better::Less, micros(quantile(&times, 0.99))),
        ],
        Figures::Throughput { len } => {
            let rate = count * f64::from(len) / 1e6 / elapsed.as_secs_f64();
            vec![(THROUGHPUT, "MB/s", Better::More, rate), cpu]
        }
        Figures::Messages => {
            let rate = count / 1e3 / elapsed.as_secs_f64();
            vec![(MESSAGES, "1000/s", Better::More, rate), cpu]
        }
        Figures::Median => vec![(P50, "ms", Better::Less, millis(&times))],
        Figures::Memory => vec![("resident memory", "KiB", Better::Less, kib as f64 / count)],
        Figures::Average => vec![(AVERAGE, "us", Better::Less, micros(elapsed) / count)],
    }
}

/// The row of [`COLD_START`].
pub(crate) fn cold_start(mut times: Vec<Duration>) -> Row {
    times.sort();
    Row {
        work: COLD_START,
        transport: "ws",
        client: contestant::OURS,
        metric: P50,
        unit: "ms",
        better: Better::Less,
        value: millis(&times),
    }
}

fn millis(sorted: &[Duration]) -> f64 {
    quantile(sorted, 0.5).as_secs_f64() * 1e3
}

fn quantile(sorted: &[Duration], fraction: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * fraction) as usize]
}
