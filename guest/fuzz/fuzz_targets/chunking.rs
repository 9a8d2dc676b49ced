//! Input whole and in pieces: the same outcome.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wasocket_proto::fuzzing;

fuzz_target!(|input: (&[u8], &[u8])| fuzzing::chunking(input.0, input.1));
