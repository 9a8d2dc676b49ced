//! `cargo xtask wit`: the packages of WASI are copies, and are never edited. They are taken from the
//! crate that the component's bindings come from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::cargo::source_of;
use crate::setup::workspace_root;

/// The folders with copies, and the packages in each. What else is there is a link.
const COPIES: [(&str, &[&str]); 2] = [
    ("wit/0.2/deps", &["clocks", "io", "random", "sockets"]),
    ("examples/wit/deps", &["cli", "filesystem"]),
];

/// Where they come from.
const SOURCE: &str = "wasip2";

pub(crate) fn run(update: bool) -> Result<()> {
    let source = source_of(SOURCE, "Cargo.toml")?.join("wit/deps");
    for (folder, packages) in COPIES {
        compare(&source, &workspace_root().join(folder), packages, update)?;
        println!("{folder} is what {SOURCE} has");
    }
    Ok(())
}

fn compare(source: &Path, copies: &Path, packages: &[&str], update: bool) -> Result<()> {
    for package in packages {
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
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(copies)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push(entry.path());
        }
    }
    ensure!(
        files.len() == packages.len(),
        "{} has {} files, not {}",
        copies.display(),
        files.len(),
        packages.len()
    );
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}
