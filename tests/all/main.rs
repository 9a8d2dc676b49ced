//! All integration tests, in one binary.

mod close;
mod handshake;
mod messages;
