//! `cargo xtask component`: builds the component and prints its size.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{cargo, process};

pub(crate) fn run() -> Result<()> {
    let component = cargo::build_component()?;
    let len = fs::metadata(&component)
        .with_context(|| component.display().to_string())?
        .len();
    let compressed =
        process::output_bytes(Command::new("gzip").args(["-9", "-c"]).arg(&component))?;
    println!("{}", component.display());
    println!("{len} bytes, {} with gzip -9", compressed.len());
    Ok(())
}
