//! `wasi:sockets/ip-name-lookup` under grants: only granted names are looked up, and what they
//! resolve to is pinned, so that an address is reachable because its name was granted.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{
    Host, HostResolveAddressStream, ResolveAddressStream,
};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddress, Network};
use wasmtime_wasi::p2::{DynPollable, SocketError};
use wasmtime_wasi::sockets::WasiSocketsCtxView;

use crate::grants::Access;

/// Resolves names for one store.
pub(crate) struct GrantedLookup<'a> {
    pub(crate) inner: WasiSocketsCtxView<'a>,
    pub(crate) access: &'a Access,
    /// For each lookup under way: its name.
    pub(crate) lookups: &'a mut HashMap<u32, String>,
}

/// Names [`GrantedLookup`] to the linker.
pub(crate) struct HasGrantedLookup;

impl HasData for HasGrantedLookup {
    type Data<'a> = GrantedLookup<'a>;
}

impl Host for GrantedLookup<'_> {
    fn resolve_addresses(
        &mut self,
        network: Resource<Network>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        let granted = self.access.may_look_up(&name);
        let granted = granted.ok_or(ErrorCode::AccessDenied)?;
        let lookup = self.inner.resolve_addresses(network, name)?;
        self.lookups.insert(lookup.rep(), granted);
        Ok(lookup)
    }
}

impl HostResolveAddressStream for GrantedLookup<'_> {
    fn resolve_next_address(
        &mut self,
        lookup: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        let name = self.lookups.get(&lookup.rep());
        let address = self.inner.resolve_next_address(lookup)?;
        if let (Some(address), Some(name)) = (address, name) {
            self.access.pin(ip_addr(address), name);
        }
        Ok(address)
    }

    fn subscribe(
        &mut self,
        lookup: Resource<ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        self.inner.subscribe(lookup)
    }

    fn drop(&mut self, lookup: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.lookups.remove(&lookup.rep());
        HostResolveAddressStream::drop(&mut self.inner, lookup)
    }
}

// What the bindings of name lookup require beside it; nothing of it is ours.

impl network::Host for GrantedLookup<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.inner.convert_error_code(error)
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.inner.network_error_code(error)
    }
}

impl network::HostNetwork for GrantedLookup<'_> {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.inner, network)
    }
}

fn ip_addr(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => Ipv4Addr::new(a, b, c, d).into(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => Ipv6Addr::new(a, b, c, d, e, f, g, h).into(),
    }
}
