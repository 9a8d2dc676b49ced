use alloc::format;
use alloc::string::String;

use crate::ErrorKind;

/// What went wrong with a name, a socket or a stream: an error that the shell met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportError {
    /// What kind of error it is.
    pub kind: TransportErrorKind,
    /// What the host calls it.
    pub message: String,
}

/// The kinds of errors of a transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// The host does not allow it.
    AccessDenied,
    /// The name does not exist, or has no address.
    NameNotFound,
    /// The name could not be resolved for another reason.
    NameLookupFailed,
    /// Nothing listens at the address.
    ConnectionRefused,
    /// There is no way to the address.
    Unreachable,
    /// The stream broke: a reset, or another error on it.
    ConnectionLost,
    /// The transport's own TLS failed.
    TlsFailed,
    /// Anything else.
    Other,
}

/// Why the host does not resolve a name, in the words of WASI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// The host does not allow it.
    AccessDenied,
    /// The host does not take it for a name.
    InvalidArgument,
    /// The name does not exist, or has no address.
    NameUnresolvable,
    /// The resolver fails, and may not do so later.
    TemporaryResolverFailure,
    /// The resolver fails. wasmtime says so too when it was not told to allow lookups.
    PermanentResolverFailure,
    /// Anything else.
    Other,
}

impl TransportError {
    /// A name that the host does not resolve.
    pub fn lookup(name: &str, error: LookupError) -> Self {
        use TransportErrorKind::{AccessDenied, NameLookupFailed, NameNotFound};

        let (kind, what) = match error {
            LookupError::AccessDenied => (
                AccessDenied,
                "may not be looked up (the host has to allow this component to look up names)",
            ),
            LookupError::InvalidArgument => (NameNotFound, "is not a name that can be looked up"),
            LookupError::NameUnresolvable => (NameNotFound, "does not exist, or has no address"),
            LookupError::TemporaryResolverFailure => {
                (NameLookupFailed, "cannot be looked up for now")
            }
            LookupError::PermanentResolverFailure => (
                NameLookupFailed,
                "cannot be looked up (the host may have to allow this component to look up names)",
            ),
            LookupError::Other => (NameLookupFailed, "cannot be looked up"),
        };
        Self {
            kind,
            message: format!("{name} {what}"),
        }
    }
}

impl From<TransportErrorKind> for ErrorKind {
    fn from(kind: TransportErrorKind) -> Self {
        match kind {
            TransportErrorKind::AccessDenied => Self::AccessDenied,
            TransportErrorKind::NameNotFound => Self::NameNotFound,
            TransportErrorKind::NameLookupFailed => Self::NameLookupFailed,
            TransportErrorKind::ConnectionRefused => Self::ConnectionRefused,
            TransportErrorKind::Unreachable => Self::Unreachable,
            TransportErrorKind::ConnectionLost => Self::ConnectionLost,
            TransportErrorKind::TlsFailed => Self::TlsFailed,
            TransportErrorKind::Other => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_host_does_not_resolve_is_told_with_what_to_do() {
        use TransportErrorKind::{AccessDenied, NameLookupFailed, NameNotFound};

        for (error, kind, message) in [
            (
                LookupError::AccessDenied,
                AccessDenied,
                "example.org may not be looked up (the host has to allow this component to look up \
                 names)",
            ),
            (
                LookupError::InvalidArgument,
                NameNotFound,
                "example.org is not a name that can be looked up",
            ),
            (
                LookupError::NameUnresolvable,
                NameNotFound,
                "example.org does not exist, or has no address",
            ),
            (
                LookupError::TemporaryResolverFailure,
                NameLookupFailed,
                "example.org cannot be looked up for now",
            ),
            (
                LookupError::PermanentResolverFailure,
                NameLookupFailed,
                "example.org cannot be looked up (the host may have to allow this component to \
                 look up names)",
            ),
            (
                LookupError::Other,
                NameLookupFailed,
                "example.org cannot be looked up",
            ),
        ] {
            let message = message.into();
            assert_eq!(
                TransportError::lookup("example.org", error),
                TransportError { kind, message }
            );
        }
    }
}
