//! What the component takes of an engine, without a network: bytes go to a server in the same thread
//! and come back in the same pieces each time, so that only calls of the guest are counted. Every
//! answer is checked.
//!
//! `cargo xtask bench engine` measures the engine's settings, for the table in docs/engine.md;
//! `--quick` does it in one round. `cargo xtask instructions` has the fuel counted, by `--fuel`.

mod fuel;
mod guest;
mod measure;
#[path = "../connections/memory.rs"]
mod memory;
mod peer;
mod report;
mod settings;
mod wasi;
mod wires;

/// How many rounds there are, of which the median counts.
const ROUNDS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--fuel", ..] => fuel::print(),
        ["--hold", setting, file] => measure::hold(setting, file),
        ["--quick", ..] => print!("{}", measure::all(1).table()),
        _ => print!("{}", measure::all(ROUNDS).table()),
    }
}
