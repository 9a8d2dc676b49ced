//! `cargo xtask wit`: the folders `deps` in `wit/` are copies of WASI's packages, and are never edited.
//! They are taken from the crates that the components' bindings come from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::cargo::cargo;
use crate::process;
use crate::setup::workspace_root;

/// A folder of copies.
struct Copies {
    folder: &'static str,
    /// The packages that our WIT uses.
    packages: &'static [&'static str],
    /// The crate that they come from.
    source: &'static str,
}

const ALL: [Copies; 2] = [
    Copies {
        folder: "wit/0.2/deps",
        packages: &["clocks", "io", "random", "sockets"],
        source: "wasip2",
    },
    Copies {
        folder: "wit/0.3/deps",
        packages: &["clocks", "random", "sockets"],
        source: "wasip3",
    },
];

pub(crate) fn run(update: bool) -> Result<()> {
    ALL.iter().try_for_each(|copies| copies.check(update))
}

impl Copies {
    /// Compares them with what they were copied from, or copies them anew.
    fn check(&self, update: bool) -> Result<()> {
        let Self {
            folder,
            packages,
            source,
        } = self;
        let originals = originals(source)?;
        let copies = workspace_root().join(folder);
        for package in *packages {
            let name = format!("{package}.wit");
            let original = read(&originals.join(&name))?;
            let copy = copies.join(&name);
            if update {
                fs::write(&copy, original).with_context(|| copy.display().to_string())?;
            } else {
                ensure!(
                    read(&copy)? == original,
                    "{} is not what {source} has; `cargo xtask wit --update` copies it anew",
                    copy.display()
                );
            }
        }
        let count = fs::read_dir(&copies)?.count();
        ensure!(
            count == packages.len(),
            "{} has {count} files, not {}",
            copies.display(),
            packages.len()
        );
        println!("{folder} is what {source} has");
        Ok(())
    }
}

/// The folder of a crate's WIT, where cargo unpacked it.
fn originals(source: &str) -> Result<PathBuf> {
    let arguments = ["metadata", "--locked", "--format-version=1"];
    let metadata = process::output(&mut cargo(&arguments))?;
    // A whole parser for one path would be out of proportion. The names of crates.io's folders
    // have no quotes in them.
    let marker = format!("/{source}-");
    let manifest = metadata
        .split('"')
        .find(|value| value.contains(&marker) && value.ends_with("/Cargo.toml"));
    match manifest.map(Path::new).and_then(Path::parent) {
        Some(folder) => Ok(folder.join("wit/deps")),
        None => bail!("cargo does not know where {source} is"),
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}
