use alloc::vec::Vec;
use core::fmt;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};

/// Which roots are trusted: those of Mozilla, as `webpki-roots` has them, unless they are removed,
/// and those that the caller adds.
#[derive(Clone, PartialEq, Eq)]
pub struct Roots {
    built_in: bool,
    added: Vec<TrustAnchor<'static>>,
}

impl Roots {
    /// Adds all certificates in `pem`; returns how many there are.
    ///
    /// A server's own certificate, if it is self-signed and not an authority's, may be added, too.
    /// What is not a certificate is passed over. Of a root its name, its key and its name
    /// constraints count, but not its dates.
    ///
    /// # Errors
    ///
    /// If there is no certificate, or one that cannot be used; nothing is added then.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<usize, RootsError> {
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let number = anchors.len() + 1;
            let certificate = certificate.map_err(|_| RootsError::MalformedPem { number })?;
            let anchor = webpki::anchor_from_trusted_cert(&certificate)
                .map_err(|_| RootsError::UnusableCertificate { number })?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() {
            return Err(RootsError::NoCertificate);
        }
        let count = anchors.len();
        self.added.extend(anchors);
        Ok(count)
    }

    /// Trusts none but the roots that are added.
    pub fn remove_built_in(&mut self) {
        self.built_in = false;
    }

    pub(crate) fn to_store(&self) -> Result<RootCertStore, NoRoots> {
        let built_in = if self.built_in {
            webpki_roots::TLS_SERVER_ROOTS
        } else {
            &[]
        };
        let store = RootCertStore {
            roots: [built_in, &self.added].concat(),
        };
        if store.is_empty() {
            return Err(NoRoots);
        }
        Ok(store)
    }
}

impl Default for Roots {
    fn default() -> Self {
        Self {
            built_in: true,
            added: Vec::new(),
        }
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots")
            .field("built_in", &self.built_in)
            .field("added", &self.added.len())
            .finish()
    }
}

/// Why no roots are added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootsError {
    /// There is no certificate.
    #[error("there is no certificate in PEM")]
    NoCertificate,
    /// The first section, or the one behind the last good certificate, is not as PEM wants it.
    #[error("the PEM of certificate {number} is malformed")]
    MalformedPem {
        /// How many certificates there are up to there, this one included.
        number: usize,
    },
    /// A certificate cannot be a root.
    #[error("certificate {number} is malformed, or of a kind that cannot be a root")]
    UnusableCertificate {
        /// Which one, counted from 1.
        number: usize,
    },
}

/// There is no root at all, so that no server could be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the built-in roots are removed and no others are added")]
pub struct NoRoots;
