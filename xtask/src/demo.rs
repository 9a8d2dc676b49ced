//! `cargo xtask demo`: a real exchange over `ws` and `wss`, through the component.

use std::process::Command;

use anyhow::Result;

use crate::cargo::executable;
use crate::{process, setup};

pub(crate) fn run() -> Result<()> {
    setup::wasm()?;
    // With the features that the tests have, so that nothing is built twice.
    let tool = executable(&["--workspace", "--all-features", "--bin=wasocket"])?;
    let mut demo = Command::new(tool);
    demo.arg("demo");
    process::show(demo)
}
