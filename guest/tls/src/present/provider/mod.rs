//! The crypto provider, which no other module names: another one takes its place here.
//!
//! It is *ring*, but for what costs most in wasm: the cipher of bulk data, and signatures where there is
//! wide arithmetic.

mod chacha20poly1305;
#[cfg(feature = "wide-arithmetic")]
mod ecdsa;

use alloc::sync::Arc;
use alloc::vec;

use chacha20poly1305::{
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    TLS13_CHACHA20_POLY1305_SHA256,
};
use rustls::crypto::ring::{cipher_suite, default_provider, kx_group};
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ConfigBuilder, Error, SupportedCipherSuite, WantsVerifier};

/// The cipher suites in the order in which they are offered, and their names.
///
/// wasm has no AES instructions, without which ChaCha20-Poly1305 is several times faster than
/// AES-GCM: it is first in either version. Of the AES suites the shorter key is cheaper.
static CIPHER_SUITES: [(SupportedCipherSuite, &str); 9] = [
    (
        TLS13_CHACHA20_POLY1305_SHA256,
        "TLS_CHACHA20_POLY1305_SHA256",
    ),
    (
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        "TLS_AES_128_GCM_SHA256",
    ),
    (
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        "TLS_AES_256_GCM_SHA384",
    ),
    (
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    (
        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    (
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    ),
];

/// No private keys are loaded, for there are no client certificates. The provider's own would make the
/// component larger by all that signs.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("there are no private keys here".into()))
    }
}

/// The start of a configuration: provider, clock and versions.
pub(crate) fn config_builder(
    clock: Arc<dyn TimeProvider>,
) -> ConfigBuilder<ClientConfig, WantsVerifier> {
    let provider = CryptoProvider {
        cipher_suites: CIPHER_SUITES.iter().map(|&(suite, _)| suite).collect(),
        // The first is what the ClientHello has a key share for.
        kx_groups: vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        #[cfg(feature = "wide-arithmetic")]
        signature_verification_algorithms: ecdsa::ALGORITHMS,
        key_provider: &NoKeys,
        ..default_provider()
    };
    ClientConfig::builder_with_details(Arc::new(provider), clock)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("there are cipher suites above for both versions")
}

/// The name of a cipher suite that was offered.
pub(crate) fn cipher_suite_name(suite: SupportedCipherSuite) -> &'static str {
    CIPHER_SUITES
        .iter()
        .find(|(offered, _)| *offered == suite)
        .map_or("unknown", |&(_, name)| name)
}
