use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use super::part::{Part, Tool};
use super::{apt, pins, say};
use crate::process::{find, output, run};

/// Python with `websockets` and `tornado`.
pub(super) fn ensure(root: &Path) -> Result<Tool> {
    let requirements = [
        &*format!("websockets=={}", pins::WEBSOCKETS),
        &*format!("tornado=={}", pins::TORNADO),
    ];
    Part::new(root, "python", "bin/python", &requirements.join(" ")).ensure(|dir| {
        let version = create_venv(dir, &requirements)?;
        Ok(format!(
            "{version}, websockets {}, tornado {}",
            pins::WEBSOCKETS,
            pins::TORNADO
        ))
    })
}

/// Makes `dir` a virtual environment with these packages from PyPI in it; returns the version of
/// Python. `bin/python` in there still works when the folder is moved.
pub(super) fn create_venv(dir: &Path, requirements: &[&str]) -> Result<String> {
    let python = interpreter()?;
    let packages = requirements.join(" ");
    say(&format!("{} -m venv, with {packages}", python.display()));
    create_empty_venv(&python, dir)?;
    let venv_python = dir.join("bin/python");
    pip(&venv_python, requirements)?;
    output(
        Command::new(venv_python)
            .arg("-c")
            .arg("import platform; print(platform.python_version())"),
    )
}

/// Where a package is in the virtual environment `dir`, relative to it.
pub(super) fn package_dir(dir: &Path, package: &str) -> Result<PathBuf> {
    // Both without links, which may lead to the folder.
    let script = format!(
        "from os.path import realpath, relpath\nimport {package}\n\
         print(relpath(realpath({package}.__path__[0]), realpath('.')))"
    );
    let relative = output(
        Command::new(dir.join("bin/python"))
            .args(["-c", &script])
            .current_dir(dir),
    )?;
    Ok(relative.into())
}

/// Debian's Python has no `ensurepip` unless its package python3-venv is installed, and then venv
/// fails; virtualenv brings its own.
fn create_empty_venv(python: &Path, dir: &Path) -> Result<()> {
    let venv = || {
        run(Command::new(python)
            .args(["-m", "venv", "--clear"])
            .arg(dir))
    };
    let Err(error) = venv() else {
        return Ok(());
    };
    if apt::may_install() && apt::install(&["python3-venv"]).is_ok() && venv().is_ok() {
        return Ok(());
    }
    virtualenv(python, dir).map_err(|second| {
        anyhow!(
            "{} makes no virtual environments. Install its module venv (Debian: `apt-get install \
             python3-venv`) or virtualenv, and run `cargo xtask setup` again.\n{error:#}\n\
             {second:#}",
            python.display()
        )
    })
}

/// Makes `dir` a virtual environment of `python`, which may be of any version that this version of
/// virtualenv takes.
pub(super) fn create_virtualenv(dir: &Path, python: &Path, version: &str) -> Result<()> {
    let modules = dir.with_extension("virtualenv");
    let target = modules.display().to_string();
    let requirement = format!("virtualenv=={version}");
    let maker = interpreter()?;
    let made = pip(&maker, &["--target", &target, &requirement]).and_then(|()| {
        run(Command::new(maker)
            .args(["-m", "virtualenv", "--no-download", "--python"])
            .args([python, dir])
            .env("PYTHONPATH", &modules))
    });
    let _ = fs::remove_dir_all(modules);
    made
}

fn virtualenv(python: &Path, dir: &Path) -> Result<()> {
    let make = |modules: &Path| {
        run(Command::new(python)
            .args(["-m", "virtualenv", "--no-download"])
            .arg(dir)
            .env("PYTHONPATH", modules))
    };
    // It may be there already; otherwise beside the folder, and only for now.
    let modules = dir.with_extension("virtualenv");
    if make(&modules).is_ok() {
        return Ok(());
    }
    let target = modules.display().to_string();
    let requirement = format!("virtualenv=={}", pins::VIRTUALENV);
    let made = pip(python, &["--target", &target, &requirement]).and_then(|()| make(&modules));
    let _ = fs::remove_dir_all(modules);
    made
}

fn pip(python: &Path, arguments: &[&str]) -> Result<()> {
    run(Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--no-input"])
        // Nothing is compiled: of what we need there are wheels everywhere.
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .args(arguments))
}

fn interpreter() -> Result<PathBuf> {
    if let Some(python) = installed_interpreter() {
        return Ok(python);
    }
    if apt::may_install() {
        apt::install(&["python3", "python3-venv"])?;
    }
    installed_interpreter().with_context(|| {
        let (major, minor) = pins::OLDEST_PYTHON;
        format!(
            "there is no Python {major}.{minor} or later on PATH. Install it (Debian: `apt-get \
             install python3 python3-venv`) and run `cargo xtask setup` again"
        )
    })
}

fn installed_interpreter() -> Option<PathBuf> {
    let versioned = (pins::OLDEST_PYTHON.1..=20)
        .rev()
        .map(|minor| format!("python3.{minor}"));
    ["python3".to_owned()]
        .into_iter()
        .chain(versioned)
        .filter_map(|name| find(&name))
        .find(|python| is_new_enough(python))
}

fn is_new_enough(python: &Path) -> bool {
    let (major, minor) = pins::OLDEST_PYTHON;
    run(Command::new(python).arg("-c").arg(format!(
        "import sys; sys.exit(sys.version_info < ({major}, {minor}))"
    )))
    .is_ok()
}
