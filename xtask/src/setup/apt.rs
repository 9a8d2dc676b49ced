//! Debian's packages, where there are any.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::say;
use crate::process::{find, output, run};

/// Whether packages can be installed without asking anybody.
pub(super) fn may_install() -> bool {
    find("apt-get").is_some() && privilege().is_some()
}

/// Installs packages into the system.
///
/// # Errors
///
/// If [`may_install`] says no, or apt-get fails.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    say(&format!("apt-get install {}", packages.join(" ")));
    let arguments = ["install", "-y", "--no-install-recommends"];
    with_fresh_lists(|| run(privileged()?.args(arguments).args(packages)))
}

/// Unpacks packages into a new folder, with those that they need and the system does not have.
/// That takes no privileges, configures nothing and starts no service.
///
/// # Errors
///
/// If there is no such package, or it cannot be fetched.
pub(super) fn unpack(packages: &[&str], dir: &Path) -> Result<()> {
    let simulation = with_fresh_lists(|| {
        output(
            Command::new("apt-get")
                .args(["install", "--simulate", "--no-install-recommends"])
                .args(packages),
        )
    })?;
    // The lines are like `Inst nginx (1.22.1-9+deb12u4 Debian:12/stable [amd64])`.
    let needed: Vec<_> = simulation
        .lines()
        .filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next())
        .collect();
    if needed.is_empty() {
        bail!(
            "apt-get would not install anything for {}",
            packages.join(" ")
        );
    }
    fs::create_dir(dir)?;
    run(Command::new("apt-get")
        .arg("download")
        .args(&needed)
        .current_dir(dir))?;
    for entry in fs::read_dir(dir)? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg-deb").arg("--extract").args([&file, dir]))?;
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// Does something, and again with the lists of packages brought up to date if it fails: they may
/// be missing, or name versions that are gone.
fn with_fresh_lists<T>(action: impl Fn() -> Result<T>) -> Result<T> {
    action().or_else(|error| {
        if privilege().is_none() {
            return Err(error);
        }
        run(privileged()?.arg("update"))?;
        action()
    })
}

/// apt-get, as root, asking nothing.
fn privileged() -> Result<Command> {
    let Some(privilege) = privilege() else {
        bail!("apt-get needs root");
    };
    let mut command = Command::new("env");
    if let [program, arguments @ ..] = privilege {
        command = Command::new(program);
        command.args(arguments).arg("env");
    }
    command
        .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"])
        // Another apt-get may be at work.
        .args(["-o", "DPkg::Lock::Timeout=300"]);
    Ok(command)
}

/// The command that makes another one run as root, empty if it does so anyway.
fn privilege() -> Option<&'static [&'static str]> {
    if output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0") {
        return Some(&[]);
    }
    run(Command::new("sudo").args(["-n", "true"]))
        .is_ok()
        .then_some(&["sudo", "-n"])
}
