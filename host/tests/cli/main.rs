//! The tool as a process of its own, against servers in this one.

mod demo;
mod ends;
mod events;
mod exits;
mod messages;
mod options;
mod tool;
mod usage;
