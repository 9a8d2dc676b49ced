//! Errors by whose fault they are: the peer's or the network's (`TlsError`), or the caller's
//! (`SendError`, and those beside `Roots` and `ServerName`).

#[cfg(feature = "rustls")]
use alloc::boxed::Box;

#[cfg(feature = "rustls")]
use rustls::{Error, PeerIncompatible};

use crate::alert::Alert;
use crate::certificate::CertificateProblem;

/// Why a connection fails.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The server's certificate is not accepted.
    #[error("the server's certificate is not accepted: {0}")]
    Certificate(CertificateProblem),
    /// The peer gave up, and this is its fatal alert.
    #[error("the peer sent the alert {0}")]
    AlertReceived(Alert),
    /// The peer gave up, with this alert, after it had asked for a client certificate in vain.
    #[error("the server demands a client certificate (it sent the alert {0})")]
    ClientCertificateRequired(Alert),
    /// What the server sends is not TLS: it speaks another protocol on this port.
    #[error("the server does not speak TLS")]
    NotTls,
    /// The stream ended before the handshake was done.
    #[error("the stream ended before the TLS handshake was done")]
    HandshakeTruncated,
    /// The stream ended without a close_notify of the peer: data may have been cut off.
    #[error("the stream ended without a close_notify alert")]
    Truncated,
    /// The peer speaks TLS in no way that we do.
    #[cfg(feature = "rustls")]
    #[error("the server and we have too little of TLS in common: {0:?}")]
    Incompatible(PeerIncompatible),
    /// The peer broke a rule of TLS, or someone on the way changed a record.
    #[cfg(feature = "rustls")]
    #[error("the server's TLS is wrong: {0}")]
    Protocol(Box<Error>),
    /// Handshake messages that are not complete travel in records that are longer than the limit.
    #[error("handshake messages are spread over more than {limit} bytes of records")]
    TooFragmented {
        /// [`MAX_HELD_LEN`](crate::MAX_HELD_LEN).
        limit: usize,
    },
    /// Something failed on our side; without randomness, for one, there is no TLS.
    #[cfg(feature = "rustls")]
    #[error("TLS failed on our side: {0}")]
    Internal(Box<Error>),
}

#[cfg(feature = "rustls")]
impl From<Error> for TlsError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::Certificate(error.into()),
            Error::AlertReceived(description) => {
                Self::AlertReceived(Alert::new(description.into()))
            }
            Error::PeerIncompatible(incompatible) => Self::Incompatible(incompatible),
            Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
            | Error::InvalidMessage(_)
            | Error::NoCertificatesPresented
            | Error::DecryptError
            | Error::PeerMisbehaved(_)
            | Error::PeerSentOversizedRecord => Self::Protocol(Box::new(error)),
            // The rest is for servers, for what we do not use, or for trouble that is ours.
            _ => Self::Internal(Box::new(error)),
        }
    }
}

/// Why data is not sent. Nothing of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The handshake is not done.
    #[error("the TLS handshake is not done")]
    Handshaking,
    /// The connection was closed by the caller, or has failed.
    #[error("the TLS connection is closed")]
    Closed,
    /// As many records are sealed as the keys are good for, and TLS 1.2 cannot change them. The
    /// connection is closed now, as by [`Tls::close`](crate::Tls::close).
    #[error("the keys of the TLS connection are used up")]
    KeysUsedUp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_small() {
        assert!(size_of::<TlsError>() <= 32, "{}", size_of::<TlsError>());
    }
}
