//! Components that were compiled elsewhere.

use std::error::Error;
use std::path::Path;

use integration_tests::{Echo, run};
use tempfile::TempDir;
use wasmtime::{Config, Engine};
use wasocket::{COMPONENT, Grants, Runtime, RuntimeError};

use super::assert_echoes;

/// A component without anything in it.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

/// A runtime from a file that has these bytes.
///
/// # Safety
///
/// The bytes are none, or what an engine of this wasmtime compiled.
unsafe fn runtime_from(bytes: &[u8]) -> Result<Runtime, RuntimeError> {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("component.cwasm");
    std::fs::write(&file, bytes).unwrap();
    // SAFETY: nobody else knows the file, which is not changed; the rest is promised to us.
    unsafe { runtime_from_file(&file) }
}

/// # Safety
///
/// As that of `RuntimeBuilder::precompiled`.
unsafe fn runtime_from_file(file: &Path) -> Result<Runtime, RuntimeError> {
    let builder = Runtime::builder().grants(Grants::new().everything());
    // SAFETY: promised to us.
    unsafe { builder.precompiled(file) }.build()
}

/// Asserts that the file was refused, with `reason` in what is said about it.
#[track_caller]
fn assert_refused(made: Result<Runtime, RuntimeError>, reason: &str) {
    let error = made.unwrap_err();
    assert!(
        matches!(error, RuntimeError::Precompiled { .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.starts_with("the precompiled component at "), "{text}");
    let source = error.source().unwrap().to_string();
    assert!(source.contains(reason), "{source}");
}

/// An engine that is configured as the crate's.
pub(super) fn engine() -> Engine {
    let mut config = Config::new();
    config.concurrency_support(false).epoch_interruption(true);
    Engine::new(&config).unwrap()
}

#[test]
fn what_was_precompiled_runs() {
    let precompiled = Runtime::precompile().unwrap();
    // SAFETY: this version of the crate compiled it.
    let runtime = unsafe { runtime_from(&precompiled) }.unwrap();
    run(async {
        let echo = Echo::start().await;
        assert_echoes(&mut runtime.connect(&echo.url()).await.unwrap()).await;
    });
}

#[test]
fn what_was_precompiled_is_run_with_the_tls_that_it_is_for() {
    let directory = TempDir::new().unwrap();
    let [own, hosts] = ["own", "hosts"].map(|name| directory.path().join(name));
    std::fs::write(&own, Runtime::precompile().unwrap()).unwrap();
    std::fs::write(&hosts, Runtime::precompile_for_host_tls().unwrap()).unwrap();
    // SAFETY: this version of the crate compiled it, and nobody else knows the file.
    assert_refused(unsafe { runtime_from_file(&hosts) }, "wasi:tls/types");
    let builder = || Runtime::builder().grants(Grants::new().everything());
    // SAFETY: as above.
    let refused = unsafe { builder().precompiled(&own) }.host_tls().build();
    assert_refused(refused, "it has TLS of its own, and not the host's");
    // SAFETY: as above.
    let runtime = unsafe { builder().precompiled(&hosts) }.host_tls().build();
    let runtime = runtime.unwrap();
    run(async {
        let echo = Echo::start().await;
        assert_echoes(&mut runtime.connect(&echo.url()).await.unwrap()).await;
    });
}

#[test]
fn what_was_precompiled_for_the_interpreter_runs_in_it() {
    let precompiled = Runtime::precompile_for("pulley64").unwrap();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("component.cwasm");
    std::fs::write(&file, precompiled).unwrap();
    let builder = Runtime::builder()
        .grants(Grants::new().everything())
        .interpreted();
    // SAFETY: this version of the crate compiled it, and nobody else knows the file.
    let runtime = unsafe { builder.precompiled(&file) }.build().unwrap();
    run(async {
        let echo = Echo::start().await;
        assert_echoes(&mut runtime.connect(&echo.url()).await.unwrap()).await;
    });
}

#[test]
fn what_was_precompiled_for_another_machine_is_refused() {
    let other = if cfg!(target_arch = "aarch64") {
        "x86_64-unknown-linux-gnu"
    } else {
        "aarch64-unknown-linux-musl"
    };
    let precompiled = Runtime::precompile_for(other).unwrap();
    // SAFETY: this version of the crate compiled it.
    let made = unsafe { runtime_from(&precompiled) };
    assert_refused(made, "architecture");
}

#[test]
fn nothing_is_precompiled_for_a_target_that_is_none() {
    for target in ["", "toaster", "wasm32-wasip2", "x86_64-unknown-linux-gnu\n"] {
        let error = Runtime::precompile_for(target).unwrap_err();
        assert!(matches!(error, RuntimeError::Target { .. }), "{error:?}");
        assert!(
            error.to_string().ends_with(&format!("`{target}`")),
            "{error}"
        );
    }
}

#[test]
fn what_is_not_a_compiled_component_is_refused() {
    let module = engine().precompile_module(b"\0asm\x01\0\0\0").unwrap();
    for bytes in [b"", &b"not a component"[..], b"\x7fELF", COMPONENT, &module] {
        // SAFETY: either there is no code in it, or wasmtime compiled it.
        let made = unsafe { runtime_from(bytes) };
        assert_refused(made, "");
    }
}

#[test]
fn a_file_that_is_not_there_is_refused() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("missing.cwasm");
    // SAFETY: there is nothing to run.
    let made = unsafe { runtime_from_file(&file) };
    assert!(
        made.as_ref()
            .unwrap_err()
            .to_string()
            .contains("missing.cwasm")
    );
    assert_refused(made, "No such file");
}

#[test]
fn what_an_engine_of_another_configuration_compiled_is_refused() {
    let mut config = Config::new();
    config.concurrency_support(false);
    let other = Engine::new(&config).unwrap();
    let compiled = other.precompile_component(EMPTY).unwrap();
    // SAFETY: wasmtime compiled it.
    let made = unsafe { runtime_from(&compiled) };
    assert_refused(made, "epoch interruption");
}

#[test]
fn a_component_of_another_world_is_refused_with_what_it_lacks() {
    let compiled = engine().precompile_component(EMPTY).unwrap();
    // SAFETY: wasmtime compiled it.
    let made = unsafe { runtime_from(&compiled) };
    assert_refused(made, "wasocket:websocket/");
}

#[test]
fn a_component_that_wants_more_than_its_world_has_is_refused_with_what_it_wants() {
    // After the empty one: a section of types with that of a function without parameters and
    // results, and a section of imports with such a function.
    let greedy = [
        EMPTY,
        b"\x07\x05\x01\x40\0\x01\0\x0a\x0b\x01\0\x06greedy\x01\0",
    ]
    .concat();
    let compiled = engine().precompile_component(&greedy).unwrap();
    // SAFETY: wasmtime compiled it.
    let made = unsafe { runtime_from(&compiled) };
    assert_refused(made, "greedy");
}
