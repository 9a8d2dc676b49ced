//! `wasi:sockets/ip-name-lookup` under grants: only granted names are looked up, and what they
//! resolve to is pinned, so that an address is reachable because its name was granted.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::vec;

use tokio::net::lookup_host;
use tracing::debug;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress};

use super::pollable::{Coming, Pollable, Source};
use super::{Network, define_resource};
use crate::store::State;

/// A name that is being looked up.
pub(super) type Lookup = Coming<io::Result<Vec<IpAddr>>>;

/// `resolve-address-stream`.
struct ResolveAddressStream {
    /// The name, as its addresses are granted by it.
    granted: String,
    lookup: Arc<Lookup>,
    /// Those left, once they are known.
    addresses: Option<vec::IntoIter<IpAddr>>,
}

impl ResolveAddressStream {
    /// Looks a name up that is granted as `granted`.
    fn start(name: String, granted: String) -> Self {
        let lookup = async move {
            let addresses = lookup_host((name.as_str(), 0)).await?;
            Ok(addresses
                .map(|address| address.ip().to_canonical())
                .collect())
        };
        Self {
            granted,
            lookup: Arc::new(Lookup::new(lookup)),
            addresses: None,
        }
    }

    fn next(&mut self) -> Result<Option<IpAddr>, ErrorCode> {
        if let Some(addresses) = &mut self.addresses {
            return Ok(addresses.next());
        }
        match self.lookup.take() {
            None => Err(ErrorCode::WouldBlock),
            Some(Ok(addresses)) => Ok(self.addresses.insert(addresses.into_iter()).next()),
            Some(Err(error)) => {
                // The system does not tell through the standard library whether trying again helps.
                debug!(%error, "looking up failed");
                Err(ErrorCode::NameUnresolvable)
            }
        }
    }
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut lookup = linker.instance("wasi:sockets/ip-name-lookup@0.2.12")?;
    define_resource::<ResolveAddressStream>(&mut lookup, "resolve-address-stream")?;
    lookup.func_wrap(
        "resolve-addresses",
        |mut store, (_, name): (Resource<Network>, String)| {
            let state = store.data_mut();
            let Some(granted) = state.access.may_look_up(&name) else {
                return Ok((Err(ErrorCode::AccessDenied),));
            };
            let stream = ResolveAddressStream::start(name, granted);
            Ok((Ok(state.wasi.table.push(stream)?),))
        },
    )?;
    lookup.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store, (stream,): (Resource<ResolveAddressStream>,)| {
            let state = store.data_mut();
            let stream = state.wasi.table.get_mut(&stream)?;
            let address = stream.next();
            if let Ok(Some(address)) = address {
                state.access.pin(address, &stream.granted);
            }
            Ok((address.map(|address| address.map(IpAddress::from)),))
        },
    )?;
    lookup.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut store, (stream,): (Resource<ResolveAddressStream>,)| {
            let table = &mut store.data_mut().wasi.table;
            let lookup = table.get(&stream)?.lookup.clone();
            Ok((table.push(Pollable::from(Source::Lookup(lookup)))?,))
        },
    )
}
