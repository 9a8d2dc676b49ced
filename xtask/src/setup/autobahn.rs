use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::part::{Part, Tool};
use super::{pins, python, say};
use crate::process::{find, output, run};

/// Python 2.7 with the Autobahn test suite; `None` if there is no Python 2.7.
pub(super) fn ensure(root: &Path) -> Result<Option<Tool>> {
    let requirement = format!("autobahntestsuite=={}", pins::AUTOBAHN);
    let part = Part::new(root, "autobahn", "bin/python", &requirement);
    if let Some(tool) = part.installed() {
        return Ok(Some(tool));
    }
    let Some(python) = interpreter() else {
        return Ok(None);
    };
    let tool = part.ensure(|dir| {
        say(&format!("{}, with {requirement}", python.display()));
        python::create_virtualenv(dir, &python, pins::VIRTUALENV_27)?;
        let venv_python = dir.join("bin/python");
        run(Command::new(&venv_python)
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", &requirement]))?;
        let version = output(
            Command::new(venv_python)
                .arg("-c")
                .arg("import platform; print(platform.python_version())"),
        )?;
        Ok(format!("{version}, {requirement}"))
    })?;
    Ok(Some(tool))
}

/// The suite runs under no other version.
fn interpreter() -> Option<PathBuf> {
    find("python2.7")
        .into_iter()
        .chain(of_pyenv())
        // pyenv puts programs on PATH that only say that they are not there.
        .find(|python| is_2_7(python))
}

/// Those that pyenv installed for this user.
fn of_pyenv() -> Vec<PathBuf> {
    let pyenv = env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")));
    let versions = pyenv.and_then(|pyenv| pyenv.join("versions").read_dir().ok());
    let mut pythons: Vec<PathBuf> = versions
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin/python2.7"))
        .filter(|python| python.exists())
        .collect();
    pythons.sort();
    pythons
}

fn is_2_7(python: &Path) -> bool {
    run(Command::new(python)
        .arg("-c")
        .arg("import sys; sys.exit(sys.version_info[:2] != (2, 7))"))
    .is_ok()
}
