use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::{Tools, dir, file};
use crate::cargo::{executable, executable_for};
use crate::process;
use crate::setup::{self, Arm};

/// The crate as most have it: with a compiler.
pub(super) fn compiled(_: &Tools) -> Result<Vec<PathBuf>> {
    Ok(vec![native()?])
}

pub(super) fn interpreted(_: &Tools) -> Result<Vec<PathBuf>> {
    Ok(vec![native()?, "--interpreted".into()])
}

/// tests/hosts/embedder for this machine.
fn native() -> Result<PathBuf> {
    // As the tests have it, so that nothing is built twice.
    executable(&["--workspace", "--all-features", "--bin=embedder"])
}

pub(super) fn on_arm_64(tools: &Tools) -> Result<Vec<PathBuf>> {
    let [arm, _] = setup::arm()?;
    on(&arm, tools)
}

pub(super) fn on_arm_32(tools: &Tools) -> Result<Vec<PathBuf>> {
    let [_, arm] = setup::arm()?;
    on(&arm, tools)
}

/// tests/hosts/embedder for ARM: a static program without a compiler, which loads the component that
/// was compiled here.
fn on(arm: &Arm, tools: &Tools) -> Result<Vec<PathBuf>> {
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

    fs::create_dir_all(dir())?;
    let compiled = file(format!("{}.cwasm", arm.target));
    process::run(
        tools
            .run()
            .args(["precompile", arm.compiled_for])
            .arg(&compiled),
    )?;
    Ok(vec![arm.qemu.program.clone(), program, compiled])
}
