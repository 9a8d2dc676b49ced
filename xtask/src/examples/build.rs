use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::tools::{COMPONENTIZE, Tools};
use super::{Example, source};
use crate::cargo::{build_guest, source_of};
use crate::process;
use crate::setup;

/// Makes a component of an example; returns where it is. Files that it takes go below `dir`.
pub(super) fn component(example: Example, tools: &Tools, dir: &Path) -> Result<PathBuf> {
    match example {
        Example::Rust => build_guest("wasocket-example", "rust.wasm"),
        Example::Rust03 => build_guest("wasocket-example-0-3", "wasocket_example_0_3.wasm"),
        Example::JavaScript => javascript(&dir.with_extension("wasm")),
        Example::Python => python(&dir.with_extension("wasm")),
        Example::C => c(tools, dir),
        Example::Go => go(tools, dir),
    }
}

fn javascript(out: &Path) -> Result<PathBuf> {
    let (script, node) = setup::componentize_js()?;
    process::run(
        Command::new(node)
            .arg(script.program)
            .arg(source("javascript/main.js"))
            .arg("--wit")
            .arg(source("wit"))
            .args(["--world-name", "command", "--out"])
            .arg(out)
            // It asks for the time alone, beside what its world says.
            .args(["--disable", "random", "http", "fetch-event"]),
    )?;
    Ok(out.to_owned())
}

fn python(out: &Path) -> Result<PathBuf> {
    let tool = setup::componentize_py()?;
    process::run(
        Command::new(tool.program)
            .arg("--wit-path")
            .arg(source("wit"))
            .args(["--world", "command", "componentize", "--python-path"])
            .arg(source("python"))
            .args(["main", "--output"])
            .arg(out),
    )?;
    Ok(out.to_owned())
}

fn c(tools: &Tools, dir: &Path) -> Result<PathBuf> {
    tools.bindings("c", "program", dir)?;
    let module = dir.join("module.wasm");
    let zig = setup::zig()?.program;
    process::run(
        Command::new(&zig)
            // Or else it would write below the home directory.
            .env("ZIG_GLOBAL_CACHE_DIR", zig.with_file_name("cache"))
            .args(["cc", "-target", "wasm32-wasi", "-std=c17", "-Os"])
            .args(["-Wall", "-Wextra", "-Werror", "-I"])
            .arg(dir)
            .args([source("c/main.c"), source("c/websocket.c")])
            .args(["program.c", "program_component_type.o"].map(|file| dir.join(file)))
            .arg("-o")
            .arg(&module),
    )?;
    let component = dir.with_extension("wasm");
    process::run(
        tools
            .componentize("new")
            .arg("command")
            .args([&module, &component]),
    )?;
    Ok(component)
}

fn go(tools: &Tools, dir: &Path) -> Result<PathBuf> {
    let bindings = dir.join("bindings");
    tools.bindings("go", "command", &bindings)?;
    write(&bindings.join("go.mod"), "module bindings\n\ngo 1.26\n")?;
    // What the bindings use comes with their generator, so that Go has nothing to download.
    let runtime = source_of("wit-bindgen-go", COMPONENTIZE)?.join("src/pkg");
    let modules = [&source("go"), &bindings, &runtime].map(|module| module.display().to_string());
    let workspace = dir.join("go.work");
    write(
        &workspace,
        &format!("go 1.26\n\nuse (\n\t{}\n)\n", modules.join("\n\t")),
    )?;

    let module = dir.join("module.wasm");
    process::run(
        Command::new(setup::go()?.program)
            // A library: the allocator of a program cannot be called before the program runs.
            .args(["build", "-buildmode=c-shared"])
            // The bindings' package has that allocator by its name, which the linker forbids.
            .args(["-ldflags=-checklinkname=0 -s -w", "-o"])
            .arg(&module)
            .arg(".")
            .current_dir(source("go"))
            .envs([("GOOS", "wasip1"), ("GOARCH", "wasm")])
            .envs([("GOTOOLCHAIN", "local"), ("GOPROXY", "off")])
            .env("GOWORK", &workspace)
            // Or else it would write below the home directory.
            .env("GOCACHE", dir.join("cache"))
            .env("GOPATH", dir.join("path")),
    )?;
    let embedded = dir.join("embedded.wasm");
    process::run(
        tools
            .componentize("embed")
            .arg(source("wit"))
            .arg("command")
            .args([&module, &embedded]),
    )?;
    let component = dir.with_extension("wasm");
    process::run(
        tools
            .componentize("new")
            .arg("reactor")
            .args([&embedded, &component]),
    )?;
    Ok(component)
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| file.display().to_string())
}
