//! `cargo xtask package`: makes the crate that is published, with the component built, and builds it
//! as its users do: without the sources of the component, the wasm target and a C compiler for it.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::cargo::{build_component, cargo};
use crate::process;
use crate::setup::workspace_root;

pub(crate) fn run() -> Result<()> {
    let component = build_component()?;
    let folder = workspace_root().join("host/component");
    // Only in the package: in the repository the component is built from its sources.
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let packaged = fs::copy(&component, folder.join("wasocket.wasm"))
        .context("the component could not be copied")
        .and_then(|_| {
            process::show(cargo(&[
                "package",
                "--locked",
                "--package=wasocket",
                // The component that was just put there.
                "--allow-dirty",
            ]))
        });
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    packaged?;

    let files = process::output(&mut cargo(&["package", "--list", "--package=wasocket"]))?;
    ensure!(
        files.lines().any(|file| file == "wit/0.2/client.wit"),
        "the package has no WIT:\n{files}"
    );
    Ok(())
}
