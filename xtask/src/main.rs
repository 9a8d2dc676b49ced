//! The tasks of this repository, as `cargo xtask COMMAND`. One file for each command.

mod autobahn;
mod bench;
mod cargo;
mod component;
mod demo;
mod examples;
mod hosts;
mod instructions;
mod node;
mod package;
mod process;
mod profile;
mod semver;
mod setup;
mod soak;
mod strip;
mod test;
mod wit;

use std::process::ExitCode;

use anyhow::{Result, bail};

use examples::Example;

const HELP: &str = "\
The tasks of this repository.

    cargo xtask COMMAND

Commands:
    demo           runs the main job: connections over ws and wss through the component
    test           runs all the tests, with the Autobahn test suite last
                   (--full-autobahn: with all the messages that it has; --require-autobahn:
                   fails without Python 2.7, where it is skipped otherwise; --require-node:
                   fails without Node 20, where the package for Node is skipped otherwise)
    autobahn       runs the Autobahn test suite alone, with fewer messages for each case of
                   compression (--full: with all of them; --update: the results become
                   those that are expected; --against-ws: measures what the cases of
                   compression cost us and npm's ws, in place of all that)
    node           makes the package for Node, in node/, and tests it
    bench          measures us and others side by side, for the tables and the charts in docs/
                   (connections: what idle connections take, 100 to 10,000 of them, in place of
                   that; engine: prints what the engine's settings cost; --quick: shows that it
                   works, and leaves docs/ as it is)
    instructions   counts the instructions that the core takes for what it does most, and those of
                   WebAssembly that the component takes, and compares them with their budgets
    profile WORK   shows in which functions of the component the time of a work goes, by `perf` of
                   Linux: `ws` or `wss`, and what `instructions` names, such as `wss send-long`
                   (--component FILE: another component, built with names)
    hosts          runs the component on each host, and compares what works with the chart in
                   README.md (--update: makes the chart)
    component      builds the components, with TLS, without, with the host's, and the one that the
                   crate embeds; prints their sizes
    examples       makes components of the examples, composes them with ours, and runs them against
                   a server (NAME...: only these)
    package        makes the crate that is published, and builds it as its users do
    wit            compares what wit/ has of WASI with what it was copied from (--update: copies
                   it anew)
    semver         compares the public API of the crate with what was recorded of it (--same:
                   only whether it is the same; --record: records it anew, for a
                   release, or when callers are to be broken)
    soak           has many connections at once, with faults of the network at random, and asserts
                   that no message is lost and that memory is flat (--connections N: 1000 unless
                   told otherwise; --for TIME: such as 90s or 10m, which is what it is unless told
                   otherwise; --seed N: the faults of an earlier one)
    setup          installs what building the component and running the tests need, under .tools
    help           prints this

Those that need something install it first, as `setup` does.

Environment:
    CC_wasm32_wasip2, AR_wasm32_wasip2
             the C compiler for wasm32 and its archiver, for `setup` to take instead of
             looking for them
    WASOCKET_WASM_CC=zig
             makes `setup` take zig, from PyPI, even if there is a clang
";

/// What is asked for.
enum Command {
    Autobahn(autobahn::Options),
    Bench(bench::Options),
    Component,
    Demo,
    Examples(Vec<Example>),
    Help,
    Node,
    Hosts { update: bool },
    Instructions,
    Package,
    Profile(profile::Options),
    Semver(semver::Task),
    Setup,
    Soak(Vec<String>),
    Test(test::Options),
    Wit { update: bool },
}

impl Command {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let arguments: Vec<String> = arguments.collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Ok(match arguments[..] {
            [] | ["help" | "--help" | "-h"] => Self::Help,
            ["autobahn", ref options @ ..] => Self::Autobahn(autobahn::Options::parse(options)?),
            ["bench", ref options @ ..] => Self::Bench(bench::Options::parse(options)?),
            ["component"] => Self::Component,
            ["demo"] => Self::Demo,
            ["examples", ref names @ ..] => Self::Examples(Example::parse(names)?),
            ["node"] => Self::Node,
            ["hosts"] => Self::Hosts { update: false },
            ["hosts", "--update"] => Self::Hosts { update: true },
            ["instructions"] => Self::Instructions,
            ["package"] => Self::Package,
            ["profile", ref options @ ..] => Self::Profile(profile::Options::parse(options)?),
            ["semver"] => Self::Semver(semver::Task::Compare),
            ["semver", "--same"] => Self::Semver(semver::Task::ExpectSame),
            ["semver", "--record"] => Self::Semver(semver::Task::Record),
            ["setup"] => Self::Setup,
            ["soak", ref options @ ..] => {
                Self::Soak(options.iter().copied().map(str::to_owned).collect())
            }
            ["test", ref options @ ..] => Self::Test(test::Options::parse(options)?),
            ["wit"] => Self::Wit { update: false },
            ["wit", "--update"] => Self::Wit { update: true },
            _ => bail!(
                "there is no command `{}`; `cargo xtask help` lists them",
                arguments.join(" ")
            ),
        })
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Autobahn(options) => autobahn::run(options),
            Self::Bench(options) => bench::run(options),
            Self::Component => component::run(),
            Self::Demo => demo::run(),
            Self::Examples(examples) => examples::run(&examples),
            Self::Help => {
                print!("{HELP}");
                Ok(())
            }
            Self::Node => node::run(),
            Self::Hosts { update } => hosts::run(update),
            Self::Instructions => instructions::run(),
            Self::Package => package::run(),
            Self::Profile(options) => profile::run(&options),
            Self::Semver(task) => semver::run(task),
            Self::Setup => setup::run(),
            Self::Soak(options) => soak::run(&options),
            Self::Test(options) => test::run(options),
            Self::Wit { update } => wit::run(update),
        }
    }
}

fn main() -> ExitCode {
    match Command::parse(std::env::args().skip(1)).and_then(Command::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
