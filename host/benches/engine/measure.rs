//! What each setting costs or gains.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use integration_tests::guest::WebsocketPre;
use rustix::time::{ClockId, clock_gettime};
use tempfile::TempDir;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::guest::{Guest, LONG};
use crate::memory::memory_kib;
use crate::peer::Transport;
use crate::report::{Column, Report};
use crate::settings::SETTINGS;
use crate::wasi::{self, State};

const SHORT: [u8; 64] = [7; 64];

/// How often each is done in a round, of which the median counts. A round of all settings takes a
/// fraction of a second, so that what else the machine does slows all of them down.
const STARTS: usize = 20;
const CONNECTS: usize = 8;
const SHORT_ECHOES: usize = 200;
const LONG_ECHOES: usize = 60;
const LONG_SECURE_ECHOES: usize = 8;

/// How many idle connections there are to measure what one takes.
const IDLE: u32 = 100;

/// How often a guest has done the same before it is measured.
const BEFORE: usize = 8;

/// How many rounds there are.
pub(crate) struct Rounds {
    /// Of what takes seconds: to compile, and to hold connections.
    pub(crate) long: usize,
    /// Of what takes microseconds.
    pub(crate) short: usize,
}

/// Measures all settings in turns.
pub(crate) fn all(rounds: &Rounds) -> Report {
    let folder = TempDir::new().expect("a folder");
    let mut report = Report::new();
    for round in 1..=rounds.long {
        eprintln!("round {round} of {}", rounds.long);
        for index in 0..SETTINGS.len() {
            compile(index, &file(&folder, index), &mut report);
        }
    }
    let transports = Transport::both();
    let subjects = (0..SETTINGS.len()).map(|index| Subject::new(&folder, index, &transports));
    let mut subjects: Vec<Subject<'_>> = subjects.collect();
    for _ in 0..rounds.short {
        for (index, subject) in subjects.iter_mut().enumerate() {
            subject.measure(|column, figure| report.add(index, column, figure));
        }
    }
    report
}

/// Where the component is that was compiled for a setting.
fn file(folder: &TempDir, index: usize) -> PathBuf {
    folder.path().join(format!("{index}.cwasm"))
}

/// Compiles the component for a setting, and has a process hold connections with it.
fn compile(index: usize, file: &Path, report: &mut Report) {
    let engine = SETTINGS[index].engine();
    // Of the processor, and not of the clock: it takes long enough to be interrupted each time.
    let start = cpu_millis();
    let compiled = engine.precompile_component(wasocket::COMPONENT);
    let millis = cpu_millis() - start;
    let compiled = compiled.expect("a component");
    fs::write(file, &compiled).expect("room for it");
    report.add(index, Column::Compile, millis);
    report.add(index, Column::Compiled, compiled.len() as f64 / 1024.0);
    report.add(index, Column::Memory, idle_kib(index, file));
}

/// How long this thread has computed, in ms.
fn cpu_millis() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

fn load(engine: &Engine, file: &Path) -> WebsocketPre<State> {
    // SAFETY: this program wrote the file, into a folder of its own, with what an engine of the same
    // settings compiled, and writes it no more.
    let component = unsafe { Component::deserialize_file(engine, file) };
    wasi::link(&component.expect("a component")).expect("all that it imports")
}

/// What is measured of a setting.
struct Subject<'a> {
    component: WebsocketPre<State>,
    transports: &'a [Transport; 2],
    ws: Guest,
    wss: Guest,
}

impl<'a> Subject<'a> {
    fn new(folder: &TempDir, index: usize, transports: &'a [Transport; 2]) -> Self {
        let component = load(&SETTINGS[index].engine(), &file(folder, index));
        let [ws, wss] = transports.each_ref().map(|transport| {
            let mut guest = Guest::start(&component, transport);
            guest.open(transport);
            for _ in 0..BEFORE {
                guest.echo(&LONG);
            }
            guest
        });
        Self {
            component,
            transports,
            ws,
            wss,
        }
    }

    /// Measures in one round.
    fn measure(&mut self, mut add: impl FnMut(Column, f64)) {
        let Self {
            component,
            transports: [over_ws, over_wss],
            ws,
            wss,
        } = self;
        let start = micros(STARTS, || {
            let start = Instant::now();
            drop(Guest::start(component, over_ws));
            start.elapsed()
        });
        let connect = micros(CONNECTS, || {
            let mut guest = Guest::start(component, over_wss);
            guest.open(over_wss);
            guest.computed()
        });
        add(Column::Start, start);
        add(Column::Connect, connect);
        add(Column::Short, echo(ws, &SHORT, SHORT_ECHOES));
        add(Column::Long, echo(ws, &LONG, LONG_ECHOES));
        add(Column::LongSecure, echo(wss, &LONG, LONG_SECURE_ECHOES));
    }
}

/// How long a guest computes to receive a message and to send it back, in us.
fn echo(guest: &mut Guest, message: &[u8], count: usize) -> f64 {
    micros(count, || {
        let before = guest.computed();
        guest.echo(message);
        guest.computed() - before
    })
}

/// The median of so many times, in us.
fn micros(count: usize, work: impl FnMut() -> Duration) -> f64 {
    let mut times: Vec<Duration> = std::iter::repeat_with(work).take(count).collect();
    times.sort_unstable();
    times[count / 2].as_secs_f64() * 1e6
}

/// What an idle connection takes, in KiB: in a process of its own, so that nothing is left of those
/// before.
fn idle_kib(index: usize, file: &Path) -> f64 {
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
    let index: usize = index.parse().expect("a number");
    let component = load(&SETTINGS[index].engine(), file.as_ref());
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
    println!("{}", (after - before) as f64 / f64::from(IDLE));
    drop(guests);
}
