use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::debug;

use super::{Denied, Grants, normalized};
#[cfg(feature = "wasi-tls")]
use crate::tls::HostTls;

/// The grants of one connection, what its names resolved to, and what it was denied; and the TLS that
/// the host does for it.
#[derive(Clone, Debug)]
pub(crate) struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    grants: Grants,
    #[cfg(feature = "wasi-tls")]
    tls: Option<HostTls>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The names that resolved to each address.
    pinned: HashMap<IpAddr, Vec<String>>,
    denied: Option<Denied>,
}

impl Access {
    pub(crate) fn new(grants: Grants) -> Self {
        Self(Arc::new(Inner {
            grants,
            #[cfg(feature = "wasi-tls")]
            tls: None,
            state: Mutex::default(),
        }))
    }

    /// The same with TLS that the host does.
    #[cfg(feature = "wasi-tls")]
    pub(crate) fn with_tls(grants: Grants, tls: HostTls) -> Self {
        Self(Arc::new(Inner {
            grants,
            tls: Some(tls),
            state: Mutex::default(),
        }))
    }

    /// The TLS that the host does for this connection, if it does any.
    #[cfg(feature = "wasi-tls")]
    pub(crate) fn tls(&self) -> Option<&HostTls> {
        self.0.tls.as_ref()
    }

    /// The name as [`Self::pin`] takes it; `None` if it may not be looked up.
    pub(crate) fn may_look_up(&self, name: &str) -> Option<String> {
        let name = normalized(name);
        if self.0.grants.covers_name(&name) {
            debug!(%name, "looking up");
            return Some(name);
        }
        self.deny(Denied::Name(name));
        None
    }

    /// Remembers that a name resolved to this address.
    pub(crate) fn pin(&self, address: IpAddr, name: &str) {
        self.state(|state| {
            let names = state.pinned.entry(address.to_canonical()).or_default();
            if !names.iter().any(|pinned| pinned == name) {
                names.push(name.to_owned());
            }
        });
    }

    /// Whether a connection to this address is granted.
    pub(crate) fn may_connect(&self, address: SocketAddr) -> bool {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        let names = self.state(|state| state.pinned.get(&address.ip()).cloned());
        // Not under the lock: it may call a function of the embedder's.
        match self.0.grants.judge(address, &names.unwrap_or_default()) {
            Ok(()) => {
                debug!(%address, "connecting");
                true
            }
            Err(denied) => {
                self.deny(denied);
                false
            }
        }
    }

    /// What was denied last.
    pub(crate) fn denied(&self) -> Option<Denied> {
        self.state(|state| state.denied.clone())
    }

    fn deny(&self, denied: Denied) {
        debug!(%denied, "denied");
        self.state(|state| state.denied = Some(denied));
    }

    fn state<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        // Nothing panics while holding the lock, so that a poisoned one has good data.
        f(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
