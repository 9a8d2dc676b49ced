//! The component for WASI 0.2: gives `wasocket:websocket@0.2.0` over `wasi:sockets`, `wasi:io`,
//! `wasi:clocks` and `wasi:random`.
//!
//! A shell owns sockets, clocks and randomness, and decides nothing about the protocol: that is
//! done in `wasocket-client` and below. What it has in common with the shell for WASI 0.3 is in
//! `wasocket-shell`. It is `no_std`, because the standard library would import
//! standard streams, environment and exit from the host, which the component does not need.
//!
//! - `component` implements the exported interface by calling `driver`;
//! - `driver` is the one loop, which joins a `WebSocket` and a `Transport`;
//! - `wait` is the one call that blocks;
//! - `transport` resolves names, connects, reads and writes;
//! - `tls` is what the component does by itself, or, with the feature `wasi-tls`, by its host;
//! - `convert` has nothing but conversions to and from the generated types.

#![cfg(target_os = "wasi")]
#![no_std]

extern crate alloc;

mod bindings;
mod component;
mod convert;
mod driver;
mod host;
#[cfg_attr(feature = "wasi-tls", path = "tls/host.rs")]
#[cfg_attr(not(feature = "wasi-tls"), path = "tls/own.rs")]
mod tls;
mod transport;
mod wait;
