//! `cargo xtask component`: builds the components, with TLS, without, and with the host's, and the one that
//! the crate embeds, and prints their sizes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::Wasi;
use crate::{cargo, process};

pub(crate) fn run() -> Result<()> {
    for wasi in Wasi::ALL {
        show(&cargo::build_component(wasi)?)?;
        show(&cargo::build_component_without_tls(wasi)?)?;
    }
    show(&cargo::build_component_with_host_tls()?)?;
    show(&cargo::build_embedded_component()?)
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
