//! `cargo xtask wit`: the packages of WASI are copies, and are never edited. They are taken from the
//! crates that the components' bindings come from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cargo::source_of;
use crate::setup::workspace_root;

/// A folder with copies. What else is there is a link.
struct Copies {
    folder: &'static str,
    /// The packages that are copied.
    packages: &'static [&'static str],
    /// The crate that they come from.
    source: &'static str,
}

const ALL: [Copies; 3] = [
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
    Copies {
        folder: "examples/wit/deps",
        packages: &["cli", "filesystem"],
        source: "wasip2",
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
        let originals = source_of(source, "Cargo.toml")?.join("wit/deps");
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
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&copies)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                files.push(entry.path());
            }
        }
        ensure!(
            files.len() == packages.len(),
            "{folder} has {} files, not {}",
            files.len(),
            packages.len()
        );
        println!("{folder} is what {source} has");
        Ok(())
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}
