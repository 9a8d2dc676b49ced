//! A program that embeds the host crate: it connects to the URL in `WASOCKET_URL`, sends, pings and
//! closes, and prints for each of these functions whether it worked. `WASOCKET_ROOTS` has the root
//! certificates to trust, PEM.
//!
//! ```console
//! $ embedder                # compiles the component
//! $ embedder --interpreted  # compiles it for the interpreter
//! $ embedder COMPILED       # loads what was compiled elsewhere, as small devices do
//! ```

mod converse;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use wasocket::Runtime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let url = env::var("WASOCKET_URL").map_err(|error| format!("WASOCKET_URL: {error}"))?;
    let roots = env::var("WASOCKET_ROOTS").ok();
    let runtime = runtime(env::args().nth(1).as_deref())?;
    converse::converse(&runtime, &url, roots.as_deref()).await?;
    Ok(())
}

fn runtime(argument: Option<&str>) -> Result<Runtime, Box<dyn Error>> {
    let builder = Runtime::builder();
    let builder = match argument {
        #[cfg(feature = "compile")]
        None => builder,
        #[cfg(not(feature = "compile"))]
        None => return Err("where is the compiled component? Give its file".into()),
        #[cfg(feature = "compile")]
        Some("--interpreted") => builder.interpreted(),
        // SAFETY: whoever starts this program vouches for the file, as for the program.
        Some(compiled) => unsafe { builder.precompiled(compiled) },
    };
    builder.build().map_err(|error| match error.source() {
        Some(source) => format!("{error}: {source}").into(),
        None => error.into(),
    })
}
