//! What the component takes of an engine, without a network: bytes go to a server in the same thread
//! and come back in the same pieces each time, so that only calls of the guest are counted. Every
//! answer is checked.
//!
//! `cargo xtask bench engine` measures the engine's settings, for the table in docs/engine.md;
//! `--quick` does it in one round. `cargo xtask instructions` has the fuel counted, by `--fuel`, and
//! `cargo xtask profile` looks at one of the works, by `--profile`.

mod fuel;
mod guest;
mod measure;
#[path = "../connections/memory.rs"]
mod memory;
mod peer;
mod profile;
mod report;
mod settings;
mod wasi;
mod wires;

use crate::measure::Rounds;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let rounds = match arguments[..] {
        ["--fuel", ..] => return fuel::print(),
        ["--hold", setting, file] => return measure::hold(setting, file),
        ["--profile", file, work, ..] => return profile::run(file, work),
        ["--quick", ..] => Rounds { long: 1, short: 1 },
        _ => Rounds {
            long: 5,
            short: 150,
        },
    };
    print!("{}", measure::all(&rounds).table());
}
