use std::path::PathBuf;

use anyhow::Result;

use super::{Tools, dir, file};
use crate::cargo::{cargo, executable};
use crate::process;
use crate::setup::workspace_root;

/// What a composed command may do with `wasmtime run`: TCP to everything, and looking names up.
const GRANTS: [&str; 3] = ["-Stcp", "-Sinherit-network", "-Sallow-ip-name-lookup"];

/// The command line tool of wasmtime, built.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn wasmtime() -> Result<PathBuf> {
    executable(&[
        "--manifest-path=tests/hosts/wasmtime/Cargo.toml",
        "--package=wasmtime-cli",
        "--bin=wasmtime",
    ])
}

pub(super) fn on_wasmtime(tools: &Tools) -> Result<Vec<PathBuf>> {
    let mut command = vec![wasmtime()?, "run".into()];
    command.extend(GRANTS.map(PathBuf::from));
    // Of the environment a command has only what is named.
    command.extend(["--env=WASOCKET_URL", "--env=WASOCKET_ROOTS"].map(PathBuf::from));
    command.push(composed(tools)?);
    Ok(command)
}

/// wasmCloud's runtime, with a grant beside one without.
pub(super) fn on_wash(tools: &Tools) -> Result<Vec<PathBuf>> {
    let wash = executable(&[
        "--manifest-path=tests/hosts/wash/Cargo.toml",
        // It has next to nothing in common with the workspace.
        "--target-dir=target/wash",
    ])?;
    Ok(vec![wash, composed(tools)?])
}

/// tests/hosts/command, composed with the component.
fn composed(tools: &Tools) -> Result<PathBuf> {
    process::show(cargo(&[
        "build",
        "--locked",
        "--package=command",
        "--target=wasm32-wasip2",
        "--target-dir=target/guest",
    ]))?;
    let command = workspace_root().join("target/guest/wasm32-wasip2/debug/command.wasm");
    std::fs::create_dir_all(dir())?;
    let composed = file("command.wasm");
    process::run(tools.run().arg("compose").args([&command, &composed]))?;
    Ok(composed)
}
