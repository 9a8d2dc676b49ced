//! How much fuel a guest burns for what it does most: wasmtime counts the instructions of
//! WebAssembly that are executed, which are the same on every machine.

use wasmtime::component::Component;
use wasmtime::{Config, Engine};

use crate::guest::{Guest, LONG};
use crate::peer::Transport;
use crate::wasi;

/// How many short messages there are at a time, and how long each is.
const COUNT: usize = 64;
const SHORT: [u8; 128] = [7; 128];

/// How often a guest has done the same before it is counted: until its buffers grow no more.
const BEFORE: usize = 4;

/// What a guest with an open connection does.
pub(crate) type Work = fn(&mut Guest);

pub(crate) const WORKS: [(&str, Work); 5] = [
    ("echo", |guest| guest.echo(&SHORT)),
    ("receive-short", |guest| guest.receive(&SHORT, COUNT)),
    ("receive-long", |guest| guest.receive(&LONG, 1)),
    ("send-short", |guest| guest.send(&SHORT, COUNT)),
    ("send-long", |guest| guest.send(&LONG, 1)),
];

/// Prints a line for each: the transport, what was done, and the fuel that it took.
pub(crate) fn print() {
    let mut config = Config::new();
    config.concurrency_support(false).consume_fuel(true);
    let engine = Engine::new(&config).expect("an engine");
    let component = Component::from_binary(&engine, wasocket::COMPONENT).expect("a component");
    let component = wasi::link(&component).expect("all that it imports");
    for transport in Transport::both() {
        let scheme = transport.scheme();
        let open = || {
            let mut guest = Guest::start(&component, &transport);
            let before = guest.fuel();
            guest.open(&transport);
            let fuel = guest.fuel() - before;
            (guest, fuel)
        };
        println!("{scheme} connect {}", open().1);
        for (name, work) in WORKS {
            let (mut guest, _) = open();
            for _ in 0..BEFORE {
                work(&mut guest);
            }
            let before = guest.fuel();
            work(&mut guest);
            println!("{scheme} {name} {}", guest.fuel() - before);
        }
    }
}
