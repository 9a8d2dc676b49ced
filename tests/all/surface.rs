//! What the built components ask of their hosts, what they give, and how large they are: what must
//! not change unnoticed.

use wasmparser::{Parser, Payload, Validator, WasmFeatures};
use wasocket::{COMPONENT, COMPONENT_0_3, COMPONENT_WASI_TLS};

/// What is pinned of a component.
struct Surface {
    component: &'static [u8],
    /// All that it may ask of its host, in the order of the world `imports`. Each is something that
    /// every embedder has to give, and to trust us with.
    imports: &'static [&'static str],
    exports: &'static [&'static str],
    /// Its `world.wit`, where hosts read that, if it has one.
    world: Option<&'static str>,
    /// The newest features of an engine that it needs.
    features: WasmFeatures,
    /// How large it may be, in bytes. Mozilla's roots, rustls and ring are by far the most of it, and
    /// zlib-rs a tenth; what comes near the limit is a new dependency, or a lost optimization, and
    /// wants a reason.
    max_len: usize,
}

static SURFACES: [Surface; 3] = [
    Surface {
        component: COMPONENT,
        imports: &[
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
        ],
        exports: &[
            "wasocket:websocket/types@0.2.0",
            "wasocket:websocket/client@0.2.0",
        ],
        world: Some(include_str!("../../wit/0.2/world.wit")),
        // The second version of WebAssembly has SIMD; what came after it not every host has.
        features: WasmFeatures::WASM2.union(WasmFeatures::COMPONENT_MODEL),
        // It is 1,037,480 bytes large.
        max_len: 1_040_000,
    },
    Surface {
        component: COMPONENT_0_3,
        imports: &[
            "wasi:clocks/types@0.3.0",
            "wasi:clocks/monotonic-clock@0.3.0",
            "wasi:clocks/system-clock@0.3.0",
            "wasi:random/random@0.3.0",
            "wasi:sockets/types@0.3.0",
            "wasi:sockets/ip-name-lookup@0.3.0",
        ],
        exports: &[
            "wasocket:websocket/types@0.3.0",
            "wasocket:websocket/client@0.3.0",
        ],
        world: Some(include_str!("../../wit/0.3/world.wit")),
        features: WasmFeatures::WASM2
            .union(WasmFeatures::COMPONENT_MODEL)
            .union(WasmFeatures::CM_ASYNC),
        // It is 1,109,117 bytes large.
        max_len: 1_112_000,
    },
    Surface {
        component: COMPONENT_WASI_TLS,
        imports: &[
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
            "wasi:tls/types@0.2.0-draft",
        ],
        exports: &[
            "wasocket:websocket/types@0.2.0",
            "wasocket:websocket/client@0.2.0",
        ],
        world: None,
        features: WasmFeatures::WASM2.union(WasmFeatures::COMPONENT_MODEL),
        // It is 398,320 bytes large.
        max_len: 403_000,
    },
];

/// The names of what a component imports and of what it exports, each in alphabetical order.
fn names(component: &'static [u8]) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    // How many modules and components the parser is in.
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
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

fn sorted(names: &[&'static str]) -> Vec<&'static str> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}

#[test]
fn a_component_imports_what_it_needs_and_nothing_more() {
    for surface in &SURFACES {
        assert_eq!(names(surface.component).0, sorted(surface.imports));
    }
}

#[test]
fn a_component_exports_the_client_and_its_types() {
    for surface in &SURFACES {
        assert_eq!(names(surface.component).1, sorted(surface.exports));
    }
}

/// Hosts read it there.
#[test]
fn the_world_of_imports_names_what_a_component_imports() {
    for surface in &SURFACES {
        let Some(world) = surface.world else {
            continue;
        };
        let (_, imports) = world.split_once("world imports {\n").unwrap();
        let (imports, _) = imports.split_once("\n}").unwrap();
        let expected = surface
            .imports
            .iter()
            .map(|name| format!("    import {name};"));
        assert!(imports.lines().eq(expected), "{imports}");
    }
}

#[test]
fn a_component_needs_no_newer_engine_than_is_said() {
    for surface in &SURFACES {
        let valid = Validator::new_with_features(surface.features).validate_all(surface.component);
        assert_eq!(valid.err().map(|error| error.to_string()), None);
    }
}

#[test]
fn a_component_is_within_its_budget() {
    for surface in &SURFACES {
        let len = surface.component.len();
        assert!(len <= surface.max_len, "{len} bytes");
    }
}
