//! What counts instructions.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::apt;
use crate::process::find;

/// The system's valgrind; installed where that can be done without asking.
pub(super) fn ensure() -> Result<PathBuf> {
    if let Some(valgrind) = find("valgrind") {
        return Ok(valgrind);
    }
    if !apt::may_install() {
        bail!("there is no valgrind: install it, by its package of that name");
    }
    apt::install(&["valgrind"])?;
    find("valgrind").context("Debian's package has no valgrind")
}
