//! What each setting costs or gains.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use integration_tests::guest::WebsocketPre;
use tempfile::TempDir;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::guest::Guest;
use crate::memory::memory_kib;
use crate::peer::Transport;
use crate::report::{Figures, Report};
use crate::settings::{SETTINGS, Setting};
use crate::wasi::{self, State};

const SHORT: [u8; 64] = [7; 64];
const LONG: [u8; 64 << 10] = [7; 64 << 10];

/// How often each is done in a round, of which the median counts.
const STARTS: usize = 200;
const CONNECTS: usize = 15;
const SHORT_ECHOES: usize = 2_000;
const LONG_ECHOES: usize = 60;

/// How many idle connections there are to measure what one takes.
const IDLE: u64 = 100;

/// How often a guest has done the same before it is measured.
const BEFORE: usize = 8;

/// Measures all settings, one after the other, in so many rounds.
pub(crate) fn all(rounds: usize) -> Report {
    let [ws, wss] = Transport::both();
    let folder = TempDir::new().expect("a folder");
    let mut report = Report::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for (index, setting) in SETTINGS.iter().enumerate() {
            let file = folder.path().join(format!("{index}.cwasm"));
            let figures = measure(index, setting, &file, &ws, &wss);
            report.add(index, figures);
        }
    }
    report
}

fn measure(
    index: usize,
    setting: &Setting,
    file: &Path,
    ws: &Transport,
    wss: &Transport,
) -> Figures {
    let engine = setting.engine();
    let start = Instant::now();
    let compiled = engine.precompile_component(wasocket::COMPONENT);
    let compile = start.elapsed();
    let compiled = compiled.expect("a component");
    // Not over the file of the round before, which is code that may be mapped.
    if !file.exists() {
        fs::write(file, &compiled).expect("room for it");
    }
    let component = load(&engine, file);
    Figures {
        compile: compile.as_secs_f64() * 1e3,
        compiled: compiled.len() as f64 / 1024.0,
        memory: memory(index, file),
        start: micros(STARTS, || {
            let start = Instant::now();
            drop(Guest::start(&component, ws));
            start.elapsed()
        }),
        connect: micros(CONNECTS, || {
            let mut guest = Guest::start(&component, wss);
            guest.open(wss);
            guest.computed()
        }),
        short: echo(&component, ws, &SHORT, SHORT_ECHOES),
        long: echo(&component, ws, &LONG, SHORT_ECHOES),
        long_wss: echo(&component, wss, &LONG, LONG_ECHOES),
    }
}

fn load(engine: &Engine, file: &Path) -> WebsocketPre<State> {
    // SAFETY: this program wrote the file, into a folder of its own, with what an engine of the same
    // settings compiled.
    let component = unsafe { Component::deserialize_file(engine, file) };
    wasi::link(&component.expect("a component")).expect("all that it imports")
}

/// How long a guest computes to receive a message and to send it back, in us.
fn echo(
    component: &WebsocketPre<State>,
    transport: &Transport,
    message: &[u8],
    count: usize,
) -> f64 {
    let mut guest = Guest::start(component, transport);
    guest.open(transport);
    for _ in 0..BEFORE {
        guest.echo(message);
    }
    micros(count, || {
        let before = guest.computed();
        guest.echo(message);
        guest.computed() - before
    })
}

/// The median of so many times, in us.
fn micros(count: usize, mut work: impl FnMut() -> Duration) -> f64 {
    let mut times: Vec<Duration> = (0..count).map(|_| work()).collect();
    times.sort_unstable();
    times[count / 2].as_secs_f64() * 1e6
}

/// What an idle connection takes, in KiB: in a process of its own, so that nothing is left of those
/// before.
fn memory(index: usize, file: &Path) -> f64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args(["--hold", &index.to_string()])
        .arg(file)
        .output()
        .expect("a process");
    assert!(output.status.success(), "{output:?}");
    let kib = String::from_utf8_lossy(&output.stdout);
    kib.trim().parse().expect("KiB")
}

/// The part that has the connections: prints what one of them takes.
pub(crate) fn hold(index: &str, file: &str) {
    let setting = &SETTINGS[index.parse::<usize>().expect("a number")];
    let engine = setting.engine();
    let component = load(&engine, file.as_ref());
    let open = || {
        let mut guest = Guest::start(&component, &Transport::Ws);
        guest.open(&Transport::Ws);
        guest.echo(&SHORT);
        guest.without_peer()
    };
    // The first one finds less than later ones.
    drop(open());
    let (before, _) = memory_kib();
    let guests: Vec<_> = (0..IDLE).map(|_| open()).collect();
    let (after, _) = memory_kib();
    println!("{}", (after - before) as f64 / IDLE as f64);
    drop(guests);
}
