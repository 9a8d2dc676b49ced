//! `cargo xtask bench`: us and others, side by side in one run.

use anyhow::Result;

use crate::cargo::cargo;
use crate::{process, setup};

pub(crate) fn run(quick: bool) -> Result<()> {
    setup::wasm()?;
    let mut command = cargo(&[
        "bench",
        "--locked",
        "--package=wasocket",
        "--features=cli",
        "--bench=peers",
    ]);
    if quick {
        // It only has to work: what the tests have built will do.
        command.args(["--profile=dev", "--", "--quick"]);
    }
    process::show(command)
}
