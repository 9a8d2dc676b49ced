//! Running cargo in this workspace.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::setup::{self, wasm_env, workspace_root};

/// cargo in the workspace's folder, able to build the component. `--locked` goes with every command
/// that builds: what is tested is what Cargo.lock says.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    // Set by cargo, which runs this program.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .current_dir(workspace_root())
        .envs(wasm_env(workspace_root()))
        .args(arguments);
    command
}

/// Builds the component; returns where it is.
///
/// # Errors
///
/// If something that building it takes cannot be had, or it does not build.
pub(crate) fn build_component() -> Result<PathBuf> {
    setup::wasm()?;
    // As the build script of `host/` does, and in its folder, so that it is built once.
    process::show(cargo(&[
        "build",
        "--locked",
        "--profile=component",
        "--package=wasocket-wasip2",
        "--target=wasm32-wasip2",
        "--target-dir=target/guest",
    ]))?;
    Ok(workspace_root().join("target/guest/wasm32-wasip2/component/wasocket_wasip2.wasm"))
}
