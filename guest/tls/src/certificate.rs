use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

#[cfg(feature = "rustls")]
use rustls::CertificateError;

/// Why the server's certificate is not accepted (RFC 5280, section 6, and RFC 9525).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// It was valid until a time that is past, by the caller's clock.
    #[error("it expired at {not_after}, and the time is {now} (in seconds since 1970)")]
    Expired {
        /// The end of its validity, in seconds since 1970.
        not_after: u64,
        /// The caller's time.
        now: u64,
    },
    /// It is valid from a time that is to come, by the caller's clock.
    #[error("it is not valid before {not_before}, and the time is {now} (in seconds since 1970)")]
    NotYetValid {
        /// The start of its validity, in seconds since 1970.
        not_before: u64,
        /// The caller's time.
        now: u64,
    },
    /// It is for other names than the server's.
    #[error("it is not for this server, but for {}", Names(presented))]
    WrongName {
        /// The names and addresses that it is for.
        presented: Vec<String>,
    },
    /// No chain leads from it to a root that is trusted.
    #[error("no authority that is trusted has issued it")]
    UnknownIssuer,
    /// It is an authority's own (its `basicConstraints` say so), even if one that is trusted.
    #[error("it is the certificate of an authority and not of a server")]
    Authority,
    /// Its purposes (`extendedKeyUsage`) do not include servers.
    #[error("it is not meant for servers")]
    NotForServers,
    /// A signature on it, or made with it, is wrong.
    #[error("a signature is wrong")]
    BadSignature,
    /// A signature on it, or made with it, is of a kind that is not supported.
    #[error("a signature is of a kind that is not supported")]
    UnsupportedSignature,
    /// It has a critical extension that is not understood.
    #[error("it has a critical extension that is not understood")]
    UnknownExtension,
    /// It, or another in its chain, is not an X.509 certificate of version 3.
    #[error("it is malformed")]
    Malformed,
    /// Something else, such as a chain that takes too long to verify.
    #[error("it cannot be verified")]
    Other,
}

#[cfg(feature = "rustls")]
impl From<CertificateError> for CertificateProblem {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::ExpiredContext { time, not_after } => Self::Expired {
                not_after: not_after.as_secs(),
                now: time.as_secs(),
            },
            CertificateError::NotValidYetContext { time, not_before } => Self::NotYetValid {
                not_before: not_before.as_secs(),
                now: time.as_secs(),
            },
            CertificateError::NotValidForNameContext { presented, .. } => Self::WrongName {
                presented: presented.iter().map(|name| plain(name)).collect(),
            },
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            // Without context it comes from our `Verifier` alone.
            CertificateError::InvalidPurpose => Self::Authority,
            CertificateError::InvalidPurposeContext { .. } => Self::NotForServers,
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::UnsupportedSignature
            }
            CertificateError::UnhandledCriticalExtension => Self::UnknownExtension,
            // The only cause of `Expired` without context is that it ends before it starts.
            CertificateError::BadEncoding | CertificateError::Expired => Self::Malformed,
            // The rest is about revocation, which is not looked into, or has no more to tell.
            _ => Self::Other,
        }
    }
}

/// A name as webpki shows it for debugging, such as `DnsName("example.com")`, or an address, such
/// as `IpAddress(0::1)`, in the form that people know. Those of other kinds stay as they are.
fn plain(name: &str) -> String {
    let between = |start, end| name.strip_prefix(start)?.strip_suffix(end);
    if let Some(name) = between("DnsName(\"", "\")") {
        return name.into();
    }
    let address = between("IpAddress(", ")").and_then(|address| address.parse::<IpAddr>().ok());
    address.map_or_else(|| name.into(), |address| address.to_string())
}

/// Shows the names in a certificate, not too many of them, and nothing that would move the cursor
/// of a terminal.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_SHOWN: usize = 4;
        let (shown, rest) = self.0.split_at(self.0.len().min(MAX_SHOWN));
        if shown.is_empty() {
            return f.write_str("none");
        }
        for (index, name) in shown.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{}", name.escape_debug())?;
        }
        if !rest.is_empty() {
            write!(f, " and {} more", rest.len())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_shown_as_people_know_them() {
        for (debug, shown) in [
            ("DnsName(\"*.example.com\")", "*.example.com"),
            ("IpAddress(192.0.2.1)", "192.0.2.1"),
            ("IpAddress(0::1)", "::1"),
            ("IpAddress(not one)", "IpAddress(not one)"),
            ("DirectoryName", "DirectoryName"),
        ] {
            assert_eq!(plain(debug), shown);
        }
    }

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        let names = ["a\u{1b}[2J\n".to_string()];
        assert_eq!(Names(&names).to_string(), "a\\u{1b}[2J\\n");
    }

    #[test]
    fn a_few_of_the_names_are_shown() {
        for (names, shown) in [
            (&[][..], "none"),
            (&["a"], "a"),
            (&["a", "b", "c", "d"], "a, b, c, d"),
            (&["a", "b", "c", "d", "e", "f"], "a, b, c, d and 2 more"),
        ] {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            assert_eq!(Names(&names).to_string(), shown);
        }
    }
}
