use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

/// Answers a server that asks for a client certificate: there is none. Counts how often it was
/// asked, because a server of TLS 1.2 that insists only says `handshake_failure`.
#[derive(Debug, Default)]
pub(crate) struct NoClientCertificate {
    requests: AtomicUsize,
}

impl NoClientCertificate {
    pub(crate) fn request_count(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for NoClientCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
