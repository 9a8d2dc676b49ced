//! `cargo xtask profile`: where in the component the time goes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cargo::{build_embedded_component_with_names, executable};
use crate::process;
use crate::setup::workspace_root;

/// What to look at.
pub(crate) struct Options {
    work: String,
    component: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self> {
        let (work, component) = match arguments {
            [work] => (work, None),
            [work, "--component", file] => (work, Some(file.into())),
            _ => bail!("profile takes a work, such as `wss send-long`, and `--component FILE`"),
        };
        Ok(Self {
            work: (*work).to_owned(),
            component,
        })
    }
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let perf = process::find("perf").context("there is no `perf`, which is Linux's profiler")?;
    let component = match &options.component {
        Some(file) => file.clone(),
        None => build_embedded_component_with_names()?,
    };
    // With the features of the benchmark of peers, so that what both take is built once.
    let program = executable(&[
        "--release",
        "--package=wasocket",
        "--features=cli,wasi-tls",
        "--bench=engine",
    ])?;
    let data = workspace_root().join("target/profile.data");
    let mut record = Command::new(&perf);
    record.args(["record", "--quiet", "--freq=1999", "--output"]);
    record.arg(&data).arg(&program);
    record.arg("--profile").arg(&component).arg(&options.work);
    process::show(record)?;
    let mut report = Command::new(&perf);
    report.args(["report", "--stdio", "--quiet", "--percent-limit=1"]);
    report
        .args(["--fields=overhead,symbol", "--input"])
        .arg(&data);
    process::show(report)
}
