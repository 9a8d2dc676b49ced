//! `cargo xtask soak`: many connections with faults of the network, for a stated time.

use anyhow::Result;

use crate::cargo::cargo;
use crate::{process, setup};

/// `options` are the program's own, which judges them.
pub(crate) fn run(options: &[String]) -> Result<()> {
    setup::wasm()?;
    let mut command = cargo(&["bench", "--locked"]);
    // What the tests have built will do: it is not about speed.
    command
        .args([
            "--workspace",
            "--all-features",
            "--bench=soak",
            "--profile=dev",
            "--",
        ])
        .args(options);
    process::show(command)
}
