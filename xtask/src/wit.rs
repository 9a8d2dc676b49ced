//! `cargo xtask wit`: `wit/0.2/deps` is a copy of WASI's packages, and is never edited. It is taken from
//! the crate that the component's bindings come from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::cargo;
use crate::process;
use crate::setup::workspace_root;

/// The packages that our WIT uses.
const PACKAGES: [&str; 4] = ["clocks", "io", "random", "sockets"];

/// Where they come from.
const SOURCE: &str = "wasip2";

pub(crate) fn run(update: bool) -> Result<()> {
    let source = source()?;
    let copies = workspace_root().join("wit/0.2/deps");
    for package in PACKAGES {
        let name = format!("{package}.wit");
        let original = read(&source.join(&name))?;
        let copy = copies.join(&name);
        if update {
            fs::write(&copy, original).with_context(|| copy.display().to_string())?;
        } else {
            ensure!(
                read(&copy)? == original,
                "{} is not what {SOURCE} has; `cargo xtask wit --update` copies it anew",
                copy.display()
            );
        }
    }
    let count = fs::read_dir(&copies)?.count();
    ensure!(
        count == PACKAGES.len(),
        "{} has {count} files, not {}",
        copies.display(),
        PACKAGES.len()
    );
    println!("wit/0.2/deps is what {SOURCE} has");
    Ok(())
}

/// The folder of the crate's WIT, where cargo unpacked it.
fn source() -> Result<PathBuf> {
    let arguments = ["metadata", "--locked", "--format-version=1"];
    let metadata = process::output(&mut cargo(&arguments))?;
    // A whole parser for one path would be out of proportion. The names of crates.io's folders
    // have no quotes in them.
    let marker = format!("/{SOURCE}-");
    let manifest = metadata
        .split('"')
        .find(|value| value.contains(&marker) && value.ends_with("/Cargo.toml"));
    match manifest.map(Path::new).and_then(Path::parent) {
        Some(folder) => Ok(folder.join("wit/deps")),
        None => bail!("cargo does not know where {SOURCE} is"),
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}
