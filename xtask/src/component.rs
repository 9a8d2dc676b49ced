//! `cargo xtask component`: builds the components, with TLS, without, and with the host's, and the one that
//! the crate embeds, and prints their sizes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::Component;
use crate::process;

pub(crate) fn run() -> Result<()> {
    Component::ALL
        .into_iter()
        .try_for_each(|component| show(&component.build()?))
}

fn show(component: &Path) -> Result<()> {
    let len = fs::metadata(component)
        .with_context(|| component.display().to_string())?
        .len();
    let compressed = process::output_bytes(Command::new("gzip").args(["-9", "-c"]).arg(component))?;
    println!("{}", component.display());
    println!("{len} bytes, {} with gzip -9", compressed.len());
    Ok(())
}
