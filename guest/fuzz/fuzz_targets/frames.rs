//! Any bytes on an open connection.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wasocket_proto::fuzzing;

fuzz_target!(|bytes: &[u8]| fuzzing::frames(bytes));
