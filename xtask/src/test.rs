//! `cargo xtask test`: all the tests.

use anyhow::{Result, bail};

use crate::cargo::cargo;
use crate::examples::{self, Example};
use crate::{autobahn, process, setup};

/// What to ask for beyond the tests of cargo.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options {
    autobahn: autobahn::Options,
    /// Without Python 2.7 the tests fail, rather than being fewer.
    require_autobahn: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let mut options = Self::default();
        for argument in arguments {
            match *argument {
                "--full-autobahn" => options.autobahn.full = true,
                "--require-autobahn" => options.require_autobahn = true,
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
    process::show(cargo(&[
        "test",
        "--locked",
        "--workspace",
        "--all-features",
    ]))?;
    examples::run(&Example::ALL)?;
    autobahn::run_or_skip(options.autobahn)
}
