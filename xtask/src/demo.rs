//! `cargo xtask demo`: a real exchange over `ws` and `wss`, through the component.

use anyhow::Result;

use crate::cargo::cargo;
use crate::{process, setup};

pub(crate) fn run() -> Result<()> {
    setup::wasm()?;
    process::show(cargo(&[
        "run",
        "--locked",
        "--package=wasocket",
        "--features=cli",
        "--bin=wasocket",
        "--",
        "demo",
    ]))
}
