//! The tool as a process of its own, against servers in this one.

mod components;
mod compose;
mod demo;
mod ends;
mod errors;
mod events;
mod exits;
mod folder;
mod messages;
mod options;
mod tool;
mod usage;
