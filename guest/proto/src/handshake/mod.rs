//! The opening handshake (RFC 6455, section 4.1), as a client does it.

mod nonce;
mod request;
mod response;

pub use nonce::Nonce;
pub use request::{Request, RequestError, RequestHeaders};
pub use response::MAX_REFUSAL_BODY_LEN;
pub(crate) use response::{Handshake, Progress};
