use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{Tools, file};
use crate::cargo::{executable, executable_for};
use crate::setup::{self, Arm};

/// The crate as most have it: with a compiler.
pub(super) fn compiled(tools: &Tools) -> Result<Command> {
    Ok(tools.serve(&native()?))
}

pub(super) fn interpreted(tools: &Tools) -> Result<Command> {
    let mut command = tools.serve(&native()?);
    command.arg("--interpreted");
    Ok(command)
}

/// tests/hosts/embedder for this machine.
fn native() -> Result<PathBuf> {
    // As the tests have it, so that nothing is built twice.
    executable(&["--workspace", "--all-features", "--bin=embedder"])
}

pub(super) fn on_arm_64(tools: &Tools) -> Result<Command> {
    let [arm, _] = setup::arm()?;
    on(&arm, tools)
}

pub(super) fn on_arm_32(tools: &Tools) -> Result<Command> {
    let [_, arm] = setup::arm()?;
    on(&arm, tools)
}

/// tests/hosts/embedder for ARM: a static program without a compiler, which loads the component that
/// was compiled here.
fn on(arm: &Arm, tools: &Tools) -> Result<Command> {
    let target = arm.target.replace('-', "_");
    let gcc = arm.gcc.program.as_os_str();
    let environment = [
        (format!("CC_{target}"), gcc.to_owned()),
        (
            format!("CARGO_TARGET_{}_LINKER", target.to_uppercase()),
            gcc.to_owned(),
        ),
        (
            format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase()),
            OsString::from("-Ctarget-feature=+crt-static"),
        ),
    ];
    let target = format!("--target={}", arm.target);
    let program = executable_for(&["--package=embedder", &target], &environment)?;

    let compiled = file(format!("{}.cwasm", arm.target));
    tools.precompile(arm.compiled_for, &compiled)?;
    let mut command = tools.serve(&arm.qemu.program);
    command.args([program, compiled]);
    Ok(command)
}
