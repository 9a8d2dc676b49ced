//! Components to compose, as small as they can be.

/// A component that imports some of `client` of this version of the package, and some of WASI, older
/// than ours. Its `run` makes `connect-options`, calls a setter, and returns 42.
pub(crate) fn consumer(version: &str) -> Vec<u8> {
    binary(&format!(
        r#"(component
            (import "wasi:io/poll@0.2.6" (instance (export "pollable" (type (sub resource)))))
            (import "wasocket:websocket/client@{version}" (instance $client
                (export "connect-options" (type $options (sub resource)))
                (export "[constructor]connect-options" (func (result (own $options))))
                (export "[method]connect-options.set-deflate-threshold"
                    (func (param "self" (borrow $options)) (param "bytes" u64)))))
            (core func $new (canon lower (func $client "[constructor]connect-options")))
            (core func $set (canon lower
                (func $client "[method]connect-options.set-deflate-threshold")))
            (core module $module
                (import "client" "new" (func $new (result i32)))
                (import "client" "set" (func $set (param i32 i64)))
                (func (export "run") (result i32)
                    (call $set (call $new) (i64.const 7))
                    (i32.const 42)))
            (core instance $instance (instantiate $module (with "client" (instance
                (export "new" (func $new))
                (export "set" (func $set))))))
            (func (export "run") (result u32) (canon lift (core func $instance "run"))))"#
    ))
}

/// A component that imports these instances, and nothing of what they are to have.
pub(crate) fn importing(names: &[&str]) -> Vec<u8> {
    let imports = names
        .iter()
        .map(|name| format!(r#"(import "{name}" (instance))"#));
    binary(&format!("(component {})", imports.collect::<String>()))
}

/// A component that exports these instances, without anything in them.
pub(crate) fn exporting(names: &[&str]) -> Vec<u8> {
    let exports = names
        .iter()
        .map(|name| format!(r#"(export "{name}" (instance $empty))"#));
    binary(&format!(
        "(component (instance $empty) {})",
        exports.collect::<String>()
    ))
}

/// Makes a component of its text.
pub(crate) fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a component")
}
