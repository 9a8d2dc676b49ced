//! `cargo xtask wit`: the packages of WASI are copies, and are never edited. They are taken from the
//! crates that the components' bindings come from, and the draft of `wasi:tls` from wasmtime's.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::cargo::source_of;
use crate::setup::workspace_root;

/// A folder with copies. What else is there is a link.
struct Copies {
    folder: &'static str,
    /// The files that are copied, without `.wit`.
    files: &'static [&'static str],
    /// The crate that they come from.
    source: &'static str,
    /// The manifest of what depends on that.
    manifest: &'static str,
    /// Where they are in it.
    originals: &'static str,
}

const ALL: [Copies; 4] = [
    Copies {
        folder: "wit/0.2/deps",
        files: &["clocks", "io", "random", "sockets"],
        source: "wasip2",
        manifest: "Cargo.toml",
        originals: "wit/deps",
    },
    Copies {
        folder: "wit/0.3/deps",
        files: &["clocks", "random", "sockets"],
        source: "wasip3",
        manifest: "Cargo.toml",
        originals: "wit/deps",
    },
    Copies {
        folder: "examples/wit/deps",
        files: &["cli", "filesystem"],
        source: "wasip2",
        manifest: "Cargo.toml",
        originals: "wit/deps",
    },
    Copies {
        folder: "guest/wasip2/wit/tls",
        files: &["types", "world"],
        source: "wasmtime-wasi-tls",
        manifest: "tests/hosts/wasmtime/Cargo.toml",
        originals: "wit/deps/tls",
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
            files,
            source,
            manifest,
            originals,
        } = self;
        let originals = source_of(source, manifest)?.join(originals);
        let copies = workspace_root().join(folder);
        for file in *files {
            let name = format!("{file}.wit");
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
        let mut count = 0;
        for entry in fs::read_dir(&copies)? {
            count += usize::from(entry?.file_type()?.is_file());
        }
        ensure!(
            count == files.len(),
            "{folder} has {count} files, not {}",
            files.len()
        );
        println!("{folder} is what {source} has");
        Ok(())
    }
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}
