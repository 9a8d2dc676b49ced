//! TLS by rustls.

mod buffer;
mod client_auth;
mod clock;
mod context;
mod incoming;
mod info;
mod provider;
mod roots;
mod server_name;
mod session;
mod state;
mod tls;
mod verifier;

pub use context::{MAX_CONTEXTS, TlsContext, TlsContexts};
pub use incoming::MAX_HELD_LEN;
pub use info::{TlsInfo, TlsVersion};
pub use roots::{NoRoots, Roots, RootsError};
pub use server_name::{InvalidServerName, ServerName};
pub use session::{MAX_SERVERS, MAX_TICKETS};
pub use tls::Tls;
