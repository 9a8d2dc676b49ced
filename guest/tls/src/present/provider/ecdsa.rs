//! Signatures by ECDSA on P-256 and P-384, verified by crates in Rust. Compiled with wide arithmetic
//! they take a third of the time of *ring*, whose C does not gain from it, and on P-384 a seventh.
//! Without it they gain nothing.

use p256::ecdsa::signature::{self, hazmat::PrehashVerifier};
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::crypto::hash::Hash;
use rustls::crypto::ring::cipher_suite::{TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384};
use rustls::pki_types::{
    AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
};
use webpki::ring;

/// What the provider of *ring* supports, but for who verifies ECDSA.
pub(super) static ALGORITHMS: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        P256_SHA256,
        P256_SHA384,
        P384_SHA256,
        P384_SHA384,
        ring::ED25519,
        ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        ring::RSA_PKCS1_2048_8192_SHA256,
        ring::RSA_PKCS1_2048_8192_SHA384,
        ring::RSA_PKCS1_2048_8192_SHA512,
        ring::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        ring::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
    ],
    // TLS 1.3 says the curve with the hash, and uses the first. TLS 1.2 says the hash alone.
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[P384_SHA384, P256_SHA384],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[P256_SHA256, P384_SHA256],
        ),
        (SignatureScheme::ED25519, &[ring::ED25519]),
        (
            SignatureScheme::RSA_PSS_SHA512,
            &[ring::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA384,
            &[ring::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PSS_SHA256,
            &[ring::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA512,
            &[ring::RSA_PKCS1_2048_8192_SHA512],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA384,
            &[ring::RSA_PKCS1_2048_8192_SHA384],
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA256,
            &[ring::RSA_PKCS1_2048_8192_SHA256],
        ),
    ],
};

const P256_SHA256: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P256, HashFunction::Sha256);
const P256_SHA384: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P256, HashFunction::Sha384);
const P384_SHA256: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P384, HashFunction::Sha256);
const P384_SHA384: &dyn SignatureVerificationAlgorithm = &Ecdsa(Curve::P384, HashFunction::Sha384);

#[derive(Debug)]
struct Ecdsa(Curve, HashFunction);

#[derive(Debug)]
enum Curve {
    P256,
    P384,
}

#[derive(Debug)]
enum HashFunction {
    Sha256,
    Sha384,
}

impl SignatureVerificationAlgorithm for Ecdsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let Self(curve, hash) = self;
        let hash = hash.provider().hash(message);
        match curve {
            Curve::P256 => verify_p256(public_key, hash.as_ref(), signature),
            Curve::P384 => verify_p384(public_key, hash.as_ref(), signature),
        }
        .map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        match self.0 {
            Curve::P256 => alg_id::ECDSA_P256,
            Curve::P384 => alg_id::ECDSA_P384,
        }
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        match self.1 {
            HashFunction::Sha256 => alg_id::ECDSA_SHA256,
            HashFunction::Sha384 => alg_id::ECDSA_SHA384,
        }
    }
}

fn verify_p256(public_key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), signature::Error> {
    let signature = p256::ecdsa::Signature::from_der(signature)?;
    p256::ecdsa::VerifyingKey::from_sec1_bytes(public_key)?.verify_prehash(hash, &signature)
}

fn verify_p384(public_key: &[u8], hash: &[u8], signature: &[u8]) -> Result<(), signature::Error> {
    let signature = p384::ecdsa::Signature::from_der(signature)?;
    p384::ecdsa::VerifyingKey::from_sec1_bytes(public_key)?.verify_prehash(hash, &signature)
}

impl HashFunction {
    /// The provider's, which hashes the handshake, too.
    fn provider(&self) -> &'static dyn Hash {
        let suite = match self {
            Self::Sha256 => &TLS13_AES_128_GCM_SHA256,
            Self::Sha384 => &TLS13_AES_256_GCM_SHA384,
        };
        let suite = suite.tls13().expect("it is a suite of TLS 1.3");
        suite.common.hash_provider
    }
}
