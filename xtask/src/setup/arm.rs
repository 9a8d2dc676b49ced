use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::part::{Part, Tool};
use super::{apt, say, script, target};
use crate::process::{find, output};

/// One kind of ARM Linux: what its programs are built for, and with.
pub(crate) struct Arm {
    /// The target of Rust.
    pub(crate) target: &'static str,
    /// The target of wasmtime.
    pub(crate) compiled_for: &'static str,
    /// A compiler of C for it, which Rust links with.
    pub(crate) gcc: Tool,
    /// What runs its programs on other machines.
    pub(crate) qemu: Tool,
}

/// Starts the program that is unpacked beside it, with the libraries that are.
const LAUNCHER: &str = r#"debian=${0%/*}/../debian
for libraries in "$debian"/usr/lib/*-linux-gnu; do
    LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$debian/usr/bin/${0##*/}" "$@"
"#;

const QEMU_PACKAGE: &str = "qemu-user-static";

/// What the package of qemu has for ARM; it has as much for 40 other kinds of processors.
const QEMU: [&str; 2] = ["qemu-aarch64-static", "qemu-arm-static"];

/// For 64 bits.
pub(super) fn ensure_64(root: &Path) -> Result<Arm> {
    const TARGET: &str = "aarch64-unknown-linux-musl";

    target::ensure_for(root, TARGET)?;
    Ok(Arm {
        target: TARGET,
        compiled_for: TARGET,
        gcc: gcc(
            root,
            "gcc-64",
            "bin/aarch64-linux-gnu-gcc",
            &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
        )?,
        qemu: qemu(root, "qemu-aarch64-static")?,
    })
}

/// For 32 bits, for which wasmtime does not compile, but interprets. Its libc is glibc, which can be
/// linked statically as well as musl.
pub(super) fn ensure_32(root: &Path) -> Result<Arm> {
    const TARGET: &str = "armv7-unknown-linux-gnueabihf";

    target::ensure_for(root, TARGET)?;
    Ok(Arm {
        target: TARGET,
        compiled_for: "pulley32",
        gcc: gcc(
            root,
            "gcc-32",
            "bin/arm-linux-gnueabihf-gcc",
            &["gcc-arm-linux-gnueabihf", "libc6-dev-armhf-cross"],
        )?,
        qemu: qemu(root, "qemu-arm-static")?,
    })
}

/// The system's compiler, or else that of Debian's packages, unpacked.
fn gcc(root: &Path, name: &'static str, path: &'static str, packages: &[&str]) -> Result<Tool> {
    Part::new(root, name, path, "any").ensure(|dir| {
        fs::create_dir(dir.join("bin"))?;
        let program = dir.join(path);
        if let Some(installed) = program.file_name().and_then(|file| find(file.to_str()?)) {
            symlink(installed, &program)?;
        } else {
            unpack(packages, &dir.join("debian"))?;
            script::write(&program, LAUNCHER)?;
        }
        version(&program)
    })
}

/// The system's qemu of this name, or else that of Debian's package, unpacked.
fn qemu(root: &Path, name: &str) -> Result<Tool> {
    let part = Part::new(root, "qemu", "bin/qemu-arm-static", "any");
    let mut tool = part.ensure(|dir| {
        let bin = dir.join("bin");
        fs::create_dir(&bin)?;
        let installed: Vec<_> = QEMU.into_iter().filter_map(find).collect();
        if installed.len() == QEMU.len() {
            for (program, name) in installed.iter().zip(QEMU) {
                symlink(program, bin.join(name))?;
            }
        } else {
            let debian = dir.join("debian");
            unpack(&[QEMU_PACKAGE], &debian)?;
            for name in QEMU {
                fs::rename(debian.join("usr/bin").join(name), bin.join(name))?;
            }
            fs::remove_dir_all(debian)?;
        }
        version(&bin.join(name))
    })?;
    tool.program.set_file_name(name);
    Ok(tool)
}

fn unpack(packages: &[&str], dir: &Path) -> Result<()> {
    let names = packages.join(" ");
    if find("apt-get").is_none() {
        bail!(
            "programs for ARM can be neither built nor run here. Install what Debian has in its \
             packages {names}, and run `cargo xtask hosts` again"
        );
    }
    say(&format!("unpacking Debian's {names}"));
    apt::unpack(packages, dir).with_context(|| {
        format!(
            "Debian's {names} cannot be unpacked. Run `apt-get update` as root, or install them, \
             and run `cargo xtask hosts` again"
        )
    })
}

fn version(program: &Path) -> Result<String> {
    let text = output(Command::new(program).arg("--version"))?;
    Ok(text.lines().next().unwrap_or("unknown").to_owned())
}
