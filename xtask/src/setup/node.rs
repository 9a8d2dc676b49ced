use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::part::{Part, Tool};
use super::{apt, pins, say};
use crate::process::{find, output, run};

/// Node with `ws`.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    part(root).ensure(|dir| {
        say(&format!("npm ci, with ws {}", pins::WS));
        let version = install(dir, &root.join("tests/peers/node"), pins::OLDEST_NODE)?;
        Ok(format!("{version}, ws {}", pins::WS))
    })
}

/// Node with `ws` and `bufferutil`, which the benchmark measures. The tests' `ws` is without it, as most
/// have it.
pub(super) fn clients(root: &Path) -> Result<Tool> {
    let pin = format!("ws-{}-bufferutil-{}", pins::WS, pins::BUFFERUTIL);
    Part::new(root, "node-clients", "bin/node", &pin).ensure(|dir| {
        say(&format!(
            "npm ci, with ws {} and bufferutil {}",
            pins::WS,
            pins::BUFFERUTIL
        ));
        let source = root.join("host/benches/peers/process");
        let version = install(dir, &source, pins::OLDEST_NODE)?;
        Ok(format!(
            "{version}, ws {}, bufferutil {}",
            pins::WS,
            pins::BUFFERUTIL
        ))
    })
}

/// Installs what the lock file in `source` names into `dir`, with Node as `bin/node`; returns Node's
/// version.
pub(super) fn install(dir: &Path, source: &Path, oldest: (u32, u32)) -> Result<String> {
    let NodePrograms { node, npm } = programs(oldest)?;
    for file in ["package.json", "package-lock.json"] {
        let from = source.join(file);
        fs::copy(&from, dir.join(file))
            .with_context(|| format!("cannot copy {}", from.display()))?;
    }
    run(Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(dir))?;
    fs::create_dir(dir.join("bin"))?;
    symlink(&node, dir.join("bin/node"))?;
    let version = output(Command::new(node).arg("--version"))?;
    Ok(version.trim_start_matches('v').to_owned())
}

/// Where `ws` is.
pub(super) fn modules(root: &Path) -> PathBuf {
    part(root).dir().join("node_modules")
}

fn part(root: &Path) -> Part {
    Part::new(root, "node", "bin/node", &format!("ws-{}", pins::WS))
}

/// Node and npm, as a system has them.
pub(crate) struct NodePrograms {
    node: PathBuf,
    /// Runs the Node that is found first, which is `node`.
    pub(crate) npm: PathBuf,
}

/// Node and npm for the package in `node/`; `None` if what the system has, or Debian has for it, is
/// too old.
pub(super) fn of_package() -> Result<Option<NodePrograms>> {
    programs(pins::OLDEST_NODE)?;
    Ok(installed_programs(pins::OLDEST_NODE_OF_PACKAGE))
}

fn programs(oldest: (u32, u32)) -> Result<NodePrograms> {
    if let Some(programs) = installed_programs(oldest) {
        return Ok(programs);
    }
    if apt::may_install() {
        apt::install(&["nodejs", "npm"])?;
    }
    installed_programs(oldest).with_context(|| {
        let (major, minor) = oldest;
        format!(
            "there is no Node {major}.{minor} or later with npm on PATH. Install them (Debian: \
             `apt-get install nodejs npm`) and run `cargo xtask setup` again"
        )
    })
}

fn installed_programs(oldest: (u32, u32)) -> Option<NodePrograms> {
    let node = find("node").filter(|node| is_new_enough(node, oldest))?;
    let npm = find("npm")?;
    Some(NodePrograms { node, npm })
}

fn is_new_enough(node: &Path, (major, minor): (u32, u32)) -> bool {
    run(Command::new(node).arg("-e").arg(format!(
        "const [major, minor] = process.versions.node.split('.').map(Number);\
         process.exit(major > {major} || (major === {major} && minor >= {minor}) ? 0 : 1)"
    )))
    .is_ok()
}
