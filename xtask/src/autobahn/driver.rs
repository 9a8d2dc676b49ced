use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::server::Identity;
use crate::cargo::{Wasi, executable};
use crate::process;
use crate::setup::{self, workspace_root};

/// How many cases run at once: enough that the suite's own pauses do not count.
const IN_FLIGHT: u32 = 12;

/// What talks to the suite's server: a program that is given the server's URL, the name under which
/// to report, how many cases to run at once, and for `wss` a file of roots.
pub(super) struct Driver {
    program: PathBuf,
    /// What comes before all else on its command line.
    first: Option<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

/// How the component's driver is built. The component itself is the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// As the test command builds it.
    Dev,
    /// As embedders build theirs.
    Release,
}

impl Driver {
    /// The core alone, which talks TCP only.
    pub(super) fn core() -> Result<Self> {
        // Optimized, as it shares the machine with the suite.
        Self::example(&[
            "--package=wasocket-proto",
            "--example=autobahn",
            "--release",
        ])
    }

    /// One of the components: for WASI 0.2 by the host crate, for 0.3 by its own interface.
    pub(super) fn component(wasi: Wasi, profile: Profile) -> Result<Self> {
        setup::wasm()?;
        // With the features that the tests have, so that nothing is built twice.
        let arguments = [
            "--workspace",
            "--all-features",
            "--example=autobahn_component",
            "--release",
        ];
        let example = Self::example(match profile {
            Profile::Dev => &arguments[..3],
            Profile::Release => &arguments,
        })?;
        Ok(Self {
            first: Some(format!("--wasi-{}", wasi.version()).into()),
            ..example
        })
    }

    /// `ws` of npm, which compresses at this level, or at its default one.
    pub(super) fn npm_ws(level: Option<u8>) -> Result<Self> {
        let peers = setup::peers()?;
        let level = level.map(|level| ("WS_LEVEL", level.to_string().into()));
        Ok(Self {
            program: peers.node.program,
            first: Some(workspace_root().join("tests/autobahn/ws.js").into()),
            environment: [("NODE_PATH", peers.node_modules.into())]
                .into_iter()
                .chain(level)
                .collect(),
        })
    }

    fn example(arguments: &[&str]) -> Result<Self> {
        Ok(Self {
            program: executable(arguments)?,
            first: None,
            environment: Vec::new(),
        })
    }

    /// Runs all cases of the server at this URL.
    pub(super) fn command(&self, url: &str, agent: &str, roots: Option<&Path>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.first)
            .args([url, agent, &IN_FLIGHT.to_string()])
            .args(roots)
            .envs(self.environment());
        command
    }

    /// What its environment has to have beyond that of this program.
    pub(super) fn environment(&self) -> Vec<(&'static str, OsString)> {
        self.environment.clone()
    }

    /// What a server of `wss` has, written to this folder. The components' driver alone makes it.
    pub(super) fn identity(&self, dir: &Path) -> Result<Identity> {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        process::run(Command::new(&self.program).arg("--identity").arg(dir))?;
        Ok(Identity {
            chain: dir.join("chain.pem"),
            key: dir.join("key.pem"),
            root: dir.join("root.pem"),
        })
    }
}
