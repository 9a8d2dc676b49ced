//! What `docs/errors.md` says that is said, is said.

use integration_tests::guest::{Denied, Network, State, is_close, run_guest_on, types};
use integration_tests::{run, runtime_builder};
use types::{ErrorCode, Event};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, plug};
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};
use wasmtime_wasi::p2;
use wasocket::Grants;

use crate::components::{binary, consumer, exporting, importing};
use crate::folder::Folder;

const DOCUMENT: &str = include_str!("../../../docs/errors.md");

const TWO: [&str; 2] = [
    "wasocket:websocket/types@0.2.0",
    "wasocket:websocket/client@0.2.0",
];

const THREE: [&str; 2] = [
    "wasocket:websocket/types@0.3.0",
    "wasocket:websocket/client@0.3.0",
];

/// What is quoted under a heading of the document, each quotation on one line.
fn quoted(heading: &str) -> Vec<String> {
    let (_, section) = DOCUMENT
        .split_once(&format!("\n## {heading}\n"))
        .expect("a section with this heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    // Every other part is between fences, and starts with the language of the quotation.
    section
        .split("```")
        .skip(1)
        .step_by(2)
        .map(|quotation| {
            let (_, lines) = quotation.split_once('\n').expect("a fence");
            lines.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// A command, and what it says, as a console shows them.
async fn console(folder: &Folder, arguments: &[&str]) -> String {
    let ended = folder.wasocket(arguments).await;
    ended.assert_code(2);
    let stderr = ended.stderr.trim_end();
    format!("$ wasocket {} {stderr}", arguments.join(" "))
}

/// What wac says when it is to compose a component that imports some with one that exports others.
fn plugged(imports: &[&str], exports: &[&str]) -> String {
    let mut graph = CompositionGraph::new();
    let mut register = |name, component| {
        let package = Package::from_bytes(name, None, component, graph.types_mut());
        let registered = graph.register_package(package.expect("a component"));
        registered.expect("another name")
    };
    let socket = register("socket", importing(imports));
    let given = register("plug", exporting(exports));
    let error = plug(&mut graph, vec![given], socket).expect_err("nothing to plug");
    error.to_string()
}

/// What wasmtime says when a host that has this in its linker is to load a component.
fn load(
    component: &[u8],
    add_to_linker: impl FnOnce(&mut Linker<State>) -> wasmtime::Result<()>,
) -> String {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker).expect("a part of WASI");
    let component = Component::from_binary(&engine, component).expect("a component");
    match linker.instantiate_pre(&component) {
        Ok(_) => panic!("it has all that it imports"),
        Err(error) => error.to_string(),
    }
}

/// Asserts that connecting fails with this code and what is quoted there, if the host denies this.
fn assert_denied(denied: Denied, url: &str, code: &ErrorCode, quotation: usize) {
    run_guest_on(Network::default().deny(denied), async |mut guest| {
        let websocket = guest.connect(url, None).await;
        let events = guest.until(websocket, is_close).await;
        let [Event::Error(error), Event::Close(closed)] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(&error.code, code);
        assert_eq!(
            error.message,
            quoted("To connect: the host denies the network")[quotation]
        );
        assert_eq!((closed.code, closed.was_clean), (1006, false));
        guest.drop(websocket).await;
    });
}

#[test]
fn composing_with_the_other_version_is_refused_as_documented() {
    run(async {
        let folder = Folder::with(&[
            ("app-0.2.wasm", &importing(&TWO[1..])),
            ("app-0.3.wasm", &importing(&THREE[1..])),
            ("wasocket-0.2.wasm", wasocket::COMPONENT),
            ("wasocket-0.3.wasm", &exporting(&THREE)),
        ]);
        let with = async |app, other| {
            console(
                &folder,
                &["compose", app, "-o", "composed.wasm", "--with", other],
            )
            .await
        };
        assert_eq!(
            quoted("To compose: the other version of the package"),
            [
                with("app-0.3.wasm", "wasocket-0.2.wasm").await,
                with("app-0.2.wasm", "wasocket-0.3.wasm").await,
                plugged(&THREE, &TWO),
            ]
        );
        assert_eq!(plugged(&TWO, &THREE), plugged(&THREE, &TWO));
    });
}

#[test]
fn composing_what_is_not_a_component_is_refused_as_documented() {
    run(async {
        let folder = Folder::with(&[("module.wasm", &binary("(module)"))]);
        let arguments = ["compose", "module.wasm", "-o", "composed.wasm"];
        assert_eq!(
            quoted("To compose: not a component"),
            [console(&folder, &arguments).await]
        );
    });
}

#[test]
fn wasmtime_refuses_what_is_not_composed_as_documented() {
    let said = load(&consumer("0.2.0"), p2::add_to_linker_async);
    assert_eq!(quoted("To load: not composed"), [said]);
}

#[test]
fn a_host_without_sockets_refuses_the_component_as_documented() {
    let said = load(
        wasocket::COMPONENT,
        p2::add_to_linker_proxy_interfaces_async,
    );
    assert_eq!(quoted("To load: a host without sockets"), [said]);
}

#[test]
fn a_host_that_denies_tcp_fails_the_connection_as_documented() {
    let url = "ws://127.0.0.1:9001/";
    for denied in [Denied::Tcp, Denied::Addresses] {
        assert_denied(denied, url, &ErrorCode::AccessDenied, 0);
    }
}

#[test]
fn a_host_that_denies_lookups_fails_the_connection_as_documented() {
    let code = ErrorCode::NameLookupFailed;
    assert_denied(Denied::Lookups, "ws://localhost/", &code, 1);
}

#[test]
fn a_grant_that_is_missing_is_named_as_documented() {
    run(async {
        let grants = Grants::new().host("0x7f000001", 9001);
        let runtime = runtime_builder().grants(grants).build();
        let runtime = runtime.expect("a runtime");
        let mut said = Vec::new();
        for host in ["127.0.0.1", "localhost", "0x7f000001"] {
            let connected = runtime.connect(&format!("ws://{host}:9001/")).await;
            let error = connected.expect_err("it is not granted");
            said.push(error.to_string());
        }
        assert_eq!(quoted("To connect: a grant is missing"), said);
    });
}

/// Each has its test above.
#[test]
fn nothing_else_is_quoted() {
    let quotations: Vec<(&str, usize)> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| (heading, quoted(heading).len()))
        .collect();
    assert_eq!(
        quotations,
        [
            ("To compose: the other version of the package", 3),
            ("To compose: not a component", 1),
            ("To load: not composed", 1),
            ("To load: a host without sockets", 1),
            ("To connect: the host denies the network", 2),
            ("To connect: a grant is missing", 3),
        ]
    );
}
