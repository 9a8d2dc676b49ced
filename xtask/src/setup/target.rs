use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::part::Tool;
use super::say;
use crate::process::{find, output, run};

/// What the component is compiled for.
pub(super) const TARGET: &str = "wasm32-wasip2";

/// The standard library of Rust for the component.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    ensure_for(root, TARGET)
}

/// The standard library of Rust for this target.
pub(super) fn ensure_for(root: &Path, target: &str) -> Result<Tool> {
    let libraries = PathBuf::from(output(rustc(root).args([
        "--print",
        "target-libdir",
        "--target",
        target,
    ]))?);
    if !libraries.exists() {
        if find("rustup").is_none() {
            bail!(
                "{} is missing, and there is no rustup to add it. Install Rust by rustup, or the \
                 package of your system that has the standard library of Rust for {target}, and \
                 run `cargo xtask setup` again",
                libraries.display()
            );
        }
        say(&format!("rustup target add {target}"));
        run(Command::new("rustup")
            .args(["target", "add", target])
            .current_dir(root))?;
    }
    Ok(Tool {
        name: "target",
        version: target.to_owned(),
        program: libraries,
    })
}

/// The compiler that `rust-toolchain.toml` names.
pub(super) fn rustc(root: &Path) -> Command {
    let mut command = Command::new("rustc");
    command.current_dir(root);
    command
}
