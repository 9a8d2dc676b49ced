use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, PKCS_ED25519,
};
use tempfile::NamedTempFile;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::ResolvesServerCert;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion, version};

/// A throwaway certificate authority.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// What leads from what it issues to a root: PEM, its own certificate first. Nothing if it is a
    /// root itself.
    chain: String,
}

/// A key of RSA: rcgen makes none with ring. It is good for nothing but tests.
pub const RSA_KEY: &str = include_str!("rsa.pem");

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
        Self::named("wasocket tests")
    }

    /// The same under a name of its own, so that nobody takes it for another.
    pub fn named(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(authority_params(name), key);
        Self {
            issuer: issuer.expect("a certificate"),
            chain: String::new(),
        }
    }

    /// An authority that this one vouches for. What it issues has its certificate in the chain.
    pub fn intermediate(&self) -> Self {
        let params = authority_params("wasocket tests, intermediate");
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::signed_by(params, key, &self.issuer).expect("a certificate");
        Self {
            chain: issuer.pem() + &self.chain,
            issuer,
        }
    }

    /// Its certificate, PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Its certificate, DER.
    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A certificate that is good for `localhost`, 127.0.0.1 and ::1.
    pub fn issue(&self) -> Identity {
        self.issue_with(&["localhost", "127.0.0.1", "::1"], |_| {})
    }

    /// The same with a key of Ed25519, whose signatures all have the same length.
    pub fn issue_ed25519(&self) -> Identity {
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        self.issue_for(key, &["localhost", "127.0.0.1", "::1"], |_| {})
    }

    /// A certificate for these names and addresses, changed by `change`.
    pub fn issue_with(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        self.issue_for(KeyPair::generate().expect("a key"), names, change)
    }

    /// The same for this key.
    pub fn issue_for(
        &self,
        key: KeyPair,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let certificate = params(names, change)
            .signed_by(&key, &self.issuer)
            .expect("a certificate");
        Identity {
            chain: certificate.pem() + &self.chain,
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
        Self::self_signed_with(names, |_| {})
    }

    /// The same, changed by `change`.
    pub fn self_signed_with(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(names, change)
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
        self.acceptor_from(ring::default_provider(), versions, |_| {})
    }

    /// What accepts TLS with it, in these versions, with this cryptography, and changed by
    /// `change`.
    pub fn acceptor_from(
        &self,
        provider: CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
        change: impl FnOnce(&mut ServerConfig),
    ) -> TlsAcceptor {
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_no_client_auth()
            .with_cert_resolver(self.resolver());
        change(&mut config);
        TlsAcceptor::from(Arc::new(config))
    }

    /// What presents it to every client, whether it is one that servers may have or not.
    pub fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        let chain = CertificateDer::pem_slice_iter(self.chain.as_bytes());
        let chain = chain.collect::<Result<_, _>>().expect("PEM");
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key");
        let key = ring::sign::any_supported_type(&key).expect("a key");
        Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)))
    }

    /// The certificate, and those that lead from it to a root: PEM.
    pub fn chain_pem(&self) -> &str {
        &self.chain
    }

    /// The same, without what leads from the certificate to a root.
    #[must_use]
    pub fn without_chain(mut self) -> Self {
        const END: &str = "-----END CERTIFICATE-----\n";

        let end = self.chain.find(END).expect("a certificate") + END.len();
        self.chain.truncate(end);
        self
    }

    /// The key, PEM.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Files of the chain and of the key, PEM, for servers that read files.
    pub(crate) fn files(&self) -> IdentityFiles {
        IdentityFiles {
            chain: file(&self.chain),
            key: file(&self.key_pem()),
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

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
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
