use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use rustls::ClientConfig;
use rustls::client::Resumption;

use super::client_auth::NoClientCertificate;
use super::clock::Clock;
use super::provider;
use super::roots::{NoRoots, Roots};
use super::session::Sessions;
use super::verifier::Verifier;

/// How many [`TlsContext`]s a [`TlsContexts`] keeps, those used last.
///
/// One takes some 10 KiB with the built-in roots, and sessions on top. Programs have one choice of roots,
/// or two; what is beyond the limit is made anew, without sessions.
pub const MAX_CONTEXTS: usize = 8;

/// The application protocol that is offered (RFC 7301): a WebSocket starts as HTTP/1.1.
const APPLICATION_PROTOCOL: &[u8] = b"http/1.1";

/// What the connections with the same roots share: the roots, made ready, and the sessions.
///
/// A connection resumes a session of an earlier one with the same context and the same server
/// name. Sessions are remembered for [`MAX_SERVERS`](crate::MAX_SERVERS) names, with
/// [`MAX_TICKETS`](crate::MAX_TICKETS) each. Clones share everything.
#[derive(Clone)]
pub struct TlsContext(Arc<Shared>);

struct Shared {
    config: Arc<ClientConfig>,
    clock: Arc<Clock>,
    client_auth: Arc<NoClientCertificate>,
}

impl TlsContext {
    /// A context without sessions.
    ///
    /// # Errors
    ///
    /// If there is no root.
    pub fn new(roots: &Roots) -> Result<Self, NoRoots> {
        let clock = Arc::new(Clock::default());
        let client_auth = Arc::new(NoClientCertificate::default());
        let builder = provider::config_builder(clock.clone());
        let verifier = Verifier::new(roots.to_store()?, builder.crypto_provider().clone())?;
        let mut config = builder
            // Dangerous is what another verifier could do. This one defers to that of rustls.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(client_auth.clone());
        config.alpn_protocols = vec![APPLICATION_PROTOCOL.to_vec()];
        config.resumption = Resumption::store(Arc::new(Sessions::new(clock.clone())));
        Ok(Self(Arc::new(Shared {
            config: Arc::new(config),
            clock,
            client_auth,
        })))
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        self.0.config.clone()
    }

    /// Says what time it is, in seconds since 1970, for all connections of the context.
    pub(crate) fn set_time(&self, unix_time: u64) {
        self.0.clock.set(unix_time);
    }

    /// How often servers have asked for a client certificate.
    pub(crate) fn client_certificate_request_count(&self) -> usize {
        self.0.client_auth.request_count()
    }
}

impl fmt::Debug for TlsContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsContext(..)")
    }
}

/// One [`TlsContext`] for each distinct [`Roots`], so that connections of one program with the same
/// roots resume each other's sessions, and never across different roots.
#[derive(Debug, Default)]
pub struct TlsContexts {
    /// The one used last is last.
    contexts: Vec<(Roots, TlsContext)>,
}

impl TlsContexts {
    /// None so far.
    pub const fn new() -> Self {
        Self {
            contexts: Vec::new(),
        }
    }

    /// The context for these roots, made if it is not there.
    ///
    /// # Errors
    ///
    /// If there is no root.
    pub fn get(&mut self, roots: &Roots) -> Result<TlsContext, NoRoots> {
        let entry = match self.contexts.iter().position(|(of, _)| of == roots) {
            Some(index) => self.contexts.remove(index),
            None => (roots.clone(), TlsContext::new(roots)?),
        };
        if self.contexts.len() == MAX_CONTEXTS {
            self.contexts.remove(0);
        }
        let context = entry.1.clone();
        self.contexts.push(entry);
        Ok(context)
    }
}
