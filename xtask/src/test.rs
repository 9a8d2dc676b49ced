//! `cargo xtask test`: all the tests.

use anyhow::{Result, bail};

use crate::cargo::cargo;
use crate::examples::{self, Example};
use crate::{autobahn, hosts, node, process, setup};

/// What to ask for beyond the tests of cargo.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    autobahn: autobahn::Options,
    /// Without Python 2.7 the tests fail, rather than being fewer.
    require_autobahn: bool,
    /// The same, without a Node that is new enough for the package.
    require_node: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "--full-autobahn" => options.autobahn.full = true,
                "--require-autobahn" => options.require_autobahn = true,
                "--require-node" => options.require_node = true,
                other => bail!("test has no option `{other}`; `cargo xtask help` lists them"),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(options: Options) -> Result<()> {
    setup::wasm()?;
    setup::peers()?;
    if options.require_autobahn {
        // Before the tests that take minutes.
        autobahn::require()?;
    }
    if options.require_node {
        node::require()?;
    }
    process::show(cargo(&[
        "test",
        "--locked",
        "--workspace",
        "--all-features",
    ]))?;
    test_cipher_in_wasm()?;
    examples::run(&Example::ALL)?;
    node::run_or_skip()?;
    autobahn::run_or_skip(options.autobahn)
}

/// The cipher works on arrays natively, which the tests of the workspace try, and on vectors in wasm.
fn test_cipher_in_wasm() -> Result<()> {
    let runner = [hosts::wasmtime()?, "run".into()];
    process::show(cargo(&[
        "test",
        "--locked",
        "--package=wasocket-chacha20poly1305",
        "--target=wasm32-wasip2",
        "--target-dir=target/guest",
        "--config",
        &format!("target.wasm32-wasip2.runner={runner:?}"),
    ]))
}
