//! What is measured.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::contestants::{Contestant, contains_any};
use crate::report::{Better, Report, Row};
use crate::server::Server;

/// How much of each work is done.
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    round_trips: u32,
    large_echoes: u32,
    pipelined: u32,
    handshakes: u32,
    idle: u32,
    only: Vec<String>,
}

impl Scale {
    pub(crate) fn full() -> Self {
        Self {
            rounds: 7,
            round_trips: 5_000,
            large_echoes: 1_000,
            pipelined: 100_000,
            handshakes: 40,
            idle: 100,
            only: Vec::new(),
        }
    }

    pub(crate) fn quick() -> Self {
        Self {
            rounds: 1,
            round_trips: 50,
            large_echoes: 10,
            pipelined: 1_000,
            handshakes: 2,
            idle: 5,
            only: Vec::new(),
        }
    }

    /// Only the work with one of these texts in its name; all of it if there is no text.
    pub(crate) fn only(self, texts: Vec<String>) -> Self {
        Self {
            only: texts,
            ..self
        }
    }

    fn includes(&self, work: &str) -> bool {
        contains_any(work, &self.only)
    }
}

/// What is echoed: few bytes, and many.
const SMALL: u32 = 64;
const LARGE: u32 = 64 << 10;

const ROUND_TRIP: &str = "round trip, 64 B";
const ECHO: &str = "echo, 64 KiB";
const PIPELINED: &str = "128 B, 64 in flight";
const CONNECT: &str = "connect to open";
const IDLE: &str = "idle connection";
const COLD_START: &str = "process start to open";

const TRANSPORTS: [(&str, bool); 2] = [("ws", false), ("wss", true)];

/// The first connection compiles, resolves and allocates what later ones find there.
pub(crate) fn warm_up(contestant: &Contestant, server: &Server) {
    runtime().block_on(async {
        for (_, secure) in TRANSPORTS {
            if contestant.speaks(secure) {
                contestant.round_trips(server, secure, SMALL, 10).await;
            }
        }
    });
}

/// Does all the work with one client, once.
pub(crate) fn run_all(
    contestant: &Contestant,
    server: &Server,
    scale: &Scale,
    report: &mut Report,
) {
    let runtime = runtime();
    for (transport, secure) in TRANSPORTS {
        if !contestant.speaks(secure) {
            continue;
        }
        let mut add = |work, metric, unit, better, value| {
            report.add(Row {
                work,
                transport,
                client: contestant.name(),
                metric,
                unit,
                better,
                value,
            });
        };
        runtime.block_on(async {
            if scale.includes(ROUND_TRIP) {
                let round_trips = contestant.round_trips(server, secure, SMALL, scale.round_trips);
                let times = sorted(round_trips.await);
                let micros = |fraction| quantile(&times, fraction).as_secs_f64() * 1e6;
                add(ROUND_TRIP, "p50", "us", Better::Less, micros(0.5));
                add(ROUND_TRIP, "p99", "us", Better::Less, micros(0.99));
            }
            if scale.includes(ECHO) {
                let echoes = contestant.round_trips(server, secure, LARGE, scale.large_echoes);
                let elapsed: Duration = echoes.await.iter().sum();
                let megabytes = f64::from(LARGE) * f64::from(scale.large_echoes) / 1e6;
                let rate = megabytes / elapsed.as_secs_f64();
                add(ECHO, "throughput", "MB/s", Better::More, rate);
            }
            if scale.includes(PIPELINED) {
                let elapsed = contestant.pipelined(server, secure, scale.pipelined).await;
                let rate = f64::from(scale.pipelined) / elapsed.as_secs_f64() / 1e3;
                add(PIPELINED, "messages", "1000/s", Better::More, rate);
            }
            if scale.includes(CONNECT) {
                let handshakes = contestant.handshakes(server, secure, scale.handshakes);
                let times = sorted(handshakes.await);
                let millis = quantile(&times, 0.5).as_secs_f64() * 1e3;
                add(CONNECT, "p50", "ms", Better::Less, millis);
            }
            if scale.includes(IDLE) {
                let before = resident_kib();
                let idle = contestant.idle(server, secure, scale.idle).await;
                let kib = resident_kib().saturating_sub(before) as f64 / f64::from(scale.idle);
                let metric = "resident memory, both ends";
                add(IDLE, metric, "KiB", Better::Less, kib);
                idle.close().await;
            }
        });
    }
}

/// Measures the command-line tool from the start of its process to its `open` event, with the
/// component compiled ahead of time.
pub(crate) fn cold_start(server: &Server, scale: &Scale, report: &mut Report) {
    if !scale.includes(COLD_START) {
        return;
    }
    let cache = tempfile::tempdir().expect("a directory");
    let url = format!("ws://127.0.0.1:{}/", server.plain.port());
    let open = || {
        let start = Instant::now();
        let mut process = Command::new(env!("CARGO_BIN_EXE_wasocket"))
            .args(["--json", &url])
            .env("XDG_CACHE_HOME", cache.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let elapsed = start.elapsed();
        assert!(line.contains(r#""event":"open""#), "{line}");
        drop(process.stdin.take());
        assert!(process.wait().expect("its end").success());
        elapsed
    };
    // The first one compiles.
    open();
    let times = sorted((0..5).map(|_| open()).collect());
    report.add(Row {
        work: COLD_START,
        transport: "ws",
        client: "wasocket",
        metric: "p50",
        unit: "ms",
        better: Better::Less,
        value: quantile(&times, 0.5).as_secs_f64() * 1e3,
    });
}

/// One thread for the client, as the server has one: the machine that this is for has two cores.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort();
    times
}

fn quantile(sorted: &[Duration], fraction: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * fraction) as usize]
}

/// How much memory of the process is resident.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.parse().ok())
        .expect("VmRSS")
}
