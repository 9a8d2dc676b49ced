use alloc::string::ToString;
use core::net::IpAddr;

use rustls::pki_types::{self, DnsName};

/// Whom the server's certificate must be for: a host name or an IP address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerName(pki_types::ServerName<'static>);

impl ServerName {
    /// A host name, which the ClientHello carries (RFC 6066, section 3).
    ///
    /// A dot at its end is left out, as certificates have none, and RFC 6066 wants none: the name
    /// "is represented as a byte string using ASCII encoding without a trailing dot".
    ///
    /// # Errors
    ///
    /// If it is not a name of the domain name system, in ASCII. An IP address is none.
    pub fn from_host_name(name: &str) -> Result<Self, InvalidServerName> {
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.ends_with('.') {
            return Err(InvalidServerName);
        }
        DnsName::try_from(name.to_string())
            .map(|name| Self(name.to_lowercase_owned().into()))
            .map_err(|_| InvalidServerName)
    }

    pub(crate) fn into_inner(self) -> pki_types::ServerName<'static> {
        self.0
    }
}

impl From<IpAddr> for ServerName {
    /// An address, which the ClientHello does not carry.
    fn from(address: IpAddr) -> Self {
        Self(match address {
            IpAddr::V4(address) => pki_types::Ipv4Addr::from(address.octets()).into(),
            IpAddr::V6(address) => pki_types::Ipv6Addr::from(address.segments()).into(),
        })
    }
}

/// A host name that cannot be in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host is not a name that a certificate can be for")]
pub struct InvalidServerName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_the_dot_at_the_end_do_not_matter() {
        let name = ServerName::from_host_name("server.example.com").unwrap();
        for same in ["server.example.com.", "Server.Example.COM"] {
            assert_eq!(ServerName::from_host_name(same), Ok(name.clone()));
        }
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        for name in [
            "",
            ".",
            "..",
            "example.com..",
            "a..b",
            "127.0.0.1",
            "::1",
            "[::1]",
            "münchen.example",
            "a b",
            "a\0b",
            "-a.example",
            &"a".repeat(64),
        ] {
            assert_eq!(
                ServerName::from_host_name(name),
                Err(InvalidServerName),
                "{name:?}"
            );
        }
    }
}
