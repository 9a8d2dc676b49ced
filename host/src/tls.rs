//! TLS that the host does: how it is set up, and why it failed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};

use crate::error::{CertificateProblem, Error, FailureKind, Part};
use crate::options::Options;

/// How many choices of roots are kept, those used last; others are made ready anew, without sessions.
/// As many as the component keeps.
const MAX_CONFIGS: usize = 8;

/// The application protocol that is offered (RFC 7301): a WebSocket starts as HTTP/1.1.
const APPLICATION_PROTOCOL: &[u8] = b"http/1.1";

/// What the connections of a runtime share: for each choice of roots these, made ready, and the
/// sessions, which are never of other roots.
#[derive(Default)]
pub(crate) struct TlsConfigs(Mutex<Vec<(Roots, Arc<ClientConfig>)>>);

/// A choice of roots.
#[derive(Clone, PartialEq, Eq)]
struct Roots {
    added: Vec<Arc<[u8]>>,
    without_built_in: bool,
}

/// TLS of one connection.
#[derive(Debug)]
pub(crate) struct HostTls {
    /// `None` if there is no root.
    config: Option<Arc<ClientConfig>>,
    failure: Mutex<Option<FailureKind>>,
}

impl TlsConfigs {
    /// TLS as a connection with these options has it.
    pub(crate) fn of(&self, options: &Options) -> Result<HostTls, Error> {
        Ok(HostTls {
            config: self.config(options)?,
            failure: Mutex::default(),
        })
    }

    fn config(&self, options: &Options) -> Result<Option<Arc<ClientConfig>>, Error> {
        let roots = Roots {
            added: options.roots.clone(),
            without_built_in: options.without_built_in_roots,
        };
        // Nothing panics while holding the lock.
        let mut configs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match configs.iter().position(|(of, _)| *of == roots) {
            Some(index) => configs.remove(index),
            None => {
                let store = roots.to_store()?;
                if store.is_empty() {
                    return Ok(None);
                }
                (roots, Arc::new(config(store)?))
            }
        };
        if configs.len() == MAX_CONFIGS {
            configs.remove(0);
        }
        let config = entry.1.clone();
        configs.push(entry);
        Ok(Some(config))
    }
}

impl Roots {
    fn to_store(&self) -> Result<RootCertStore, Error> {
        let mut store = RootCertStore::empty();
        if !self.without_built_in {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        for pem in &self.added {
            let mut count = 0;
            for certificate in CertificateDer::pem_slice_iter(pem) {
                count += 1;
                let certificate = certificate.map_err(|_| {
                    invalid_roots(format!("the PEM of certificate {count} is malformed"))
                })?;
                store.add(certificate).map_err(|_| {
                    invalid_roots(format!(
                        "certificate {count} is malformed, or of a kind that cannot be a root"
                    ))
                })?;
            }
            if count == 0 {
                return Err(invalid_roots("there is no certificate in PEM".into()));
            }
        }
        Ok(store)
    }
}

fn config(roots: RootCertStore) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::InvalidArgument {
            part: Part::Other,
            message: error.to_string(),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![APPLICATION_PROTOCOL.to_vec()];
    Ok(config)
}

fn invalid_roots(message: String) -> Error {
    Error::InvalidArgument {
        part: Part::Roots,
        message,
    }
}

impl HostTls {
    pub(crate) fn config(&self) -> Option<&Arc<ClientConfig>> {
        self.config.as_ref()
    }

    /// Remembers why TLS failed. The first reason is the one that counts.
    pub(crate) fn fail(&self, kind: FailureKind) {
        self.lock().get_or_insert(kind);
    }

    /// Why TLS failed, if it did.
    pub(crate) fn failure(&self) -> Option<FailureKind> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<FailureKind>> {
        // Nothing panics while holding the lock.
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What kind of failure an error of rustls is.
pub(crate) fn failure_kind(error: &rustls::Error) -> FailureKind {
    match error {
        rustls::Error::InvalidCertificate(error) => FailureKind::Certificate(problem(error)),
        rustls::Error::AlertReceived(alert) => FailureKind::TlsAlert((*alert).into()),
        _ => FailureKind::TlsFailed,
    }
}

fn problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            CertificateProblem::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        CertificateError::UnknownIssuer => CertificateProblem::UnknownIssuer,
        CertificateError::Revoked => CertificateProblem::Revoked,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            CertificateProblem::WrongPurpose
        }
        CertificateError::BadEncoding | CertificateError::BadSignature => {
            CertificateProblem::Malformed
        }
        _ => CertificateProblem::Other,
    }
}
