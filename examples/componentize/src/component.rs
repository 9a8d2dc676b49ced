use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_bindgen_core::wit_parser::{Resolve, WorldId};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};

/// Writes into a module which world it uses, for languages whose bindings do not.
pub(crate) fn embed(resolve: &Resolve, world: WorldId, module: &Path, out: &Path) -> Result<()> {
    let mut bytes = read(module)?;
    wit_component::embed_component_metadata(&mut bytes, resolve, world, StringEncoding::UTF8)?;
    write(out, &bytes)
}

/// What a module is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A program, with a `main` to be run.
    Command,
    /// A library, which exports what its world says.
    Reactor,
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "command" => Ok(Self::Command),
            "reactor" => Ok(Self::Reactor),
            other => bail!("a module is a `command` or a `reactor`, not a `{other}`"),
        }
    }
}

/// Makes a component of a module that uses WASI in its first version, as wasi-libc and Go do.
pub(crate) fn new(kind: Kind, module: &Path, out: &Path) -> Result<()> {
    let adapter = match kind {
        Kind::Command => WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
        Kind::Reactor => WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
    };
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&read(module)?)?
        .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)?
        .encode()
        .with_context(|| format!("no component can be made of {}", module.display()))?;
    write(out, &component)
}

/// What a component imports.
pub(crate) fn imports(component: &Path) -> Result<Vec<String>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&read(component)?)? else {
        bail!("{} is a package of WIT", component.display());
    };
    let imports = &resolve.worlds[world].imports;
    Ok(imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect())
}

pub(crate) fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| file.display().to_string())
}

pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).with_context(|| file.display().to_string())
}
