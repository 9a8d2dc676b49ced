mod access;
mod denied;
mod ports;
mod special;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

pub(crate) use access::Access;
pub use denied::Denied;
pub use ports::Ports;
pub use special::SpecialPurpose;

/// Which hosts and ports a connection may reach.
///
/// Nothing is granted unless it is said here: by name, by address, by a range of addresses, or by a
/// function. What any of them grants is granted.
///
/// ```
/// use wasocket::{Grants, Ports};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let grants = Grants::new()
///     .host("echo.example.org", 443)
///     .host("*.feeds.example.org", 8000..=8080)
///     .host("127.0.0.1", 9001)
///     .private_host("queue.internal", 443)
///     .network("10.1.0.0/16".parse()?, Ports::ALL);
/// # let _ = grants;
/// # Ok(())
/// # }
/// ```
///
/// # Names
///
/// A grant by name covers the addresses that the name resolves to when the connection asks, and no
/// others: neither those that another name resolves to, nor those that somebody has guessed.
///
/// Whoever answers for a name decides what it resolves to, and may say 127.0.0.1, or an address in
/// your network ("DNS rebinding"). A name that is granted by [`host`](Self::host) therefore leads to
/// addresses of the public internet only; see [`SpecialPurpose`] for which are not. Others have to be
/// granted too, by address or range, or with the name, by [`private_host`](Self::private_host).
/// `localhost` and the names below it are those of this machine (RFC 6761, section 6.3), so that a
/// grant of them covers loopback addresses, and those alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(Arc<Granted>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Granted {
    names: HashSet<NameGrant>,
    networks: HashSet<(IpNet, Ports)>,
    functions: Vec<Function>,
    everything: bool,
}

/// What is asked for, for a function to decide; see [`Grants::decided_by`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Destination<'a> {
    /// To look up this name, which is in lower case and without a final dot.
    Name(&'a str),
    /// To connect to this address.
    Address {
        /// The address and the port.
        address: SocketAddr,
        /// The names that were looked up for this connection and resolved to the address.
        names: &'a [String],
    },
}

impl Grants {
    /// Grants nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants a host on a port, several, or all of them.
    ///
    /// `host` is an address (with or without the brackets that IPv6 addresses have in URLs), or a
    /// name, which covers addresses of the public internet; see [above](Self#names). Names are
    /// compared without regard to case and to a final dot. `*.example.org` is every name below
    /// `example.org`, at any depth, without `example.org` itself, and `*` is every name.
    #[must_use]
    pub fn host(self, host: &str, ports: impl Into<Ports>) -> Self {
        match bare(host).parse::<IpAddr>() {
            Ok(address) => self.network(address.into(), ports),
            Err(_) => self.name(host, ports.into(), false),
        }
    }

    /// Grants a host as [`host`](Self::host) does, with any address that its name resolves to, in
    /// private networks and on this machine too. Whoever answers for the name can let connections
    /// lead there.
    #[must_use]
    pub fn private_host(self, host: &str, ports: impl Into<Ports>) -> Self {
        match bare(host).parse::<IpAddr>() {
            Ok(address) => self.network(address.into(), ports),
            Err(_) => self.name(host, ports.into(), true),
        }
    }

    /// Grants a range of addresses, such as `10.1.0.0/16`: by themselves, and for the names that
    /// resolve to them, if those may be looked up.
    #[must_use]
    pub fn network(mut self, network: IpNet, ports: impl Into<Ports>) -> Self {
        let network = (canonical(network), ports.into());
        Arc::make_mut(&mut self.0).networks.insert(network);
        self
    }

    /// Grants what `function` returns `true` for.
    ///
    /// It is asked for what no other grant covers: for a name, whether it may be looked up, and for an
    /// address, with the names that resolved to it, whether it may be connected to. What it says of
    /// an address holds, in private networks too: see [`SpecialPurpose::of`].
    ///
    /// It runs on the task of the connection, and should not block. If it panics, the connection ends
    /// with its task.
    #[must_use]
    pub fn decided_by(
        mut self,
        function: impl Fn(&Destination<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        let function = Function(Arc::new(function));
        Arc::make_mut(&mut self.0).functions.push(function);
        self
    }

    /// Grants every host on every port, in private networks and on this machine too: for a program
    /// whose user chooses where to connect, such as a command-line tool.
    #[must_use]
    pub fn everything(mut self) -> Self {
        Arc::make_mut(&mut self.0).everything = true;
        self
    }

    fn name(mut self, host: &str, ports: Ports, private: bool) -> Self {
        let name = normalized(host);
        let grant = NameGrant {
            pattern: match name.strip_prefix('*') {
                Some(suffix) => NamePattern::EndsWith(suffix.to_owned()),
                None => NamePattern::Is(name),
            },
            ports,
            private,
        };
        Arc::make_mut(&mut self.0).names.insert(grant);
        self
    }

    /// Whether this normalized name may be looked up.
    fn covers_name(&self, name: &str) -> bool {
        let granted = &self.0;
        granted.everything
            || granted
                .names
                .iter()
                .any(|grant| grant.pattern.matches(name))
            || self.is_decided(&Destination::Name(name))
    }

    /// Whether a connection to this canonical address is granted, to which these names resolved.
    fn judge(&self, address: SocketAddr, names: &[String]) -> Result<(), Denied> {
        let granted = &self.0;
        let covers = |(network, ports): &(IpNet, Ports)| {
            network.contains(&address.ip()) && ports.contains(address.port())
        };
        if granted.everything || granted.networks.iter().any(covers) {
            return Ok(());
        }
        let purpose = SpecialPurpose::of(address.ip());
        let mut denied = match names.last() {
            None => Denied::Address(address),
            Some(name) => Denied::Port {
                name: name.clone(),
                address,
            },
        };
        for name in names {
            let grants = granted.names.iter().filter(|grant| {
                grant.pattern.matches(name) && grant.ports.contains(address.port())
            });
            for grant in grants {
                if grant.private || purpose == expected_purpose(name) {
                    return Ok(());
                }
                if let Some(purpose) = purpose {
                    denied = Denied::SpecialPurpose {
                        name: name.clone(),
                        address,
                        purpose,
                    };
                }
            }
        }
        match self.is_decided(&Destination::Address { address, names }) {
            true => Ok(()),
            false => Err(denied),
        }
    }

    fn is_decided(&self, destination: &Destination<'_>) -> bool {
        let functions = &self.0.functions;
        functions.iter().any(|function| (function.0)(destination))
    }
}

/// A name, or several, on ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct NameGrant {
    pattern: NamePattern,
    ports: Ports,
    /// What the names resolve to may be any address.
    private: bool,
}

/// Which names, normalized.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum NamePattern {
    Is(String),
    /// Those that are longer than this and end with it.
    EndsWith(String),
}

impl NamePattern {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Is(is) => name == is,
            Self::EndsWith(suffix) => name.len() > suffix.len() && name.ends_with(suffix.as_str()),
        }
    }
}

/// A function that decides. It is equal to itself.
#[derive(Clone)]
struct Function(Arc<dyn Fn(&Destination<'_>) -> bool + Send + Sync>);

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Function {}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({:p})", self.0)
    }
}

/// What the addresses of this normalized name are for.
fn expected_purpose(name: &str) -> Option<SpecialPurpose> {
    // RFC 6761, section 6.3: "Users may assume that IPv4 and IPv6 address queries for localhost names
    // will always resolve to the respective IP loopback address."
    let is_localhost = name == "localhost" || name.ends_with(".localhost");
    is_localhost.then_some(SpecialPurpose::Loopback)
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

/// IPv4 addresses that are written as IPv6 ones (RFC 4291, section 2.5.5.2) as such, which is how
/// addresses are compared.
fn canonical(network: IpNet) -> IpNet {
    /// How long the prefix is that all of them have.
    const MAPPED_PREFIX_LEN: u8 = 96;

    if let IpNet::V6(mapped) = network
        && let IpAddr::V4(address) = IpAddr::V6(mapped.addr()).to_canonical()
        && let Some(prefix_len) = mapped.prefix_len().checked_sub(MAPPED_PREFIX_LEN)
        && let Ok(network) = Ipv4Net::new(address, prefix_len)
    {
        return network.into();
    }
    network
}
