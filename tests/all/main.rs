//! All integration tests, in one binary.

mod callbacks;
mod close;
mod compression;
mod control;
mod corpus;
mod embedding;
mod fault_proxy;
mod faults;
mod flow;
mod grants;
mod handshake;
mod interface;
mod interface_0_3;
mod iotjs;
mod iotjs_calls;
mod limits;
mod messages;
mod peers;
mod queues;
mod reconnect;
mod soak;
mod streams;
mod surface;
mod tls;
mod violations;
