//! `wasocket compose`: what comes of it, and what it cannot use.

use integration_tests::run;
use wac_graph::types::{Package, Types};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2};

use crate::components::{binary, consumer, exporting, importing};
use crate::folder::Folder;
use crate::tool::Ended;

/// The interfaces of the components that the tool embeds, as messages have them.
const EMBEDDED: &str = "wasocket:websocket/types@0.2.0, wasocket:websocket/client@0.2.0, \
    wasocket:websocket/types@0.3.0, wasocket:websocket/client@0.3.0";

/// Composes `app.wasm` into `composed.wasm`, with these options.
async fn compose(folder: &Folder, options: &[&str]) -> Ended {
    let mut arguments = vec!["compose", "app.wasm", "-o", "composed.wasm"];
    arguments.extend(options);
    folder.wasocket(&arguments).await
}

/// Asserts that nothing was composed, and why.
#[track_caller]
fn assert_failure(folder: &Folder, ended: &Ended, message: &str) {
    ended.assert_failure(2, message);
    assert!(!folder.path("composed.wasm").exists());
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// The names of what a component imports, in alphabetical order.
fn imports(component: &[u8]) -> Vec<String> {
    let mut types = Types::default();
    let package = Package::from_bytes("component", None, component, &mut types);
    let world = package.expect("a component").ty();
    let mut names: Vec<String> = types[world].imports.keys().cloned().collect();
    names.sort_unstable();
    names
}

/// Runs a component on WASI, and returns what its `run` does.
async fn run_on_wasi(component: &[u8]) -> u32 {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    p2::add_to_linker_async(&mut linker).expect("WASI");
    let state = State {
        wasi: WasiCtx::builder().build(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(&engine, state);
    let component = Component::from_binary(&engine, component).expect("a component");
    let instance = linker.instantiate_async(&mut store, &component).await;
    let run = instance
        .expect("all that it imports")
        .get_typed_func::<(), (u32,)>(&mut store, "run")
        .expect("what the consumer exports");
    let (returned,) = run.call_async(&mut store, ()).await.expect("no trap");
    returned
}

#[test]
fn what_is_composed_imports_wasi_alone_and_runs() {
    run(async {
        let folder = Folder::with(&[("app.wasm", &consumer("0.2.0"))]);
        compose(&folder, &[]).await.assert_success("");
        let composed = folder.read("composed.wasm");
        let imports = imports(&composed);
        assert!(
            imports.iter().all(|name| name.starts_with("wasi:")),
            "{imports:?}"
        );
        assert_eq!(imports, self::imports(wasocket::COMPONENT));
        assert_eq!(run_on_wasi(&composed).await, 42);
    });
}

#[test]
fn it_composes_with_the_component_that_it_is_given() {
    run(async {
        let given = exporting(&["wasocket:websocket/client@0.2.0"]);
        let folder = Folder::with(&[
            ("app.wasm", &importing(&["wasocket:websocket/client@0.2.0"])),
            ("other.wasm", &given),
        ]);
        compose(&folder, &["--with", "other.wasm"])
            .await
            .assert_success("");
        let composed = folder.read("composed.wasm");
        assert_eq!(imports(&composed), [""; 0]);
        // It is in there as it is, and that of the tool is not.
        assert!(composed.windows(given.len()).any(|bytes| bytes == given));
        assert!(composed.len() < wasocket::COMPONENT.len());
    });
}

/// Versions `0.2.x` only add to one another.
#[test]
fn a_consumer_of_a_later_version_that_asks_for_nothing_new_is_composed() {
    run(async {
        let folder = Folder::with(&[("app.wasm", &consumer("0.2.9"))]);
        compose(&folder, &[]).await.assert_success("");
        let composed = folder.read("composed.wasm");
        assert_eq!(imports(&composed), imports(wasocket::COMPONENT));
    });
}

#[test]
fn the_composed_component_is_written_to_standard_output() {
    run(async {
        let folder = Folder::with(&[("app.wasm", &consumer("0.2.0"))]);
        compose(&folder, &[]).await.assert_success("");
        let ended = folder
            .wasocket(&["compose", "app.wasm", "--output=-"])
            .await;
        ended.assert_code(0);
        assert!(ended.stdout == folder.read("composed.wasm"));
        assert_eq!(ended.stderr, "");
    });
}

#[test]
fn what_is_not_a_component_is_told_what_it_is() {
    run(async {
        let component = consumer("0.2.0");
        for (content, message) in [
            (
                binary("(module)").as_slice(),
                "a core module, not a component: make a component of it, such as by `wasm-tools \
                 component new`",
            ),
            (
                b"(component)\n",
                "text, not a component: if it is WebAssembly's, make it binary, such as by \
                 `wasm-tools parse`",
            ),
            (
                b"",
                "not a component: it does not start as WebAssembly does",
            ),
            (
                b"\x7fELF\xff",
                "not a component: it does not start as WebAssembly does",
            ),
            (
                // The start of a component, and of a section of 9 bytes.
                b"\0asm\x0d\0\x01\0\x07\x09\x01",
                "not a valid component, or not all of it: unexpected end-of-file (at offset 0xa)",
            ),
        ] {
            let folder = Folder::with(&[("app.wasm", content)]);
            let ended = compose(&folder, &[]).await;
            assert_failure(&folder, &ended, &format!("app.wasm: {message}"));

            // The same of what is given to compose it with.
            let folder = Folder::with(&[("app.wasm", &component), ("other.wasm", content)]);
            let ended = compose(&folder, &["--with", "other.wasm"]).await;
            assert_failure(&folder, &ended, &format!("other.wasm: {message}"));
        }
    });
}

#[test]
fn a_component_that_imports_nothing_of_ours_is_told() {
    run(async {
        for (imports, message) in [
            (&[][..], "it has no imports"),
            (
                &["wasi:io/poll@0.2.6", "wasi:cli/run@0.2.6"],
                "it imports wasi:io/poll@0.2.6, wasi:cli/run@0.2.6",
            ),
        ] {
            let folder = Folder::with(&[("app.wasm", &importing(imports))]);
            let ended = compose(&folder, &[]).await;
            assert_failure(
                &folder,
                &ended,
                &format!(
                    "app.wasm: it imports nothing of wasocket:websocket, so that there is \
                     nothing to compose it with: {message}"
                ),
            );
        }
    });
}

#[test]
fn a_consumer_of_what_the_tool_has_not_is_told_what_it_has() {
    run(async {
        for import in [
            "wasocket:websocket/client@0.1.0",
            "wasocket:websocket/client@0.9.0",
            "wasocket:websocket/client@1.0.0",
            "wasocket:websocket/client",
            "wasocket:websocket/server@0.2.0",
        ] {
            let consumer = importing(&["wasocket:websocket/types@0.2.0", import]);
            let folder = Folder::with(&[("app.wasm", &consumer)]);
            let ended = compose(&folder, &[]).await;
            assert_failure(
                &folder,
                &ended,
                &format!(
                    "app.wasm: it imports {import}, but this tool has {EMBEDDED}: build it \
                     for what is there, or name a component that exports what it imports by --with"
                ),
            );
        }
    });
}

#[test]
fn a_component_to_compose_with_that_has_another_version_is_told_what_it_has() {
    run(async {
        let (two, three) = (
            "wasocket:websocket/client@0.2.0",
            "wasocket:websocket/client@0.3.0",
        );
        for (import, export) in [(two, three), (three, two)] {
            let folder = Folder::with(&[
                ("app.wasm", &importing(&[import])),
                ("other.wasm", &exporting(&["some:other/one", export])),
            ]);
            let ended = compose(&folder, &["--with", "other.wasm"]).await;
            assert_failure(
                &folder,
                &ended,
                &format!(
                    "app.wasm: it imports {import}, but other.wasm has {export}: build \
                     it for what is there, or name a component that exports what it imports by \
                     --with"
                ),
            );
        }
    });
}

#[test]
fn a_component_to_compose_with_that_has_nothing_of_ours_is_told() {
    run(async {
        for (exports, message) in [
            (&[][..], "it has no exports"),
            (&["some:other/one"], "it exports some:other/one"),
        ] {
            let folder = Folder::with(&[
                ("app.wasm", &consumer("0.2.0")),
                ("other.wasm", &exporting(exports)),
            ]);
            let ended = compose(&folder, &["--with", "other.wasm"]).await;
            assert_failure(
                &folder,
                &ended,
                &format!(
                    "other.wasm: it exports nothing of wasocket:websocket, and cannot be given \
                     by --with: {message}"
                ),
            );
        }
    });
}

#[test]
fn a_consumer_that_takes_an_interface_for_another_is_told() {
    run(async {
        let import = "wasocket:websocket/types@0.2.5";
        let consumer = binary(&format!(
            r#"(component (import "{import}" (instance
                (export "later" (func)))))"#
        ));
        let folder = Folder::with(&[("app.wasm", &consumer)]);
        let ended = compose(&folder, &[]).await;
        assert_failure(
            &folder,
            &ended,
            &format!(
                "app.wasm: what it imports as {import} is not what this tool has as \
                 wasocket:websocket/types@0.2.0: build both for the same version: mismatched \
                 instantiation argument `{import}`: instance is missing expected function export \
                 `later`"
            ),
        );
    });
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    run(async {
        let folder = Folder::with(&[]);
        let ended = compose(&folder, &[]).await;
        let missing = "No such file or directory (os error 2)";
        assert_failure(&folder, &ended, &format!("app.wasm: {missing}"));

        let folder = Folder::with(&[("app.wasm", &consumer("0.2.0"))]);
        let ended = compose(&folder, &["--with", "other.wasm"]).await;
        assert_failure(&folder, &ended, &format!("other.wasm: {missing}"));

        for output in ["/nowhere/composed.wasm", "nowhere/composed.wasm"] {
            let ended = folder
                .wasocket(&["compose", "app.wasm", "-o", output])
                .await;
            assert_failure(&folder, &ended, &format!("{output}: {missing}"));
        }
    });
}
