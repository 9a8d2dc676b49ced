//! What is measured.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use crate::clients::{Client, Contestant, Dialer};
use crate::report::{Better, Report, Row};
use crate::server::Server;

/// How much of each work is done.
pub(crate) struct Scale {
    pub(crate) rounds: usize,
    round_trips: usize,
    large_echoes: usize,
    pipelined: usize,
    handshakes: usize,
    idle: usize,
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
        }
    }
}

const TRANSPORTS: [(&str, bool); 2] = [("ws", false), ("wss", true)];

/// How many messages are under way at once when they are pipelined.
const IN_FLIGHT: usize = 64;

pub(crate) fn warm_up(contestant: Contestant, server: &Server) {
    runtime().block_on(async {
        let dialer = Dialer::new(contestant, server);
        for (_, secure) in TRANSPORTS {
            let mut client = dialer.connect(server, secure).await;
            round_trips(&mut client, &[7; 64], 10).await;
            client.close().await;
        }
    });
}

/// Does all the work with one client, once.
pub(crate) fn run_all(contestant: Contestant, server: &Server, scale: &Scale, report: &mut Report) {
    let runtime = runtime();
    let dialer = Dialer::new(contestant, server);
    for (transport, secure) in TRANSPORTS {
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
            let mut client = dialer.connect(server, secure).await;
            let times = round_trips(&mut client, &[7; 64], scale.round_trips).await;
            let micros = |fraction| quantile(&times, fraction).as_secs_f64() * 1e6;
            add("round trip, 64 B", "p50", "us", Better::Less, micros(0.5));
            add("round trip, 64 B", "p99", "us", Better::Less, micros(0.99));

            let payload = vec![7; 64 << 10];
            let start = Instant::now();
            round_trips(&mut client, &payload, scale.large_echoes).await;
            let megabytes = (payload.len() * scale.large_echoes) as f64 / 1e6;
            let rate = megabytes / start.elapsed().as_secs_f64();
            add("echo, 64 KiB", "throughput", "MB/s", Better::More, rate);
            client.close().await;

            let client = dialer.connect(server, secure).await;
            let elapsed = pipelined(client, scale.pipelined).await;
            let rate = scale.pipelined as f64 / elapsed.as_secs_f64() / 1e3;
            add(
                "128 B, 64 in flight",
                "messages",
                "1000/s",
                Better::More,
                rate,
            );

            let mut times = Vec::new();
            for _ in 0..scale.handshakes {
                let start = Instant::now();
                let client = dialer.connect(server, secure).await;
                times.push(start.elapsed());
                client.close().await;
            }
            times.sort();
            let millis = quantile(&times, 0.5).as_secs_f64() * 1e3;
            add("connect to open", "p50", "ms", Better::Less, millis);

            let before = resident_kib();
            let mut idle = Vec::new();
            for _ in 0..scale.idle {
                idle.push(dialer.connect(server, secure).await);
            }
            let kib = resident_kib().saturating_sub(before) as f64 / scale.idle as f64;
            add(
                "idle connection",
                "resident memory, both ends",
                "KiB",
                Better::Less,
                kib,
            );
            for client in idle {
                client.close().await;
            }
        });
    }
}

/// Measures the command-line tool from the start of its process to its `open` event, with the
/// component compiled ahead of time.
pub(crate) fn cold_start(server: &Server, report: &mut Report) {
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
    let mut times: Vec<Duration> = (0..5).map(|_| open()).collect();
    times.sort();
    report.add(Row {
        work: "process start to open",
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

/// Sends a message and waits for its echo, over and over; returns the times, sorted.
async fn round_trips(client: &mut Client, payload: &[u8], count: usize) -> Vec<Duration> {
    let mut payload = payload.to_vec();
    let mut times = Vec::with_capacity(count);
    for i in 0..count {
        payload[0] = i as u8;
        let start = Instant::now();
        client.send(&payload).await;
        let echo = client.receive().await;
        times.push(start.elapsed());
        assert_eq!(echo, payload);
    }
    times.sort();
    times
}

/// Sends messages while no more than [`IN_FLIGHT`] are not answered.
async fn pipelined(client: Client, count: usize) -> Duration {
    let (mut tx, mut rx) = client.split();
    let window = Arc::new(Semaphore::new(IN_FLIGHT));
    let start = Instant::now();
    let sender_window = window.clone();
    let sender = tokio::spawn(async move {
        for i in 0..count {
            sender_window.acquire().await.expect("open").forget();
            let mut payload = [7; 128];
            payload[..8].copy_from_slice(&i.to_be_bytes());
            tx.send(&payload).await;
        }
        tx
    });
    for i in 0..count {
        let payload = rx.receive().await;
        assert_eq!(payload.len(), 128);
        assert_eq!(payload[..8], i.to_be_bytes());
        window.add_permits(1);
    }
    let elapsed = start.elapsed();
    sender.await.expect("the sender");
    elapsed
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
