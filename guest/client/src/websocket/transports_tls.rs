//! TLS that is not ours but the transport's.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use wasocket_proto::{Host, Instant, WebSocketUrl};
use wasocket_tls::Roots;

use super::{Security, Stage, WebSocket};
use crate::entropy::Entropy;
use crate::error::{Error, InvalidArgument, Part, Step};
use crate::options::Options;
use crate::transport_error::TransportError;

impl WebSocket {
    /// A websocket that is to be connected to `url` over a transport that has TLS of its own. If the
    /// connection is to be secure, [`poll_secure`](Self::poll_secure) says so once there is a stream.
    ///
    /// # Errors
    ///
    /// If the connection is to be secure and `options` choose roots: the transport has its own.
    pub fn over_secure_transport(
        url: WebSocketUrl,
        options: &Options,
        entropy: Box<dyn Entropy>,
        now: Instant,
    ) -> Result<Self, InvalidArgument> {
        let security = if url.secure() {
            if options.roots != Roots::default() {
                let message = "the built-in roots are removed, and TLS is the host's, which is told no others";
                return Err(InvalidArgument::new(Part::Roots, message));
            }
            Some(Security::Transports(name_to_verify(url.host())))
        } else {
            None
        };
        Ok(Self::dialing(url, options, security, entropy, now))
    }

    /// The name or address that the transport is to verify, if it is to start its TLS handshake
    /// now. Told once.
    pub fn poll_secure(&mut self) -> Option<String> {
        let Stage::Securing(opening) = &mut self.stage else {
            return None;
        };
        match opening.security.take()? {
            Security::Transports(name) => Some(name),
            Security::Ours(..) => None,
        }
    }

    /// Takes what became of the transport's TLS handshake: with its success, what the stream gives
    /// and takes from here on is plaintext.
    pub fn handle_secured(&mut self, secured: Result<(), TransportError>, now: Instant) {
        let opening = match core::mem::replace(&mut self.stage, Stage::GivenUp) {
            Stage::Securing(opening) => opening,
            other @ (Stage::Dialing(_) | Stage::Linked(_) | Stage::GivenUp) => {
                self.stage = other;
                return;
            }
        };
        match secured {
            Ok(()) => self.link(*opening, None, now),
            Err(error) => {
                let error = Error::new(Step::Tls, error.kind.into(), error.message);
                self.give_up(Some(error), None);
            }
        }
    }
}

/// What a transport verifies the server's certificate by: a name without the dot at its end, as
/// certificates have it, or an address.
fn name_to_verify(host: &Host) -> String {
    match host {
        Host::Name(name) => name.strip_suffix('.').unwrap_or(name).into(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}
