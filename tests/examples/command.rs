//! Runs a command component as `wasmtime run` does, with the network granted.
//!
//! ```text
//! command compile COMPONENT OUT
//! command run COMPILED [ARGUMENT...]
//! ```
//!
//! The component gets the arguments, the environment and the standard streams of this program, and
//! the network, and nothing else: no files.

use std::process::ExitCode;
use std::{env, fs};

use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Error, OptLevel, Store};
use wasmtime_wasi::p2::{self, bindings::Command};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [command, component, out] if command == "compile" => {
            fs::write(out, engine()?.precompile_component(&fs::read(component)?)?)?;
            Ok(ExitCode::SUCCESS)
        }
        [command, arguments @ ..] if command == "run" && !arguments.is_empty() => {
            run(arguments).await
        }
        _ => Err(Error::msg(
            "usage: command compile COMPONENT OUT | run COMPILED [ARGUMENT...]",
        )),
    }
}

/// Some components have a whole interpreter in them: to compile that well would take longer than
/// they run.
fn engine() -> Result<Engine, Error> {
    Engine::new(Config::new().cranelift_opt_level(OptLevel::None))
}

async fn run(arguments: &[String]) -> Result<ExitCode, Error> {
    let engine = engine()?;
    // SAFETY: who runs this has the file from the command above.
    let component = unsafe { Component::deserialize_file(&engine, &arguments[0])? };
    let mut linker = Linker::new(&engine);
    p2::add_to_linker_async(&mut linker)?;
    let wasi = WasiCtx::builder()
        .args(arguments)
        .inherit_env()
        .inherit_stdio()
        .inherit_network()
        .allow_tcp(true)
        .allow_ip_name_lookup(true)
        .build();
    let table = ResourceTable::new();
    let mut store = Store::new(&engine, State { wasi, table });
    let command = Command::instantiate_async(&mut store, &component, &linker).await?;
    let result = command.wasi_cli_run().call_run(&mut store).await?;
    Ok(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(()) => ExitCode::FAILURE,
    })
}
