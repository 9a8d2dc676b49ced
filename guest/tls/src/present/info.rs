use alloc::vec::Vec;

/// What was negotiated in the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// The version of TLS.
    pub version: TlsVersion,
    /// The cipher suite, by its name in IANA's registry.
    pub cipher_suite: &'static str,
    /// The application protocol (RFC 7301); `None` if the server does not choose one.
    pub application_protocol: Option<Vec<u8>>,
    /// Whether an earlier session was resumed, so that the certificate was not sent again.
    pub is_resumed: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}
