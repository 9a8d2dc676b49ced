//! Starting other programs.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{self, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

/// The program of this name, or at this path, as a shell would find it; an absolute path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = if name.contains('/') {
        Some(PathBuf::from(name)).filter(|path| is_executable(path))
    } else {
        env::split_paths(&env::var_os("PATH")?)
            .map(|dir| dir.join(name))
            .find(|path| is_executable(path))
    };
    path::absolute(path?).ok()
}

/// Runs a program to its end.
///
/// # Errors
///
/// If it cannot be started or fails; the error has all that it printed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    finish(command).map(drop)
}

/// Runs a program to its end; returns what it printed on its standard output.
///
/// # Errors
///
/// If it cannot be started or fails; the error has all that it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = finish(command)?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

/// Runs a program to its end; returns the bytes that it wrote on its standard output.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn output_bytes(command: &mut Command) -> Result<Vec<u8>> {
    Ok(finish(command)?.stdout)
}

/// Runs a program to its end, for the user to see and to talk to.
///
/// # Errors
///
/// If it cannot be started or fails.
pub(crate) fn show(mut command: Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed ({status})");
    }
    Ok(())
}

fn finish(command: &mut Command) -> Result<Output> {
    let output = command
        // Nothing here may wait for an answer.
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!(
            "{command:?} failed ({}):\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(output)
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}
