//! `cargo xtask package`: makes the crate that is published, with the components built, and builds it
//! as its users do: without the sources of the components, the wasm target and a C compiler for it.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::cargo::{
    Wasi, build_component, build_component_with_host_tls, build_embedded_component, cargo,
};
use crate::process;
use crate::setup::workspace_root;

pub(crate) fn run() -> Result<()> {
    let mut components = vec![
        ("embedded", build_embedded_component()?),
        ("0.2-wasi-tls", build_component_with_host_tls()?),
    ];
    for wasi in Wasi::ALL {
        components.push((wasi.version(), build_component(wasi)?));
    }
    let folder = workspace_root().join("host/component");
    // Only in the package: in the repository the components are built from their sources.
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let packaged = components
        .iter()
        .try_for_each(|(name, component)| {
            let name = format!("wasocket-{name}.wasm");
            fs::copy(component, folder.join(name)).map(|_| ())
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
