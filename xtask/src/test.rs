//! `cargo xtask test`: all the tests.

use anyhow::Result;

use crate::cargo::cargo;
use crate::{process, setup};

pub(crate) fn run() -> Result<()> {
    setup::wasm()?;
    setup::peers()?;
    process::show(cargo(&[
        "test",
        "--locked",
        "--workspace",
        "--all-features",
    ]))
}
