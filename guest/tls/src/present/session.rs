use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use spin::Mutex;

use super::clock::Clock;

/// How many servers' sessions a [`TlsContext`](crate::TlsContext) remembers, those used last.
///
/// A program that talks to more at the same time loses no more than a few milliseconds for each
/// connection.
pub const MAX_SERVERS: usize = 32;

/// How many TLS 1.3 tickets are remembered for each server, the newest.
///
/// Servers send one to four for each connection, and each is used for one. With its certificates
/// one takes some 5 KiB; a server that wants to can make it 128 KiB.
pub const MAX_TICKETS: usize = 4;

/// How old a TLS 1.2 session may be, in seconds, to be resumed.
///
/// RFC 5246, section F.1.4: "An upper limit of 24 hours is suggested for session ID lifetimes".
/// rustls knows none for them. It sees to tickets: they live as long as the server says, and at
/// most 7 days.
const MAX_TLS12_AGE: u64 = 24 * 60 * 60;

/// The sessions that can be resumed, and what else makes the next handshake faster.
pub(crate) struct Sessions {
    clock: Arc<Clock>,
    /// The one used last is last.
    servers: Mutex<Vec<Server>>,
}

struct Server {
    name: ServerName<'static>,
    kx_hint: Option<NamedGroup>,
    /// When it was stored, in seconds since 1970, and the session.
    tls12: Option<(u64, Tls12ClientSessionValue)>,
    /// The newest is last.
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl Server {
    fn new(name: ServerName<'static>) -> Self {
        Self {
            name,
            kx_hint: None,
            tls12: None,
            tls13: VecDeque::new(),
        }
    }
}

impl Sessions {
    pub(crate) fn new(clock: Arc<Clock>) -> Self {
        Self {
            clock,
            servers: Mutex::new(Vec::new()),
        }
    }

    /// Calls `read` with what is remembered of a server, if there is anything.
    fn find<R>(
        &self,
        name: &ServerName<'_>,
        read: impl FnOnce(&mut Server) -> Option<R>,
    ) -> Option<R> {
        let mut servers = self.servers.lock();
        let index = servers.iter().position(|server| server.name == *name)?;
        servers[index..].rotate_left(1);
        read(servers.last_mut()?)
    }

    /// Calls `write` with what is remembered of a server, which may be nothing.
    fn edit(&self, name: ServerName<'static>, write: impl FnOnce(&mut Server)) {
        let mut servers = self.servers.lock();
        let mut server = match servers.iter().position(|server| server.name == name) {
            Some(index) => servers.remove(index),
            None => Server::new(name),
        };
        if servers.len() == MAX_SERVERS {
            servers.remove(0);
        }
        write(&mut server);
        servers.push(server);
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.edit(server_name, |server| server.kx_hint = Some(group));
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.find(server_name, |server| server.kx_hint)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.edit(server_name, |server| {
            server.tls12 = Some((self.clock.unix_time(), value));
        });
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        let now = self.clock.unix_time();
        self.find(server_name, |server| {
            let is_old = |&(stored, _): &_| now.saturating_sub(stored) > MAX_TLS12_AGE;
            server.tls12.take_if(|session| is_old(session));
            server.tls12.as_ref().map(|(_, session)| session.clone())
        })
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.find(server_name, |server| server.tls12.take());
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        self.edit(server_name, |server| {
            if server.tls13.len() == MAX_TICKETS {
                server.tls13.pop_front();
            }
            server.tls13.push_back(value);
        });
    }

    /// RFC 8446, section C.4: "Clients SHOULD NOT reuse a ticket for multiple connections."
    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.find(server_name, |server| server.tls13.pop_back())
    }
}

impl fmt::Debug for Sessions {
    /// Without the sessions, which are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn sessions() -> Sessions {
        Sessions::new(Arc::new(Clock::default()))
    }

    fn name(number: usize) -> ServerName<'static> {
        ServerName::try_from(format!("s{number}.example")).unwrap()
    }

    #[test]
    fn the_servers_used_last_are_remembered() {
        let sessions = sessions();
        for number in 0..MAX_SERVERS {
            sessions.set_kx_hint(name(number), NamedGroup::X25519);
        }
        assert_eq!(sessions.kx_hint(&name(0)), Some(NamedGroup::X25519));
        sessions.set_kx_hint(name(MAX_SERVERS), NamedGroup::secp256r1);
        assert_eq!(sessions.servers.lock().len(), MAX_SERVERS);
        assert_eq!(sessions.kx_hint(&name(1)), None);
        for number in [0, 2, MAX_SERVERS] {
            assert!(sessions.kx_hint(&name(number)).is_some(), "{number}");
        }
    }

    #[test]
    fn asking_for_a_server_does_not_add_it() {
        let sessions = sessions();
        sessions.remove_tls12_session(&name(0));
        assert!(sessions.take_tls13_ticket(&name(0)).is_none());
        assert!(sessions.tls12_session(&name(0)).is_none());
        assert_eq!(sessions.servers.lock().len(), 0);
    }

    #[test]
    fn what_is_remembered_is_set_for_each_server() {
        let sessions = sessions();
        sessions.set_kx_hint(name(0), NamedGroup::X25519);
        sessions.set_kx_hint(name(1), NamedGroup::secp384r1);
        sessions.set_kx_hint(name(0), NamedGroup::secp256r1);
        assert_eq!(sessions.kx_hint(&name(0)), Some(NamedGroup::secp256r1));
        assert_eq!(sessions.kx_hint(&name(1)), Some(NamedGroup::secp384r1));
        assert_eq!(sessions.servers.lock().len(), 2);
    }
}
