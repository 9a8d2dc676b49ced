//! What `cargo xtask hosts` needs of this repository's crates:
//!
//! ```text
//! hosts precompile TARGET OUTPUT      compiles the component for another machine
//! hosts run PROGRAM [ARGUMENT]...     runs a program against a server, over ws and over wss
//! ```
//!
//! The program finds the server's URL in `WASOCKET_URL`, and in `WASOCKET_ROOTS` the root
//! certificate to trust, PEM. It prints `connect ok`, `send ok`, `ping ok` and `close ok`, and
//! `failed: ` with the reason. The lines are printed with the scheme before them.

mod run;

use std::env;
use std::fs;

use anyhow::{Context, Result, bail};
use wasocket::Runtime;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["precompile", target, output] => {
            let compiled = Runtime::precompile_for(target)?;
            fs::write(output, compiled).with_context(|| output.to_owned())
        }
        ["run", program, ref arguments @ ..] => run::run(program, arguments),
        _ => bail!("there is no such command: `{}`", arguments.join(" ")),
    }
}
