//! `cargo xtask package`: makes the crate that is published, with the components built, and builds it
//! as its users do: without the sources of the components, the wasm target and a C compiler for it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::cargo::{Component, Wasi, cargo};
use crate::process;
use crate::setup::workspace_root;

pub(crate) fn run() -> Result<()> {
    let components = [
        Component::Of(Wasi::V0_2),
        Component::Of(Wasi::V0_3),
        Component::WithHostTls,
        Component::Embedded,
    ];
    let built: Vec<PathBuf> = components
        .into_iter()
        .map(Component::build)
        .collect::<Result<_>>()?;
    let folder = workspace_root().join("host/component");
    // Only in the package: in the repository the components are built from their sources.
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let packaged = components
        .iter()
        .zip(&built)
        .try_for_each(|(component, built)| {
            fs::copy(built, folder.join(component.file_name())).map(|_| ())
        })
        .context("a component could not be copied")
        .and_then(|()| {
            process::show(cargo(&[
                "package",
                "--locked",
                "--package=wasocket",
                // The components that were just put there.
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
