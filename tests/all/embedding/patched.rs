//! The component with a fault in one of its functions, for tests of what a fault does.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use tempfile::TempDir;
use wasmparser::{Encoding, Parser, Payload};
use wasocket::{COMPONENT, Grants, Runtime, RuntimeBuilder};

use super::precompiled::engine;

/// What a function does in place of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// It takes more and more memory; traps when there is none left.
    Grow,
    /// It never returns.
    Spin,
    /// It traps at once.
    Trap,
}

impl Fault {
    /// The start of a function's code, after which anything is valid: the last instruction is
    /// `unreachable`.
    fn code(self) -> &'static [u8] {
        match self {
            // loop, i32.const 16, memory.grow, i32.const -1, i32.eq, if, unreachable, end, br 0,
            // end, unreachable
            Self::Grow => b"\x03\x40\x41\x10\x40\x00\x41\x7f\x46\x04\x40\x00\x0b\x0c\x00\x0b\x00",
            // loop, br 0, end, unreachable
            Self::Spin => b"\x03\x40\x0c\x00\x0b\x00",
            // unreachable
            Self::Trap => b"\x00",
        }
    }
}

/// Sets up a runtime whose component has a fault in the function `name` of the interface `client`,
/// as WIT's core names have it.
pub(super) fn runtime_with(
    name: &'static str,
    fault: Fault,
    set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder,
) -> Runtime {
    let compiled = compiled(name, fault);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("component.cwasm");
    std::fs::write(&file, compiled).unwrap();
    let builder = set_up(Runtime::builder().grants(Grants::new().everything()));
    // SAFETY: an engine of this wasmtime compiled it, and nobody else knows the file.
    unsafe { builder.precompiled(&file) }.build().unwrap()
}

/// Compiles it, unless another test has.
fn compiled(name: &'static str, fault: Fault) -> Vec<u8> {
    static COMPILED: Mutex<BTreeMap<(&str, Fault), Vec<u8>>> = Mutex::new(BTreeMap::new());
    let compile = || {
        let patched = patched(name, fault);
        engine().precompile_component(&patched).unwrap()
    };
    let mut compiled = COMPILED.lock().unwrap();
    compiled
        .entry((name, fault))
        .or_insert_with(compile)
        .clone()
}

/// The component with other code in one function, of the same length.
fn patched(name: &str, fault: Fault) -> Vec<u8> {
    const NOP: u8 = 0x01;
    const END: u8 = 0x0b;
    let mut component = COMPONENT.to_vec();
    let code = &mut component[code_of(&format!("wasocket:websocket/client@0.2.0#{name}"))];
    let (start, rest) = code.split_at_mut(fault.code().len());
    start.copy_from_slice(fault.code());
    rest.fill(NOP);
    *rest.last_mut().unwrap() = END;
    component
}

/// Where the component has the code of the function that one of its modules exports by this name.
fn code_of(export: &str) -> Range<usize> {
    let mut imported = 0;
    let mut defined = 0;
    let mut wanted = None;
    for payload in Parser::new(0).parse_all(COMPONENT) {
        match payload.unwrap() {
            Payload::Version {
                encoding: Encoding::Module,
                ..
            } => (imported, defined, wanted) = (0, 0, None),
            Payload::ImportSection(imports) => {
                imported = imports
                    .into_imports()
                    .filter(|import| {
                        matches!(import.as_ref().unwrap().ty, wasmparser::TypeRef::Func(_))
                    })
                    .count();
            }
            Payload::ExportSection(exports) => {
                let mut exports = exports.into_iter().map(Result::unwrap);
                let found = exports.find(|one| one.name == export);
                wanted = found.map(|one| one.index as usize - imported);
            }
            Payload::CodeSectionEntry(body) => {
                if wanted == Some(defined) {
                    let code = body.get_operators_reader().unwrap().original_position();
                    return code..body.range().end;
                }
                defined += 1;
            }
            _ => {}
        }
    }
    panic!("no module exports {export}");
}
