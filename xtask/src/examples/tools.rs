use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::source;
use crate::cargo::executable;
use crate::{hosts, process};

/// It is no member of the workspace.
pub(super) const COMPONENTIZE: &str = "examples/componentize/Cargo.toml";

/// What all the examples need.
pub(super) struct Tools {
    /// `examples/componentize`.
    componentize: PathBuf,
    /// The command line tool of wasmtime.
    wasmtime: PathBuf,
    /// Our tool, which has our components.
    wasocket: PathBuf,
}

impl Tools {
    /// Builds them.
    pub(super) fn build() -> Result<Self> {
        Ok(Self {
            componentize: executable(&[
                "--manifest-path",
                COMPONENTIZE,
                "--target-dir=target/componentize",
            ])?,
            wasmtime: hosts::wasmtime()?,
            // With the features that the tests have, so that nothing is built twice.
            wasocket: executable(&["--workspace", "--all-features", "--bin=wasocket"])?,
        })
    }

    /// Composes a component with ours.
    pub(super) fn compose(&self, app: &Path, out: &Path) -> Result<()> {
        process::run(
            Command::new(&self.wasocket)
                .arg("compose")
                .arg(app)
                .arg("--output")
                .arg(out),
        )
    }

    /// What a component imports.
    pub(super) fn imports(&self, component: &Path) -> Result<Vec<String>> {
        let imports = process::output(self.componentize("imports").arg(component))?;
        Ok(imports.lines().map(str::to_owned).collect())
    }

    /// Generates what gives a world to a language, into a folder.
    pub(super) fn bindings(&self, language: &str, world: &str, dir: &Path) -> Result<()> {
        process::run(
            self.componentize("bindings")
                .arg(language)
                .arg(source("wit"))
                .arg(world)
                .arg(dir),
        )
    }

    /// The tool with one of its commands.
    pub(super) fn componentize(&self, command: &str) -> Command {
        let mut tool = Command::new(&self.componentize);
        tool.arg(command);
        tool
    }

    /// Compiles a component for this machine, once for all its runs.
    pub(super) fn compile(&self, component: &Path, out: &Path) -> Result<()> {
        process::run(
            Command::new(&self.wasmtime)
                .arg("compile")
                // Some components have a whole interpreter in them: to compile that well would take
                // longer than they run.
                .args(["-O", "opt-level=0", "-o"])
                .args([out, component]),
        )
    }

    /// Runs a compiled command component, whose arguments are to be added.
    pub(super) fn run(&self, compiled: &Path) -> Command {
        let mut command = Command::new(&self.wasmtime);
        command
            .args(["run", "--allow-precompiled", "-O", "opt-level=0"])
            .args(hosts::GRANTS)
            // Of the environment a command has only what is named.
            .arg("--env=ROOTS")
            .arg(compiled);
        command
    }
}
