//! The tool as a process of its own, against servers in this one.

mod bench;
mod components;
mod compose;
mod demo;
mod ends;
mod errors;
mod events;
mod exits;
mod files;
mod folder;
#[cfg(target_os = "linux")]
mod interactive;
mod messages;
mod options;
mod pages;
mod reconnect;
mod sending;
mod tool;
mod usage;
