//! One thing over and over, for `perf record`, which is told the names of the guest's functions.

use std::fs;
use std::time::{Duration, Instant};

use wasmtime::component::Component;
use wasmtime::{Config, Engine, ProfilingStrategy};

use crate::fuel::WORKS;
use crate::guest::Guest;
use crate::peer::Transport;
use crate::wasi;

/// How long it goes on: for some ten thousand samples.
const FOR: Duration = Duration::from_secs(10);

/// Does `work`, such as `wss send-long`, with the component in this file.
pub(crate) fn run(file: &str, work: &str) {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .wasm_wide_arithmetic(true)
        .profiler(ProfilingStrategy::PerfMap);
    let engine = Engine::new(&config).expect("an engine");
    let bytes = fs::read(file).expect("a file that can be read");
    let component = Component::from_binary(&engine, &bytes).expect("a component");
    let component = wasi::link(&component).expect("all that it imports");

    let (scheme, work) = work.split_once(' ').expect("a scheme and a work");
    let transports = Transport::both();
    let transport = transports.iter().find(|it| it.scheme() == scheme);
    let transport = transport.expect("a scheme: ws or wss");
    let open = || {
        let mut guest = Guest::start(&component, transport);
        guest.open(transport);
        guest
    };
    let mut guest = open();
    let work: &mut dyn FnMut() = if work == "connect" {
        &mut || drop(open())
    } else {
        let named = WORKS.iter().find(|(name, _)| *name == work);
        let (_, work) = named.expect("a work that has its fuel counted");
        &mut || work(&mut guest)
    };
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < FOR {
        work();
        count += 1;
    }
    println!("{count} times, {:?} each", start.elapsed() / count);
}
