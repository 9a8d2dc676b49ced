//! `cargo xtask setup`: installs what the build and the tests need.
//!
//! All of it is under `.tools`, beside the workspace's `Cargo.toml`, but for the Rust target and
//! the packages of the system, which are installed where they always are, and only if nothing else
//! will do. Deleting `.tools` undoes the rest. These locations are fixed, so that a test finds them
//! without this program:
//!
//! ```text
//! .tools/
//!   autobahn/bin/python   Python 2.7 with the Autobahn test suite; only if it is asked for
//!   bin/wasm32-cc         a C compiler for wasm32, which ring needs; see `wasm_env`
//!   bin/wasm32-ar         its archiver
//!   componentize-js/      makes a component of the example in JavaScript
//!   componentize-py/      makes a component of the example in Python
//!   gcc-64/, gcc-32/      compilers of C for ARM Linux; only if they are asked for
//!   go/go/bin/go          compiles the example in Go
//!   lws/bin/server        tests/peers/lws/server.c, compiled
//!   node/bin/node         what runs tests/peers/node/server.js
//!   node/node_modules     with `ws`, to be named in NODE_PATH
//!   node-clients/         the same with `bufferutil`, for the benchmark; only if it is asked for
//!   nginx/bin/nginx       what tests/peers/nginx/server.py starts
//!   python/bin/python     with `websockets` and `tornado`; runs the peers in Python
//!   qemu/bin/             what runs programs for ARM Linux; only if it is asked for
//!   zig/                  compiles the example in C; `bin/wasm32-cc` may be it too
//! ```
//!
//! Each folder is a [`Part`](part::Part): it is there as a whole, with a stamp, or it is not there.

mod apt;
mod arm;
mod autobahn;
mod compiler;
mod componentize;
mod go;
mod lws;
mod nginx;
mod node;
mod part;
mod pins;
mod probe;
mod python;
mod script;
mod target;
mod valgrind;
mod zig;

use std::path::{Path, PathBuf};

use anyhow::Result;

pub(crate) use arm::Arm;
pub(crate) use compiler::wasm_env;
pub(crate) use node::NodePrograms;
pub(crate) use part::Tool;
pub(crate) use pins::OLDEST_NODE_OF_PACKAGE;

/// What the tests talk to.
pub(crate) struct Peers {
    /// Python with `websockets` and `tornado`.
    pub(crate) python: Tool,
    /// Node, which finds `ws` if NODE_PATH is [`Self::node_modules`].
    pub(crate) node: Tool,
    /// Where `ws` is.
    pub(crate) node_modules: PathBuf,
    /// nginx with TLS.
    pub(crate) nginx: Tool,
    /// A server on libwebsockets.
    pub(crate) lws: Tool,
}

/// Where the workspace is.
pub(crate) fn workspace_root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    // This package is a folder of the workspace.
    package.parent().unwrap_or(package)
}

/// Installs what building the component needs: the target of Rust and a C compiler.
/// [`wasm_env`] then makes cargo use it.
///
/// # Errors
///
/// If something is missing that this may not install; the error says what to do.
pub(crate) fn wasm() -> Result<[Tool; 2]> {
    let root = workspace_root();
    Ok([target::ensure(root)?, compiler::ensure(root)?])
}

/// Installs what the tests talk to.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn peers() -> Result<Peers> {
    let root = workspace_root();
    Ok(Peers {
        python: python::ensure(root)?,
        node: node::ensure(root)?,
        node_modules: node::modules(root),
        nginx: nginx::ensure(root)?,
        lws: lws::ensure(root)?,
    })
}

/// Installs the Autobahn test suite, and the Python 2.7 environment that runs it; `None` if there is
/// no Python 2.7, which this does not install.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn autobahn() -> Result<Option<Tool>> {
    autobahn::ensure(workspace_root())
}

/// Finds Node and npm for the package in `node/`; `None` if they are too old for it. What it needs of
/// npm is in `node/node_modules`, where Node looks for it.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn node_of_package() -> Result<Option<NodePrograms>> {
    node::of_package()
}

/// Installs what building programs for ARM Linux, and running them here, needs: for 64 bits, then for
/// 32.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn arm() -> Result<[Arm; 2]> {
    let root = workspace_root();
    Ok([arm::ensure_64(root)?, arm::ensure_32(root)?])
}

/// What counts instructions.
///
/// # Errors
///
/// If there is none, and none can be installed.
pub(crate) fn valgrind() -> Result<PathBuf> {
    valgrind::ensure()
}

/// Installs Node with the clients that the benchmark measures.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn node_clients() -> Result<Tool> {
    node::clients(workspace_root())
}

/// Installs the Python that runs `tests/peers/python/server.py`, and the client that the benchmark
/// measures.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn python_peer() -> Result<Tool> {
    python::ensure(workspace_root())
}

/// Installs what makes a component of the example in JavaScript: a script for the Node that is
/// returned beside it.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn componentize_js() -> Result<(Tool, PathBuf)> {
    componentize::javascript(workspace_root())
}

/// Installs what makes a component of the example in Python.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn componentize_py() -> Result<Tool> {
    componentize::python(workspace_root())
}

/// Installs Go.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn go() -> Result<Tool> {
    go::ensure(workspace_root())
}

/// Installs zig, whose C compiler brings a C library for WASI.
///
/// # Errors
///
/// As [`wasm`].
pub(crate) fn zig() -> Result<Tool> {
    zig::ensure(workspace_root())
}

/// The command: installs all of it and says where it is.
pub(crate) fn run() -> Result<()> {
    let [target, compiler] = wasm()?;
    let peers = peers()?;
    let Peers {
        python,
        node,
        nginx,
        lws,
        ..
    } = &peers;
    for tool in [&target, &compiler, python, node, nginx, lws] {
        let program = tool.program.display();
        println!("{:<9}  {:<44}  {program}", tool.name, tool.version);
    }
    println!("\nWhat xtask sets for cargo and for the peers:");
    for (name, value) in wasm_env(workspace_root()) {
        println!("    {name}={value}");
    }
    println!("    NODE_PATH={}", peers.node_modules.display());
    Ok(())
}

/// Says what is being done, for it may take a while.
fn say(what: &str) {
    eprintln!("setup: {what}");
}
