//! Calls in any order, in turn and out of turn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wasocket_proto::fuzzing::{self, Operation};

fuzz_target!(|operations: Vec<Operation>| fuzzing::connection(operations));
