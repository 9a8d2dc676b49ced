//! The crate's example of a host of plugins, with one of the examples as its plugin.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::server::Server;
use crate::cargo::executable;

/// Runs a component, which was not composed, as a plugin that may reach the server, and as one that
/// may not.
pub(super) fn check(plugin: &Path, dir: &Path) -> Result<()> {
    let host = executable(&["--workspace", "--all-features", "--example=plugin_host"])?;
    let run = |granted: &str| {
        let mut command = Command::new(&host);
        command.arg(plugin).arg(granted);
        command
    };
    let log = dir.join("plugin-host.log");
    super::talk(|server| run(&server.address()), None, &log)?;

    let server = Server::start(None, &log)?;
    // Of this machine, and not the server's.
    let denied = run("localhost:1").arg(server.url("/echo")).output()?;
    let told = String::from_utf8_lossy(&denied.stderr);
    ensure!(
        !denied.status.success() && told.contains("access denied"),
        "a plugin that may not reach the server told:\n{told}"
    );
    Ok(())
}
