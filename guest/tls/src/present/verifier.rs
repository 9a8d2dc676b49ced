use alloc::sync::Arc;
use alloc::vec::Vec;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use webpki::{EndEntityCert, KeyUsage};

use super::roots::NoRoots;

/// Verifies as rustls does, by asking its verifier, and finds out why if rustls cannot say.
///
/// Without std rustls keeps only some of the reasons that webpki gives, and reports the rest as
/// "other". Among those is the most common of all: a self-signed certificate that is marked as an
/// authority's, as `openssl req -x509` makes it. Nothing here turns a refusal into anything else.
#[derive(Debug)]
pub(crate) struct Verifier {
    decides: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(crate) fn new(
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, NoRoots> {
        let roots = Arc::new(roots);
        let decides = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone())
            .build()
            // There are no revocation lists that could be wrong instead.
            .map_err(|_| NoRoots)?;
        Ok(Self {
            decides,
            roots,
            provider,
        })
    }

    /// Why the certificate is refused. The name is not looked at: rustls tells if it is wrong.
    fn reason(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Option<CertificateError> {
        let judge = |certificate: EndEntityCert<'_>| {
            certificate
                .verify_for_usage(
                    self.provider.signature_verification_algorithms.all,
                    &self.roots.roots,
                    intermediates,
                    now,
                    KeyUsage::server_auth(),
                    None,
                    None,
                )
                .map(|_| ())
        };
        let error = EndEntityCert::try_from(end_entity).and_then(judge).err()?;
        Some(match error {
            webpki::Error::CaUsedAsEndEntity => CertificateError::InvalidPurpose,
            // The issuer is known, but must not issue this.
            webpki::Error::EndEntityUsedAsCa
            | webpki::Error::NameConstraintViolation
            | webpki::Error::PathLenConstraintViolated => CertificateError::UnknownIssuer,
            webpki::Error::UnsupportedCriticalExtension => {
                CertificateError::UnhandledCriticalExtension
            }
            webpki::Error::EmptyEkuExtension
            | webpki::Error::ExtensionValueInvalid
            | webpki::Error::InvalidNetworkMaskConstraint
            | webpki::Error::InvalidSerialNumber
            | webpki::Error::MalformedDnsIdentifier
            | webpki::Error::MalformedExtensions
            | webpki::Error::MalformedNameConstraint
            | webpki::Error::SignatureAlgorithmMismatch
            | webpki::Error::UnsupportedCertVersion => CertificateError::BadEncoding,
            _ => return None,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.decides.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            Err(Error::InvalidCertificate(CertificateError::Other(other))) => {
                let reason = self.reason(end_entity, intermediates, now);
                Err(reason.unwrap_or(CertificateError::Other(other)).into())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.decides
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.decides
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.decides.supported_verify_schemes()
    }
}
