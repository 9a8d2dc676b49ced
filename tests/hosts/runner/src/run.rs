use std::process::{Output, Stdio};

use anyhow::{Context, Result, bail};
use integration_tests::{Authority, Echo, scaled};
use tokio::process::Command;
use tokio::time::timeout;

/// How long a program may take, in milliseconds: most of it is compiling, or being emulated.
const TIME_LIMIT: u64 = 120_000;

/// Runs a program twice, against a server without TLS and one with it, and prints what it prints.
#[tokio::main]
pub(crate) async fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let echo = Echo::start().await;
    converse("ws", program, arguments, &echo.url(), None).await?;

    let authority = Authority::new();
    let echo = Echo::start_tls(&authority.issue()).await;
    let roots = authority.pem();
    converse("wss", program, arguments, &echo.url(), Some(&roots)).await
}

async fn converse(
    scheme: &str,
    program: &str,
    arguments: &[&str],
    url: &str,
    roots: Option<&str>,
) -> Result<()> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("WASOCKET_URL", url)
        .env_remove("WASOCKET_ROOTS")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    if let Some(roots) = roots {
        command.env("WASOCKET_ROOTS", roots);
    }
    let output = timeout(scaled(TIME_LIMIT), command.output()).await;
    let output = output.with_context(|| format!("{command:?} did not end"))?;
    let Output { status, stdout, .. } =
        output.with_context(|| format!("cannot start {command:?}"))?;
    for line in String::from_utf8_lossy(&stdout).lines() {
        println!("{scheme} {line}");
    }
    if !status.success() {
        bail!("{command:?} failed over {scheme} ({status})");
    }
    Ok(())
}
