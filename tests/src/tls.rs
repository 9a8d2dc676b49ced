use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, version};

/// A throwaway certificate authority.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A server's certificate and its key.
#[derive(Debug)]
pub struct Identity {
    /// The chain, PEM.
    chain: String,
    key: KeyPair,
}

impl Authority {
    /// An authority that nobody trusts yet.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "wasocket tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate that is good for `localhost`, 127.0.0.1 and ::1.
    pub fn issue(&self) -> Identity {
        self.issue_with(&["localhost", "127.0.0.1", "::1"], |_| {})
    }

    /// A certificate for these names and addresses, changed by `change`.
    pub fn issue_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(names, change)
            .signed_by(&key, &self.0)
            .expect("a certificate");
        Identity {
            chain: certificate.pem(),
            key,
        }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Identity {
    /// A certificate that nobody but itself vouches for.
    pub fn self_signed(names: &[&str]) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(names, |_| {})
            .self_signed(&key)
            .expect("a certificate");
        Self {
            chain: certificate.pem(),
            key,
        }
    }

    /// What accepts TLS with it, in both versions.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor_with(&[&version::TLS13, &version::TLS12])
    }

    /// What accepts TLS with it, in these versions.
    pub fn acceptor_with(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsAcceptor {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(self.chain.as_bytes())
                .collect::<Result<_, _>>()
                .expect("PEM");
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate for the key");
        TlsAcceptor::from(Arc::new(config))
    }

    /// Files of the chain and of the key, PEM, for servers that read files.
    pub(crate) fn files(&self) -> IdentityFiles {
        IdentityFiles {
            chain: file(&self.chain),
            key: file(&self.key.serialize_pem()),
        }
    }
}

/// Files that are gone when this is dropped.
#[derive(Debug)]
pub(crate) struct IdentityFiles {
    chain: NamedTempFile,
    key: NamedTempFile,
}

impl IdentityFiles {
    pub(crate) fn chain(&self) -> &Path {
        self.chain.path()
    }

    pub(crate) fn key(&self) -> &Path {
        self.key.path()
    }
}

fn params(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let names: Vec<String> = names.iter().copied().map(str::to_owned).collect();
    let mut params = CertificateParams::new(names).expect("names");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    change(&mut params);
    params
}

fn file(content: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(content.as_bytes()).expect("room in it");
    file
}
