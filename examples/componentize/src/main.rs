//! Makes components of the examples in languages whose own tools do not, by the libraries behind
//! `wit-bindgen` and `wasm-tools`, so that neither has to be installed.
//!
//! ```text
//! componentize bindings c|go WIT WORLD DIR   as `wit-bindgen c|go WIT --world WORLD --out-dir DIR`
//! componentize embed WIT WORLD MODULE OUT    as `wasm-tools component embed WIT --world WORLD`
//! componentize new command|reactor MODULE OUT
//!                                            as `wasm-tools component new --adapt`
//! componentize imports COMPONENT             prints what it imports, a line for each
//! ```

mod bindings;
mod component;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use wit_bindgen_core::wit_parser::{Resolve, WorldId};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("componentize: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["bindings", language, wit, world, dir] => {
            let language = language.parse()?;
            let (resolve, world) = resolve(wit, world)?;
            bindings::generate(language, resolve, world, Path::new(dir))
        }
        ["embed", wit, world, module, out] => {
            let (resolve, world) = resolve(wit, world)?;
            component::embed(&resolve, world, Path::new(module), Path::new(out))
        }
        ["new", kind, module, out] => {
            component::new(kind.parse()?, Path::new(module), Path::new(out))
        }
        ["imports", component] => {
            for import in component::imports(Path::new(component))? {
                println!("{import}");
            }
            Ok(())
        }
        _ => bail!("usage: see the head of examples/componentize/src/main.rs"),
    }
}

/// A world of the WIT in a folder.
fn resolve(wit: &str, world: &str) -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_dir(wit)
        .with_context(|| format!("the WIT in {wit} cannot be read"))?;
    let world = resolve.select_world(&[package], Some(world))?;
    Ok((resolve, world))
}
