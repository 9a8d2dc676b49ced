use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{Tools, file};
use crate::cargo::{cargo, executable};
use crate::process;
use crate::setup::workspace_root;

/// What a composed command may do with `wasmtime run`: TCP to everything, and looking names up.
pub(crate) const GRANTS: [&str; 3] = ["-Stcp", "-Sinherit-network", "-Sallow-ip-name-lookup"];

/// The command line tool of wasmtime, built.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn wasmtime() -> Result<PathBuf> {
    executable(&[
        "--manifest-path=tests/hosts/wasmtime/Cargo.toml",
        "--target-dir=target",
        "--package=wasmtime-cli",
        "--bin=wasmtime",
    ])
}

pub(super) fn on_wasmtime(tools: &Tools) -> Result<Command> {
    run_by_wasmtime(tools, &composed(tools, "command", "command.wasm")?)
}

/// The same with the component for WASI 0.3.
pub(super) fn on_wasmtime_0_3(tools: &Tools) -> Result<Command> {
    run_by_wasmtime(tools, &composed(tools, "command-0-3", "command_0_3.wasm")?)
}

fn run_by_wasmtime(tools: &Tools, composed: &Path) -> Result<Command> {
    let mut command = tools.serve(&wasmtime()?);
    command
        .arg("run")
        .args(GRANTS)
        // Of the environment a command has only what is named.
        .args(["--env=WASOCKET_URL", "--env=WASOCKET_ROOTS"])
        .arg(composed);
    Ok(command)
}

/// wasmCloud's runtime, with a grant beside one without.
pub(super) fn on_wash(tools: &Tools) -> Result<Command> {
    let wash = executable(&[
        "--manifest-path=tests/hosts/wash/Cargo.toml",
        // It has next to nothing in common with the workspace.
        "--target-dir=target/wash",
    ])?;
    let mut command = tools.serve(&wash);
    command.arg(composed(tools, "command", "command.wasm")?);
    Ok(command)
}

/// A command, composed with the component that it is for: of a package of tests/hosts, and what cargo
/// makes of that.
fn composed(tools: &Tools, package: &str, built: &str) -> Result<PathBuf> {
    process::show(cargo(&[
        "build",
        "--locked",
        "--package",
        package,
        "--target=wasm32-wasip2",
        "--target-dir=target/guest",
    ]))?;
    let command = workspace_root().join("target/guest/wasm32-wasip2/debug");
    let composed = file(built);
    tools.compose(&command.join(built), &composed)?;
    Ok(composed)
}
