use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::part::{Part, Tool};
use super::{apt, say};
use crate::process::{find, output, run};

/// What to do where there is neither libwebsockets nor a package of it.
const HELP: &str = "Install libwebsockets with its headers (Debian: `apt-get install pkg-config \
                    libwebsockets-dev`; Fedora: `dnf install libwebsockets-devel`; macOS: `brew \
                    install pkg-config libwebsockets`), and run `cargo xtask setup` again";

/// The server of tests/peers/lws, compiled with the system's libwebsockets, or else with that of
/// Debian's package, unpacked.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    let source = root.join("tests/peers/lws/server.c");
    let text = fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
    Part::new(root, "lws", "bin/server", &fingerprint(&text)).ensure(|dir| {
        fs::create_dir(dir.join("bin"))?;
        let program = dir.join("bin/server");
        if let Some(flags) = installed_library() {
            say("compiling tests/peers/lws/server.c");
            return compile(&source, &program, &flags).context(HELP);
        }
        if find("apt-get").is_none() {
            bail!("pkg-config knows no libwebsockets. {HELP}");
        }
        say("unpacking Debian's libwebsockets, for tests/peers/lws/server.c");
        let debian = dir.join("debian");
        apt::unpack(&["libwebsockets-dev"], &debian)
            .with_context(|| format!("Debian's libwebsockets cannot be unpacked. {HELP}"))?;
        compile(&source, &program, &unpacked_library(&debian)?).context(HELP)
    })
}

/// Tells one source from another.
fn fingerprint(text: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What a C compiler has to be told of the system's libwebsockets, if there is one.
fn installed_library() -> Option<Vec<String>> {
    let flags = output(Command::new("pkg-config").args(["--cflags", "--libs", "libwebsockets"]));
    Some(flags.ok()?.split_whitespace().map(str::to_owned).collect())
}

/// The same of one that is unpacked there.
fn unpacked_library(debian: &Path) -> Result<Vec<String>> {
    // Debian has a folder for each architecture in these, such as x86_64-linux-gnu.
    let headers = debian.join("usr/include");
    let mut flags = vec![format!("-I{}", headers.display())];
    for dir in of_architecture(&headers)? {
        flags.push(format!("-I{}", dir.display()));
    }
    // The program's, which is to find them by where it is itself, and theirs: only the older tag
    // (DT_RPATH) is for both.
    flags.push("-Wl,--disable-new-dtags".to_owned());
    for parent in ["lib", "usr/lib"] {
        for dir in of_architecture(&debian.join(parent))? {
            let relative = dir.strip_prefix(debian)?.display();
            flags.push(format!("-L{}", dir.display()));
            flags.push(format!("-Wl,-rpath-link,{}", dir.display()));
            flags.push(format!("-Wl,-rpath,$ORIGIN/../debian/{relative}"));
        }
    }
    flags.push("-lwebsockets".to_owned());
    Ok(flags)
}

fn of_architecture(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if dir.exists() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().contains("-linux-") {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// Compiles the server; returns the version of the library with which it runs.
fn compile(source: &Path, program: &Path, library: &[String]) -> Result<String> {
    // Rust links with it too.
    let cc = find("cc").context("there is no C compiler `cc` on PATH")?;
    run(Command::new(cc)
        .args(["-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall"])
        .arg(source)
        .arg("-o")
        .arg(program)
        .args(library)
        .arg("-pthread"))?;
    let version = output(Command::new(program).arg("--version"))?;
    // Debian's has the mark of a commit that follows, but not the commit.
    Ok(format!("libwebsockets {}", version.trim_end_matches('-')))
}
