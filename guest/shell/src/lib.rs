//! What the shells for the versions of WASI have in common, so that each has what is its own: the
//! allocator and what happens at a panic, how much is read at once, the setters of `connect-options`,
//! and the conversions of the types that the versions of the package share.
//!
//! The generated types of two versions are different types for the compiler, however alike. So what
//! deals with them is written once as a macro, and each shell invokes it for its own.

#![cfg(target_os = "wasi")]
#![no_std]

extern crate alloc;

mod c_heap;
mod convert;
mod options;
mod read_len;
mod rt;

// What the macros name, wherever they are invoked.
#[doc(hidden)]
pub use alloc::string::{String, ToString};
#[doc(hidden)]
pub use alloc::vec::Vec;
pub use convert::nanos;
pub use read_len::ReadLen;
#[doc(hidden)]
pub use wasocket_client as client;
