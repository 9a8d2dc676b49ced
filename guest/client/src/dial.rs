use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use wasocket_proto::{Host, Instant, WebSocketUrl};

use crate::error::{Error, ErrorKind, Step};
use crate::transport_error::{TransportError, TransportErrorKind};

/// How long an attempt runs before the next address is tried beside it: the "Connection Attempt
/// Delay" that RFC 8305, section 5 recommends.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Names one attempt to open a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptId(u32);

/// What a shell is to do to get a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dial {
    /// Resolve this name, and say what came of it.
    Resolve(String),
    /// Open a TCP connection to this address, and say what came of it.
    Attempt(AttemptId, SocketAddr),
}

/// Finds a way to a host: resolves its name, and tries its addresses as RFC 8305 ("Happy
/// Eyeballs") has it, so that one that does not answer costs a quarter of a second.
#[derive(Debug)]
pub(crate) struct Dialer {
    port: u16,
    name: Name,
    /// Addresses that are not tried yet, in the order in which they will be.
    untried: VecDeque<IpAddr>,
    running: Vec<(AttemptId, SocketAddr)>,
    failed: Vec<(SocketAddr, TransportError)>,
    /// When the next address is tried though an attempt is running; `None` is at once.
    next_attempt: Option<Instant>,
    attempt_count: u32,
}

#[derive(Debug)]
enum Name {
    Unresolved(String),
    Resolving(String),
    Resolved,
}

impl Dialer {
    pub(crate) fn new(url: &WebSocketUrl) -> Self {
        let (name, address) = match url.host() {
            Host::Name(name) => (Name::Unresolved(name.clone()), None),
            Host::Ipv4(address) => (Name::Resolved, Some(IpAddr::V4(*address))),
            Host::Ipv6(address) => (Name::Resolved, Some(IpAddr::V6(*address))),
        };
        Self {
            port: url.port(),
            name,
            untried: address.into_iter().collect(),
            running: Vec::new(),
            failed: Vec::new(),
            next_attempt: None,
            attempt_count: 0,
        }
    }

    pub(crate) fn step(&self) -> Step {
        match self.name {
            Name::Unresolved(_) | Name::Resolving(_) => Step::Name,
            Name::Resolved => Step::Connect,
        }
    }

    pub(crate) fn poll(&mut self, now: Instant) -> Option<Dial> {
        if let Name::Unresolved(name) = &mut self.name {
            let name = core::mem::take(name);
            self.name = Name::Resolving(name.clone());
            return Some(Dial::Resolve(name));
        }
        if self.next_attempt.is_some_and(|next| next > now) {
            return None;
        }
        let address = SocketAddr::new(self.untried.pop_front()?, self.port);
        self.attempt_count += 1;
        let id = AttemptId(self.attempt_count);
        self.running.push((id, address));
        self.next_attempt = Some(now + ATTEMPT_DELAY);
        Some(Dial::Attempt(id, address))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.next_attempt.filter(|_| !self.untried.is_empty())
    }

    /// Takes the addresses of the name, in the order of the resolver's preference.
    pub(crate) fn handle_resolved(&mut self, addresses: Vec<IpAddr>) -> Result<(), Error> {
        let Name::Resolving(name) = &self.name else {
            return Ok(());
        };
        if addresses.is_empty() {
            let message = format!("{name} has no address");
            return Err(Error::new(Step::Name, ErrorKind::NameNotFound, message));
        }
        self.name = Name::Resolved;
        self.untried = interleaved(addresses);
        Ok(())
    }

    /// Takes the failure of an attempt; fails if no other is left.
    pub(crate) fn handle_failed(
        &mut self,
        id: AttemptId,
        error: TransportError,
    ) -> Result<(), Error> {
        let Some(index) = self.running.iter().position(|(running, _)| *running == id) else {
            return Ok(());
        };
        let (_, address) = self.running.swap_remove(index);
        self.failed.push((address, error));
        // Section 5: the next attempt starts at once when one fails.
        self.next_attempt = None;
        if self.running.is_empty() && self.untried.is_empty() {
            return Err(self.failure());
        }
        Ok(())
    }

    /// Why no address could be reached.
    fn failure(&self) -> Error {
        let mut message = self
            .failed
            .iter()
            .map(|(address, error)| format!("{address}: {}", error.message))
            .collect::<Vec<_>>()
            .join("; ");
        // Addresses may fail in different ways; what the host forbids is the thing to mend first.
        let denied = TransportErrorKind::AccessDenied;
        let kind = match self.failed.last() {
            _ if self.failed.iter().any(|(_, error)| error.kind == denied) => denied,
            Some((_, error)) => error.kind,
            None => TransportErrorKind::Other,
        };
        if kind == denied {
            message.push_str(" (the host has to allow this component TCP)");
        }
        Error::new(Step::Connect, kind.into(), message)
    }
}

/// RFC 8305, section 4: addresses of both families take turns, those of one family keep their
/// order.
fn interleaved(addresses: Vec<IpAddr>) -> VecDeque<IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut all = VecDeque::new();
    loop {
        let pair = [preferred.next(), other.next()];
        if pair == [None, None] {
            return all;
        }
        for address in pair.into_iter().flatten() {
            if !all.contains(&address) {
                all.push_back(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn at(millis: u64) -> Instant {
        Instant::from_nanos(millis * 1_000_000)
    }

    fn dialer(url: &str) -> Dialer {
        Dialer::new(&WebSocketUrl::parse(url).unwrap())
    }

    /// A dialer whose name has these addresses.
    fn resolved(addresses: &[&str]) -> Dialer {
        let mut dialer = dialer("ws://example.org:81/");
        assert_eq!(
            dialer.poll(at(0)),
            Some(Dial::Resolve("example.org".into()))
        );
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        dialer.handle_resolved(addresses).unwrap();
        dialer
    }

    /// The address that is to be tried now, if any.
    fn attempt(dialer: &mut Dialer, now: Instant) -> Option<(AttemptId, String)> {
        match dialer.poll(now)? {
            Dial::Attempt(id, address) => Some((id, format!("{address}"))),
            other => panic!("{other:?}"),
        }
    }

    fn error(kind: TransportErrorKind, message: &str) -> TransportError {
        TransportError {
            kind,
            message: message.into(),
        }
    }

    #[test]
    fn an_address_needs_no_name() {
        for (url, address) in [
            ("ws://127.0.0.1/", "127.0.0.1:80"),
            ("wss://[::1]:9/", "[::1]:9"),
        ] {
            let mut dialer = dialer(url);
            assert_eq!(dialer.step(), Step::Connect);
            assert_eq!(attempt(&mut dialer, at(0)).unwrap().1, address);
            assert_eq!(dialer.poll(at(1_000)), None);
        }
    }

    #[test]
    fn a_name_is_resolved_once() {
        let mut dialer = dialer("ws://example.org/");
        assert_eq!(dialer.step(), Step::Name);
        assert!(matches!(dialer.poll(at(0)), Some(Dial::Resolve(_))));
        assert_eq!(dialer.poll(at(0)), None);
        assert_eq!(dialer.step(), Step::Name);
    }

    #[test]
    fn a_name_without_an_address_is_not_found() {
        let mut dialer = dialer("ws://example.org/");
        dialer.poll(at(0));
        assert_eq!(
            dialer.handle_resolved(vec![]),
            Err(Error {
                step: Step::Name,
                kind: ErrorKind::NameNotFound,
                message: "example.org has no address".into(),
            })
        );
    }

    #[test]
    fn families_take_turns_and_repeated_addresses_are_tried_once() {
        let mut dialer = resolved(&["::1", "::2", "1.1.1.1", "::1", "::3"]);
        let mut order = vec![];
        for round in 0..9 {
            order.extend(attempt(&mut dialer, at(round * 250)).map(|(_, address)| address));
        }
        assert_eq!(order, ["[::1]:81", "1.1.1.1:81", "[::2]:81", "[::3]:81"]);
    }

    #[test]
    fn the_next_address_is_tried_after_a_quarter_of_a_second() {
        let mut dialer = resolved(&["1.1.1.1", "2.2.2.2"]);
        assert!(attempt(&mut dialer, at(0)).is_some());
        assert_eq!(dialer.poll_timeout(), Some(at(250)));
        assert_eq!(attempt(&mut dialer, at(249)), None);
        assert!(attempt(&mut dialer, at(250)).is_some());
        assert_eq!(dialer.poll_timeout(), None);
    }

    #[test]
    fn the_next_address_is_tried_at_once_when_one_fails() {
        let mut dialer = resolved(&["1.1.1.1", "2.2.2.2", "3.3.3.3"]);
        let (first, _) = attempt(&mut dialer, at(0)).unwrap();
        let refused = error(TransportErrorKind::ConnectionRefused, "refused");
        dialer.handle_failed(first, refused).unwrap();
        assert_eq!(attempt(&mut dialer, at(1)).unwrap().1, "2.2.2.2:81");
        assert_eq!(attempt(&mut dialer, at(1)), None);
    }

    #[test]
    fn when_all_addresses_failed_each_is_named() {
        let mut dialer = resolved(&["1.1.1.1", "::2"]);
        let (first, _) = attempt(&mut dialer, at(0)).unwrap();
        let (second, _) = attempt(&mut dialer, at(250)).unwrap();
        let unreachable = error(TransportErrorKind::Unreachable, "no route");
        let refused = error(TransportErrorKind::ConnectionRefused, "refused");
        assert_eq!(dialer.handle_failed(first, unreachable), Ok(()));
        assert_eq!(
            dialer.handle_failed(second, refused),
            Err(Error {
                step: Step::Connect,
                kind: ErrorKind::ConnectionRefused,
                message: "1.1.1.1:81: no route; [::2]:81: refused".into(),
            })
        );
    }

    #[test]
    fn what_the_host_denies_is_told_before_what_failed() {
        let mut dialer = resolved(&["1.1.1.1", "2.2.2.2"]);
        let (first, _) = attempt(&mut dialer, at(0)).unwrap();
        let (second, _) = attempt(&mut dialer, at(250)).unwrap();
        let denied = error(TransportErrorKind::AccessDenied, "denied");
        let refused = error(TransportErrorKind::ConnectionRefused, "refused");
        dialer.handle_failed(first, denied).unwrap();
        assert_eq!(
            dialer.handle_failed(second, refused),
            Err(Error {
                step: Step::Connect,
                kind: ErrorKind::AccessDenied,
                message: "1.1.1.1:81: denied; 2.2.2.2:81: refused (the host has to allow this \
                          component TCP)"
                    .into(),
            })
        );
    }
}
