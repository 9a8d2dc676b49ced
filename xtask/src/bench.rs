//! `cargo xtask bench`: us and others, side by side in one run.

use anyhow::Result;

use crate::cargo::cargo;
use crate::{process, setup};

pub(crate) fn run(quick: bool) -> Result<()> {
    setup::wasm()?;
    let arguments: &[&str] = if quick {
        // It only has to work: what the tests have built will do, with the features that they have.
        &[
            "--workspace",
            "--all-features",
            "--bench=peers",
            "--profile=dev",
            "--",
            "--quick",
        ]
    } else {
        &["--package=wasocket", "--features=cli", "--bench=peers"]
    };
    let mut command = cargo(&["bench", "--locked"]);
    command.args(arguments);
    process::show(command)
}
