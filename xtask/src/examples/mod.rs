//! `cargo xtask examples`: the examples in other languages, as their users would build and run them.
//!
//! Of each it makes a component, composes that with ours, makes sure that what is left to import is
//! WASI alone, and runs it against a server over `ws` and over `wss`. What it prints and what the
//! server saw is the same for all of them. That in Rust is a plugin too, of the crate's example of a
//! host of plugins.

mod build;
mod plugin;
mod server;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use self::server::Server;
use self::tools::Tools;
use crate::autobahn::{self, Identity};
use crate::process;
use crate::setup::workspace_root;

/// What each example prints.
const PRINTED: &str = "\
open
text one
text two
binary 3 bytes
pong still there?
closed 1000 done";

/// What the server has in its log then, among other things, in this order.
const SEEN: [&str; 5] = [
    "< TEXT 'one' [3 bytes]",
    "< TEXT 'two' [3 bytes]",
    "< BINARY 01 02 03 [3 bytes]",
    "< PING 'still there?' [text, 12 bytes]",
    "< CLOSE 1000 (OK) done [6 bytes]",
];

/// The examples, in the order in which they are run.
#[derive(Clone, Copy)]
pub(crate) enum Example {
    Rust,
    Rust03,
    JavaScript,
    Python,
    C,
    Go,
}

impl Example {
    pub(crate) const ALL: [Self; 6] = [
        Self::Rust,
        Self::Rust03,
        Self::JavaScript,
        Self::Python,
        Self::C,
        Self::Go,
    ];

    /// Those of these names, or all if there is no name.
    pub(crate) fn parse(names: &[&str]) -> Result<Vec<Self>> {
        if names.is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        names
            .iter()
            .map(|name| {
                let mut all = Self::ALL.into_iter();
                all.find(|example| example.name() == *name)
                    .with_context(|| {
                        let all = Self::ALL.map(Self::name).join(", ");
                        format!("there is no example `{name}`, but {all}")
                    })
            })
            .collect()
    }

    /// Its folder's.
    fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Rust03 => "rust-0.3",
            Self::JavaScript => "javascript",
            Self::Python => "python",
            Self::C => "c",
            Self::Go => "go",
        }
    }
}

/// The command.
pub(crate) fn run(examples: &[Example]) -> Result<()> {
    let dir = workspace_root().join("target/examples");
    fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let tools = Tools::build()?;
    let identity = autobahn::identity(&dir)?;
    let mut failed = Vec::new();
    for example in examples {
        let name = example.name();
        match check(*example, &tools, &identity, &dir) {
            Ok(len) => println!("example {name}: ok (ws, wss), {len} bytes"),
            Err(error) => {
                println!("example {name}: FAILED: {error:#}");
                failed.push(name);
            }
        }
    }
    ensure!(failed.is_empty(), "not as expected: {}", failed.join(", "));
    Ok(())
}

/// Returns the length of the composed component.
fn check(example: Example, tools: &Tools, identity: &Identity, dir: &Path) -> Result<u64> {
    let name = example.name();
    let app = build::component(example, tools, &dir.join(name))?;
    let composed = dir.join(format!("{name}-composed.wasm"));
    tools.compose(&app, &composed)?;
    for import in tools.imports(&composed)? {
        ensure!(import.starts_with("wasi:"), "it imports {import}");
    }
    let compiled = composed.with_extension("cwasm");
    tools.compile(&composed, &compiled)?;
    for identity in [None, Some(identity)] {
        let log = dir.join(format!("{name}.log"));
        talk(|_| tools.run(&compiled), identity, &log)?;
    }
    if matches!(example, Example::Rust) {
        plugin::check(&app, dir)?;
    }
    Ok(fs::metadata(composed)?.len())
}

/// Lets a program talk to a server of its own.
fn talk(
    program: impl FnOnce(&Server) -> Command,
    identity: Option<&Identity>,
    log: &Path,
) -> Result<()> {
    let server = Server::start(identity, log)?;
    let url = server.url("/echo");
    let mut program = program(&server);
    program.arg(&url).env_remove("ROOTS");
    if let Some(identity) = identity {
        program.env("ROOTS", fs::read_to_string(&identity.root)?);
    }
    let printed = process::output(&mut program)?;
    ensure!(printed == PRINTED, "with {url} it printed:\n{printed}");
    drop(server);

    let log = fs::read_to_string(log).with_context(|| log.display().to_string())?;
    let mut lines = log.lines();
    for frame in SEEN {
        if !lines.any(|line| line == frame) {
            bail!("with {url} the server did not see {frame}, or not in order:\n{log}");
        }
    }
    Ok(())
}

/// A folder of the examples.
fn source(name: &str) -> PathBuf {
    workspace_root().join("examples").join(name)
}
