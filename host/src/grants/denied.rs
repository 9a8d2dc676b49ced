use std::fmt;
use std::net::SocketAddr;

use super::SpecialPurpose;

/// What a connection was denied, and so which grant is missing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denied {
    /// To look up this name.
    Name(String),
    /// To connect to this address, which no name resolved to.
    Address(SocketAddr),
    /// To connect to this port of a name that may be looked up.
    Port {
        /// The name.
        name: String,
        /// The address that it resolved to, and the port.
        address: SocketAddr,
    },
    /// To connect to an address that is not one of the public internet, for the sake of a name that
    /// is granted on this port.
    SpecialPurpose {
        /// The name.
        name: String,
        /// The address that it resolved to, and the port.
        address: SocketAddr,
        /// What the address is for.
        purpose: SpecialPurpose,
    },
}

impl fmt::Display for Denied {
    /// Names the grant that is missing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "the host {name} (see `Grants::host`)"),
            Self::Address(address) => write!(
                f,
                "port {} of {} (see `Grants::host`)",
                address.port(),
                address.ip()
            ),
            Self::Port { name, address } => write!(
                f,
                "port {} of {name}, which is {} (see `Grants::host`)",
                address.port(),
                address.ip()
            ),
            Self::SpecialPurpose {
                name,
                address,
                purpose,
            } => write!(
                f,
                "port {} of {}, {purpose} that {name} resolved to (see `Grants::private_host`)",
                address.port(),
                address.ip()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_grant_is_named() {
        let address: SocketAddr = "127.0.0.1:81".parse().unwrap();
        let name = || "example.org".to_owned();
        let special = Denied::SpecialPurpose {
            name: name(),
            address,
            purpose: SpecialPurpose::Loopback,
        };
        for (denied, said) in [
            (
                Denied::Name(name()),
                "the host example.org (see `Grants::host`)",
            ),
            (
                Denied::Address(address),
                "port 81 of 127.0.0.1 (see `Grants::host`)",
            ),
            (
                Denied::Port {
                    name: name(),
                    address,
                },
                "port 81 of example.org, which is 127.0.0.1 (see `Grants::host`)",
            ),
            (
                special,
                "port 81 of 127.0.0.1, a loopback address that example.org resolved to (see \
                 `Grants::private_host`)",
            ),
        ] {
            assert_eq!(denied.to_string(), said);
        }
    }
}
