//! Extensions (RFC 6455, section 9), of which there is one: permessage-deflate (RFC 7692).
//!
//! ```text
//!   Compression --offers--> Sec-WebSocket-Extensions of the request
//!                           Sec-WebSocket-Extensions of the answer --judge--> DeflateParameters
//!                                                                               |         |
//!                           Receiver > Assembler > Decompressor <---------------+         |
//!                           Sender > Compressor <----------------------------------------+
//! ```
//!
//! The backend is zlib-rs: it is the one implementation of DEFLATE in Rust that can compress for a
//! window of any size, and the fastest.

mod compression;
mod compressor;
mod decompressor;
mod element;
mod negotiation;
mod offer;
mod window_bits;

pub use compression::{Compression, CompressionLevel};
pub(crate) use compressor::{Compressor, LAST_PART};
pub(crate) use decompressor::Decompressor;
pub(crate) use negotiation::judge;
pub use negotiation::{DeflateParameters, ParameterError};
pub(crate) use offer::encode_offers;
pub use offer::{ClientMaxWindowBits, DeflateOffer};
pub use window_bits::WindowBits;

/// The name of the extension that RFC 7692 defines, in a Sec-WebSocket-Extensions header field.
const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";
