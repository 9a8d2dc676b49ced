//! Tests of [`Tls`] through its public calls, against the server of rustls: one file for each
//! topic.

mod certificates;
mod chunking;
mod close;
mod data;
mod failures;
mod handshake;
mod resumption;
mod roots;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;
use std::io::{Read, Write};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::*;

const NAME: &str = "server.example.com";

/// The start of 2026, in seconds since 1970. Certificates are valid for that year.
const NOW: u64 = 1_767_225_600;

const DAY: u64 = 86_400;

const BOTH_VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// An authority that signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A server's certificate, the rest of the chain, and the private key.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// For a server, which does not look at what it presents.
    fn into_resolver(self) -> SingleCertAndKey {
        let key = ring::sign::any_supported_type(&self.key).unwrap();
        CertifiedKey::new(self.chain, key).into()
    }
}

impl Authority {
    fn new(name: &str) -> Self {
        let params = authority_params(name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// An authority below this one.
    fn subordinate(&self, params: CertificateParams) -> Self {
        Self(CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    /// Its certificate in PEM.
    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Roots that are this authority alone.
    fn roots(&self) -> Roots {
        only(&self.pem())
    }

    fn context(&self) -> TlsContext {
        TlsContext::new(&self.roots()).unwrap()
    }

    fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        Identity {
            chain: vec![params.signed_by(&key, &self.0).unwrap().der().clone()],
            key: private_key(&key),
        }
    }
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = leaf_params(&[]);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn leaf_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().copied().map(Into::into).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params
}

fn private_key(key: &KeyPair) -> PrivateKeyDer<'static> {
    key.serialize_der().try_into().unwrap()
}

/// Roots that are the certificates in `pem` alone.
fn only(pem: &str) -> Roots {
    let mut roots = Roots::default();
    roots.remove_built_in();
    roots.add_pem(pem.as_bytes()).unwrap();
    roots
}

fn named(name: &str) -> ServerName {
    ServerName::from_host_name(name).unwrap()
}

fn addressed(address: &str) -> ServerName {
    address.parse::<IpAddr>().unwrap().into()
}

fn server_config(
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    server_config_with(ring::default_provider(), identity, versions)
}

fn server_config_with(
    provider: CryptoProvider,
    identity: Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(identity.into_resolver()))
}

/// A server of one version, and the authority that vouches for it.
fn world(version: &'static SupportedProtocolVersion) -> (Authority, Arc<ServerConfig>) {
    let authority = Authority::new("root");
    let identity = authority.issue(&leaf_params(&[NAME]));
    (authority, Arc::new(server_config(identity, &[version])))
}

/// A client and a server, with nothing between them.
struct Pair {
    client: Tls,
    server: ServerConnection,
    /// What the server has received.
    received: Vec<u8>,
    /// Why the server gave up.
    server_error: Option<rustls::Error>,
}

impl Pair {
    fn new(context: &TlsContext, config: &Arc<ServerConfig>) -> Self {
        Self::for_name(context, config, named(NAME))
    }

    fn for_name(context: &TlsContext, config: &Arc<ServerConfig>, name: ServerName) -> Self {
        Self::at(context, config, name, NOW)
    }

    fn at(
        context: &TlsContext,
        config: &Arc<ServerConfig>,
        name: ServerName,
        unix_time: u64,
    ) -> Self {
        Self {
            client: Tls::new(context, name, unix_time).unwrap(),
            server: ServerConnection::new(config.clone()).unwrap(),
            received: Vec::new(),
            server_error: None,
        }
    }

    /// A pair that has done its handshake, of which nothing is left to be transmitted.
    fn open(version: &'static SupportedProtocolVersion) -> Self {
        let (authority, config) = world(version);
        let mut pair = Self::new(&authority.context(), &config);
        pair.run().unwrap();
        assert!(!pair.client.is_handshaking());
        assert_eq!(pair.server_error, None);
        pair
    }

    /// Carries bytes both ways until none are owed, or the client fails.
    fn run(&mut self) -> Result<(), TlsError> {
        loop {
            let records = transmitted(&mut self.client);
            self.give_server(&records);
            let answer = self.owed_by_server();
            if records.is_empty() && answer.is_empty() {
                return Ok(());
            }
            self.client.handle_input(answer)?;
        }
    }

    /// What the client owes is given to the server, which thus learns of its alert.
    fn give_server_what_is_owed(&mut self) {
        let records = transmitted(&mut self.client);
        self.give_server(&records);
    }

    fn give_server(&mut self, mut records: &[u8]) {
        while !records.is_empty() && self.server_error.is_none() {
            if self.server.read_tls(&mut records).unwrap() == 0 {
                return;
            }
            self.server_error = self.server.process_new_packets().err();
            // What is there is read; that no more is there is not of interest.
            let _ = self.server.reader().read_to_end(&mut self.received);
        }
    }

    fn owed_by_server(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut records).unwrap();
        }
        records
    }

    /// The records with which the server sends `plaintext`.
    fn sealed_by_server(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let mut records = Vec::new();
        let mut rest = plaintext;
        while !rest.is_empty() {
            let len = self.server.writer().write(rest).unwrap();
            rest = &rest[len..];
            records.extend(self.owed_by_server());
        }
        records
    }
}

/// Everything owed to the server, which counts as written then.
fn transmitted(client: &mut Tls) -> Vec<u8> {
    let records = client.poll_transmit().to_vec();
    client.advance_transmit(records.len());
    assert!(client.poll_transmit().is_empty());
    records
}

/// All plaintext that arrived, which counts as taken then.
fn plaintext(client: &mut Tls) -> Vec<u8> {
    let bytes = client.poll_plaintext().to_vec();
    client.advance_plaintext(bytes.len());
    assert!(client.poll_plaintext().is_empty());
    bytes
}

/// The types of records that are complete.
fn record_types(mut records: &[u8]) -> Vec<u8> {
    let mut types = Vec::new();
    while let [of, _, _, high, low, rest @ ..] = records {
        types.push(*of);
        records = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    assert_eq!(records, b"");
    types
}

/// Bytes that are not alike.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 251) as u8).collect()
}

/// The alert as the peer sends it before anything is encrypted.
fn plain_alert(level: u8, code: u8) -> Vec<u8> {
    vec![0x15, 0x03, 0x03, 0x00, 0x02, level, code]
}

/// Asserts that the connection has failed for good, with this error.
#[track_caller]
fn assert_failed(client: &mut Tls, error: &TlsError) {
    transmitted(client);
    assert_eq!(client.handle_input(vec![0x17; 100]), Err(error.clone()));
    assert_eq!(client.handle_eof(), Err(error.clone()));
    assert_eq!(client.send(b"x"), Err(SendError::Closed));
    client.close();
    assert_eq!(client.poll_transmit(), b"");
    assert!(!client.is_handshaking());
    assert!(!client.is_peer_closed());
}
