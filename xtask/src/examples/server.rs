use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::autobahn::Identity;
use crate::setup::{self, workspace_root};

/// `tests/peers/python/server.py`, until it is dropped.
pub(super) struct Server {
    process: Child,
    port: u16,
    scheme: &'static str,
}

impl Server {
    /// Starts it, with TLS if it has an identity; what it sees is written to `log`.
    pub(super) fn start(identity: Option<&Identity>, log: &Path) -> Result<Self> {
        // It adds to what is there.
        match fs::remove_file(log) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| log.display().to_string());
            }
            _ => {}
        }
        let python = setup::python_peer()?;
        let mut command = Command::new(&python.program);
        command
            .arg(workspace_root().join("tests/peers/python/server.py"))
            .arg("--log")
            .arg(log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(Identity { chain, key, .. }) = identity {
            command.arg("--cert").arg(chain).arg("--key").arg(key);
        }
        let mut process = command
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let port = line
            .strip_prefix("listening ")
            .and_then(|port| port.trim_end().parse().ok())
            .with_context(|| format!("{command:?} does not say where it listens: {line:?}"))?;
        let scheme = if identity.is_some() { "wss" } else { "ws" };
        Ok(Self {
            process,
            port,
            scheme,
        })
    }

    /// Its host and port.
    pub(super) fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Where it is, with a path that says what it is to do.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its standard input, and has written its log then.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
