//! The component for WASI 0.3: gives `wasocket:websocket@0.3.0` over `wasi:sockets`, `wasi:clocks`
//! and `wasi:random`, all of 0.3.
//!
//! As the shell for WASI 0.2 it owns sockets, clocks and randomness, decides nothing about the
//! protocol, and is `no_std`. What it has in common with that shell is in `wasocket-shell` and
//! below.
//!
//! Each call is a task of its own, and each websocket has one more, which lives on in the task that
//! connected it. Tasks take turns: one runs until it waits.
//!
//! - `component` implements the exported interface by calling `websocket`;
//! - `websocket` is what the calls on one websocket and its driver share;
//! - `driver` is the one loop, which joins a `WebSocket` and its transport;
//! - `line` keeps calls in the order in which they were made, `inbox` what was not received yet;
//! - `timer` waits for the next deadline, of dialling and then of driving;
//! - `dial` gets a connected socket, `transport` reads from it and writes to it;
//! - `convert` has nothing but conversions to and from the generated types.

#![cfg(target_os = "wasi")]
#![no_std]

extern crate alloc;

mod bindings;
mod component;
mod convert;
mod dial;
mod driver;
mod host;
mod inbox;
mod line;
mod timer;
mod transport;
mod websocket;
