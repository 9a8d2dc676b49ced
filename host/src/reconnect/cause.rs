use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::error::{Error, Failure, FailureKind, Refusal, Step};

/// Close codes (RFC 6455, section 7.4.1, and IANA's registry) after which the same client would meet
/// the same again: the purpose is fulfilled, or the server does not take what it is sent.
const FINAL_CLOSE_CODES: [u16; 9] = [
    1000, // NORMAL_CLOSURE
    1002, // PROTOCOL_ERROR
    1003, // UNSUPPORTED_DATA
    1007, // INVALID_FRAME_PAYLOAD_DATA
    1008, // POLICY_VIOLATION
    1009, // MESSAGE_TOO_BIG
    1010, // MANDATORY_EXTENSION
    3000, // Unauthorized
    3003, // Forbidden
];

/// Alerts (RFC 8446, section 6.2) by which a server refuses who we are or what we can do.
const FINAL_ALERTS: [u8; 13] = [
    40,  // handshake_failure
    42,  // bad_certificate
    43,  // unsupported_certificate
    44,  // certificate_revoked
    45,  // certificate_expired
    46,  // certificate_unknown
    48,  // unknown_ca
    49,  // access_denied
    70,  // protocol_version
    71,  // insufficient_security
    112, // unrecognized_name
    116, // certificate_required
    120, // no_application_protocol
];

/// Statuses of 400 and more that may pass, beside all of 500 and more but 501 and 505: Request
/// Timeout, Too Early and Too Many Requests.
const PASSING_STATUSES: [u16; 3] = [408, 425, 429];

/// Why an attempt failed, a connection was lost, or a message was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The connection could not be opened, failed, or was closed.
    #[error(transparent)]
    Error(#[from] Error),
    /// The hook before the attempt failed.
    #[error("the hook before the attempt: {0}")]
    Hook(HookError),
}

impl Cause {
    /// Whether another attempt is of no use, unless
    /// [`Reconnect::is_final`](super::Reconnect::is_final) says otherwise.
    ///
    /// Final are: an argument that cannot be used; what is not granted, or what the system denies;
    /// a certificate that is not to be trusted, and alerts by which the server refuses ours, or our
    /// parameters; a status below 500 but 408, 425 and 429, and 501 and 505; an answer to the
    /// opening handshake that breaks a rule, a subprotocol that was not offered among them; and a
    /// closure by the server with 1000, 1002, 1003, 1007 to 1010, 3000 or 3003. All else may pass.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Error(Error::InvalidArgument { .. }) => true,
            Self::Error(Error::InvalidState(_)) | Self::Hook(_) => false,
            Self::Error(Error::Failed(failure)) => is_failure_final(failure),
            Self::Error(Error::Closed(closed)) => FINAL_CLOSE_CODES.contains(&closed.code),
        }
    }

    /// How long the server asks to be left alone, if it does: Retry-After in seconds or as a date
    /// (RFC 9110, section 10.2.3). A date that is past is no time at all.
    pub(super) fn retry_after(&self, now: SystemTime) -> Option<Duration> {
        let Self::Error(Error::Failed(Failure {
            kind: FailureKind::Refused(refusal),
            ..
        })) = self
        else {
            return None;
        };
        retry_after(refusal, now)
    }
}

fn is_failure_final(failure: &Failure) -> bool {
    match &failure.kind {
        FailureKind::AccessDenied
        | FailureKind::Certificate(_)
        | FailureKind::HandshakeInvalid
        | FailureKind::NotGranted(_) => true,
        FailureKind::ProxyRefused(status) => is_status_final(*status),
        FailureKind::Refused(refusal) => is_status_final(refusal.status),
        // While open it says why the connection ends, not that it could not be made.
        FailureKind::TlsAlert(alert) => {
            failure.step == Step::Tls && FINAL_ALERTS.contains(alert)
        }
        FailureKind::CompressedDataInvalid
        | FailureKind::ConnectionEnded
        | FailureKind::ConnectionLost
        | FailureKind::ConnectionRefused
        | FailureKind::InvalidUtf8
        | FailureKind::MessageTooBig
        | FailureKind::NameLookupFailed
        // A machine without a network is told so too.
        | FailureKind::NameNotFound
        | FailureKind::Other
        | FailureKind::PoolExhausted { .. }
        | FailureKind::ProtocolError
        | FailureKind::Timeout(_)
        // It may be a fault on the way.
        | FailureKind::TlsFailed
        | FailureKind::TlsTruncated
        | FailureKind::TooManyFragments
        | FailureKind::Trap(_)
        | FailureKind::Unreachable => false,
    }
}

fn is_status_final(status: u16) -> bool {
    match status {
        500.. => matches!(status, 501 | 505),
        _ => !PASSING_STATUSES.contains(&status),
    }
}

fn retry_after(refusal: &Refusal, now: SystemTime) -> Option<Duration> {
    let field = refusal
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("retry-after"))?;
    let value = std::str::from_utf8(&field.value).ok()?.trim_ascii();
    if !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_digit()) {
        // A number that does not fit is a long time all the same.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// What a hook says of why there can be no attempt now.
#[derive(Clone, Debug)]
pub struct HookError(Arc<dyn StdError + Send + Sync>);

impl HookError {
    /// From an error, or a text.
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for HookError {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for HookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Two are equal if they are of one failure.
impl PartialEq for HookError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for HookError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{CertificateProblem, Part, Timeout};
    use crate::event::{Closed, Header};
    use crate::grants::Denied;

    fn failed(step: Step, kind: FailureKind) -> Cause {
        let message = String::new();
        Error::Failed(Failure {
            step,
            kind,
            message,
        })
        .into()
    }

    fn refused(status: u16, headers: &[(&str, &str)]) -> Cause {
        let headers = headers.iter().map(|(name, value)| Header {
            name: (*name).into(),
            value: (*value).into(),
        });
        let refusal = Refusal {
            status,
            reason_phrase: String::new(),
            headers: headers.collect(),
            body: Vec::new(),
        };
        failed(Step::Handshake, FailureKind::Refused(Box::new(refusal)))
    }

    fn closed(code: u16) -> Cause {
        Error::Closed(Closed {
            code,
            reason: String::new(),
            was_clean: true,
        })
        .into()
    }

    #[test]
    fn what_would_be_met_again_is_final() {
        let argument = Error::InvalidArgument {
            part: Part::Host,
            message: String::new(),
        };
        assert!(Cause::from(argument).is_final());
        for (step, kind) in [
            (
                Step::Name,
                FailureKind::NotGranted(Denied::Name("a".into())),
            ),
            (
                Step::Tls,
                FailureKind::Certificate(CertificateProblem::Expired),
            ),
            (Step::Tls, FailureKind::TlsAlert(48)),
            (Step::Handshake, FailureKind::HandshakeInvalid),
            (Step::Proxy, FailureKind::ProxyRefused(407)),
        ] {
            assert!(failed(step, kind.clone()).is_final(), "{kind:?}");
        }
    }

    #[test]
    fn what_may_pass_is_not_final() {
        for (step, kind) in [
            (Step::Name, FailureKind::NameNotFound),
            (Step::Connect, FailureKind::ConnectionRefused),
            (Step::Handshake, FailureKind::Timeout(Timeout::Connect)),
            (Step::Tls, FailureKind::TlsAlert(80)),
            (Step::Open, FailureKind::TlsAlert(48)),
            (Step::Open, FailureKind::ConnectionLost),
        ] {
            assert!(!failed(step, kind.clone()).is_final(), "{kind:?}");
        }
        let hook = Cause::Hook(HookError::new("no token"));
        assert!(!hook.is_final());
        assert_eq!(hook.to_string(), "the hook before the attempt: no token");
    }

    #[test]
    fn statuses_of_the_client_are_final_and_those_of_the_server_pass() {
        for status in [200, 301, 400, 401, 403, 404, 407, 426, 499, 501, 505] {
            assert!(refused(status, &[]).is_final(), "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 520, 599] {
            assert!(!refused(status, &[]).is_final(), "{status}");
        }
    }

    #[test]
    fn a_closure_that_says_why_is_final_and_one_that_says_later_is_not() {
        for code in FINAL_CLOSE_CODES {
            assert!(closed(code).is_final(), "{code}");
        }
        for code in [1001, 1005, 1006, 1011, 1012, 1013, 1014, 3008, 4000] {
            assert!(!closed(code).is_final(), "{code}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_of_its_forms() {
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (value, seconds) in [
            ("120", Some(120)),
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("99999999999999999999999999", Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("Sun Nov  6 08:49:30 1994", Some(0)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let cause = refused(503, &[("retry-AFTER", value)]);
            assert_eq!(
                cause.retry_after(now),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
        assert_eq!(refused(503, &[("Age", "1")]).retry_after(now), None);
        assert_eq!(closed(1013).retry_after(now), None);
    }
}
