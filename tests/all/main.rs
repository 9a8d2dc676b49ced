//! All integration tests, in one binary.

mod close;
mod control;
mod handshake;
mod messages;
