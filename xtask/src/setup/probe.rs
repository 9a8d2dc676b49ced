use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::compiler::CFLAGS;
use super::target::{TARGET, rustc};
use crate::process::run;

/// Needs the headers that come with a compiler, and not those of a C library, as ring does.
const C: &str = "\
#include <stddef.h>
#include <stdint.h>
int32_t probe(const int32_t *from, size_t index) { return from[index] + 1; }
";

const RUST: &str = r#"
#[link(name = "probe", kind = "static")]
unsafe extern "C" {
    fn probe(from: *const i32, index: usize) -> i32;
}
fn main() {
    print!("{}", unsafe { probe([1].as_ptr(), 0) });
}
"#;

/// A program of two languages, to see whether a C compiler and an archiver are what ring needs.
pub(super) struct Probe {
    dir: PathBuf,
}

impl Probe {
    /// Makes the folder `dir`, for its files.
    pub(super) fn new(dir: PathBuf) -> Result<Self> {
        fs::create_dir(&dir)?;
        fs::write(dir.join("probe.c"), C)?;
        fs::write(dir.join("probe.rs"), RUST)?;
        Ok(Self { dir })
    }

    /// Compiles the C of it, with the options that the crate `cc` and ring pass.
    pub(super) fn compile(&self, cc: &Path) -> Result<()> {
        run(Command::new(cc)
            .arg(format!("--target={TARGET}"))
            .args([CFLAGS, "-nostdlibinc", "-c", "probe.c", "-o", "probe.o"])
            .current_dir(&self.dir))
    }

    /// Archives what was compiled, as the crate `cc` does, and links it as cargo does.
    pub(super) fn link(&self, ar: &Path, root: &Path) -> Result<()> {
        // One that another archiver made would be added to.
        let _ = fs::remove_file(self.dir.join("libprobe.a"));
        for arguments in [
            ["cq", "libprobe.a", "probe.o"].as_slice(),
            &["s", "libprobe.a"],
        ] {
            run(Command::new(ar).args(arguments).current_dir(&self.dir))?;
        }
        run(rustc(root)
            .args(["--edition", "2024", "--target", TARGET, "-L"])
            .args([&self.dir, &self.dir.join("probe.rs")])
            .arg("-o")
            .arg(self.dir.join("probe.wasm")))
    }

    /// Removes the folder.
    pub(super) fn remove(self) -> Result<()> {
        Ok(fs::remove_dir_all(self.dir)?)
    }
}
