use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::source;
use crate::cargo::{build_component, build_program};
use crate::process;

/// It is no member of the workspace.
pub(super) const COMPONENTIZE: &str = "examples/componentize/Cargo.toml";

/// What all the examples need.
pub(super) struct Tools {
    /// `examples/componentize`.
    componentize: PathBuf,
    /// `tests/examples/command.rs`.
    command: PathBuf,
    /// Our component.
    websocket: PathBuf,
}

impl Tools {
    /// Builds them.
    pub(super) fn build() -> Result<Self> {
        Ok(Self {
            websocket: build_component()?,
            componentize: build_program(&[
                "--manifest-path",
                COMPONENTIZE,
                "--target-dir=target/componentize",
            ])?,
            // With what the tests are built with, so that wasmtime is built once.
            command: build_program(&["--workspace", "--all-features", "--example=command"])?,
        })
    }

    /// Composes a component with ours.
    pub(super) fn compose(&self, app: &Path, out: &Path) -> Result<()> {
        process::run(
            self.componentize("compose")
                .args([app, &self.websocket, out]),
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
        let mut command = Command::new(&self.command);
        process::run(command.arg("compile").args([component, out]))
    }

    /// Runs a compiled command component, whose arguments are to be added.
    pub(super) fn run(&self, compiled: &Path) -> Command {
        let mut command = Command::new(&self.command);
        command.arg("run").arg(compiled);
        command
    }
}
