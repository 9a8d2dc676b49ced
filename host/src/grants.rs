use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// Which hosts and ports a connection may reach.
///
/// Nothing is granted unless it is said here. A grant by name covers the addresses that the name
/// resolves to when the connection asks, and no others; a grant by address covers that address.
///
/// ```
/// use wasocket::Grants;
///
/// let grants = Grants::new()
///     .host("echo.example.org", 443)
///     .host("127.0.0.1", 9001);
/// # let _ = grants;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    names: HashMap<String, HashSet<u16>>,
    addresses: HashSet<SocketAddr>,
    everything: bool,
}

impl Grants {
    /// Grants nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants a host on a port. `host` is a name, or an address (with or without the brackets that
    /// IPv6 addresses have in URLs). Names are compared without regard to case and to a final dot.
    #[must_use]
    pub fn host(mut self, host: &str, port: u16) -> Self {
        match bare(host).parse::<IpAddr>() {
            Ok(address) => {
                self.addresses.insert(SocketAddr::new(address, port));
            }
            Err(_) => {
                self.names.entry(normalized(host)).or_default().insert(port);
            }
        }
        self
    }

    /// Grants every host on every port, in private networks and on this machine too: for a program
    /// whose user chooses where to connect, such as a command-line tool.
    #[must_use]
    pub fn everything(mut self) -> Self {
        self.everything = true;
        self
    }
}

/// What a connection was denied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denied {
    /// To look up this name.
    Name(String),
    /// To connect to this address.
    Address(SocketAddr),
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
        }
    }
}

/// The grants of one connection, what its names resolved to, and what it was denied.
#[derive(Clone, Debug)]
pub(crate) struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    grants: Grants,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Addresses that granted names resolved to, with the ports that are granted for the names.
    pinned: HashSet<SocketAddr>,
    denied: Option<Denied>,
}

impl Access {
    pub(crate) fn new(grants: Grants) -> Self {
        Self(Arc::new(Inner {
            grants,
            state: Mutex::default(),
        }))
    }

    /// The ports that are granted for this name; `None` if the name may not be looked up.
    pub(crate) fn ports_of(&self, name: &str) -> Option<NamePorts> {
        let grants = &self.0.grants;
        if grants.everything {
            return Some(NamePorts::All);
        }
        let name = normalized(name);
        match grants.names.get(&name) {
            Some(ports) => Some(NamePorts::These(ports.iter().copied().collect())),
            None => {
                self.state(|state| state.denied = Some(Denied::Name(name)));
                None
            }
        }
    }

    /// Remembers that a granted name resolved to this address.
    pub(crate) fn pin(&self, address: IpAddr, ports: &NamePorts) {
        if let NamePorts::These(ports) = ports {
            let addresses = ports.iter().map(|&port| SocketAddr::new(address, port));
            self.state(|state| state.pinned.extend(addresses));
        }
    }

    /// Whether a connection to this address is granted.
    pub(crate) fn may_connect(&self, address: SocketAddr) -> bool {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let grants = &self.0.grants;
        if grants.everything || grants.addresses.contains(&address) {
            return true;
        }
        self.state(|state| {
            let pinned = state.pinned.contains(&address);
            if !pinned {
                state.denied = Some(Denied::Address(address));
            }
            pinned
        })
    }

    /// What was denied last.
    pub(crate) fn denied(&self) -> Option<Denied> {
        self.state(|state| state.denied.clone())
    }

    fn state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while holding the lock, so that a poisoned one has good data.
        f(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The ports that are granted for a name.
#[derive(Clone, Debug)]
pub(crate) enum NamePorts {
    All,
    These(Vec<u16>),
}

/// An IPv6 address without its brackets.
fn bare(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host)
}

fn normalized(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let access = Access::new(Grants::new());
        assert!(access.ports_of("example.org").is_none());
        assert_eq!(access.denied(), Some(Denied::Name("example.org".into())));
        assert!(!access.may_connect(address("127.0.0.1:80")));
        assert_eq!(
            access.denied(),
            Some(Denied::Address(address("127.0.0.1:80")))
        );
    }

    #[test]
    fn a_grant_by_name_covers_what_the_name_resolved_to_on_the_port() {
        let access = Access::new(Grants::new().host("Example.org.", 443));
        assert!(!access.may_connect(address("192.0.2.1:443")));
        let ports = access.ports_of("EXAMPLE.org").unwrap();
        access.pin("192.0.2.1".parse().unwrap(), &ports);
        assert!(access.may_connect(address("192.0.2.1:443")));
        assert!(!access.may_connect(address("192.0.2.1:80")));
        assert!(!access.may_connect(address("192.0.2.2:443")));
        assert!(access.ports_of("www.example.org").is_none());
    }

    #[test]
    fn a_grant_by_address_needs_no_name() {
        for host in ["::1", "[::1]"] {
            let access = Access::new(Grants::new().host(host, 81));
            assert!(access.may_connect(address("[::1]:81")));
            assert!(!access.may_connect(address("[::1]:82")));
        }
        let access = Access::new(Grants::new().host("127.0.0.1", 81));
        assert!(access.may_connect(address("[::ffff:127.0.0.1]:81")));
    }

    #[test]
    fn everything_is_everything() {
        let access = Access::new(Grants::new().everything());
        assert!(access.ports_of("example.org").is_some());
        assert!(access.may_connect(address("10.0.0.1:1")));
    }

    #[test]
    fn the_missing_grant_is_named() {
        assert_eq!(
            Denied::Address(address("127.0.0.1:81")).to_string(),
            "port 81 of 127.0.0.1 (see `Grants::host`)"
        );
    }
}
