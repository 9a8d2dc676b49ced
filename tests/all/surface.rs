//! What the built component asks of its host, what it gives, and how large it is: what must not
//! change unnoticed.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wasocket::COMPONENT;

/// All that the component may ask of its host, in the order of `wit/0.2/world.wit`. Each is something
/// that every embedder has to give, and to trust us with.
const IMPORTS: [&str; 11] = [
    "wasi:io/error@0.2.12",
    "wasi:io/poll@0.2.12",
    "wasi:io/streams@0.2.12",
    "wasi:clocks/monotonic-clock@0.2.12",
    "wasi:clocks/wall-clock@0.2.12",
    "wasi:random/random@0.2.12",
    "wasi:sockets/network@0.2.12",
    "wasi:sockets/instance-network@0.2.12",
    "wasi:sockets/ip-name-lookup@0.2.12",
    "wasi:sockets/tcp@0.2.12",
    "wasi:sockets/tcp-create-socket@0.2.12",
];

const EXPORTS: [&str; 2] = [
    "wasocket:websocket/types@0.2.0",
    "wasocket:websocket/client@0.2.0",
];

/// How large the component may be, in bytes. It is 1,396,284 bytes large, of which Mozilla's roots,
/// rustls and ring are by far the most, and zlib-rs a tenth; what comes near the limit is a new dependency, or a lost
/// optimization, and wants a reason.
const MAX_LEN: usize = 1_430_000;

/// The names of what the component imports and of what it exports, each in alphabetical order.
fn surface() -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    // How many modules and components the parser is in.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(COMPONENT) {
        match payload.unwrap() {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 1 => {
                imports.extend(section.into_iter().map(|import| import.unwrap().name.name));
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                exports.extend(section.into_iter().map(|export| export.unwrap().name.name));
            }
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    imports.sort_unstable();
    exports.sort_unstable();
    (imports, exports)
}

fn sorted<const LEN: usize>(mut names: [&str; LEN]) -> [&str; LEN] {
    names.sort_unstable();
    names
}

#[test]
fn the_component_imports_what_it_needs_and_nothing_more() {
    assert_eq!(surface().0, sorted(IMPORTS));
}

#[test]
fn the_component_exports_the_client_and_its_types() {
    assert_eq!(surface().1, sorted(EXPORTS));
}

/// Hosts read it there.
#[test]
fn the_world_of_imports_names_what_the_component_imports() {
    let world = include_str!("../../wit/0.2/world.wit");
    let (_, imports) = world.split_once("world imports {\n").unwrap();
    let (imports, _) = imports.split_once("\n}").unwrap();
    let expected = IMPORTS.map(|name| format!("    import {name};"));
    assert_eq!(imports.lines().collect::<Vec<_>>(), expected);
}

/// The second version of WebAssembly has SIMD; what came after it not every host has.
#[test]
fn the_component_needs_no_newer_engine_than_one_with_simd() {
    let features = WasmFeatures::WASM2 | WasmFeatures::COMPONENT_MODEL;
    let valid = Validator::new_with_features(features).validate_all(COMPONENT);
    assert_eq!(valid.err().map(|error| error.to_string()), None);
}

#[test]
fn the_component_is_within_its_budget() {
    let len = COMPONENT.len();
    assert!(len <= MAX_LEN, "{len} bytes");
}
