//! Any bytes in answer to the opening handshake.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wasocket_proto::fuzzing;

fuzz_target!(|bytes: &[u8]| fuzzing::response(bytes));
