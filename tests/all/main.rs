//! All integration tests, in one binary.

mod close;
mod control;
mod flow;
mod grants;
mod handshake;
mod messages;
