//! What the host gives to an instance: WASI as wasmtime has it, with a network of the test's
//! choice.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::OnceLock;

use wasmtime::Engine;
use wasmtime::component::{Component, HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::{
    self, Host, HostResolveAddressStream, ResolveAddressStream,
};
use wasmtime_wasi::p2::bindings::sockets::network::{self, ErrorCode, IpAddress};
use wasmtime_wasi::p2::{self, DynPollable, SocketError};
use wasmtime_wasi::sockets::{SocketAddrUse, WasiSocketsView};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use super::generated::WebsocketPre;

/// What the names of a test's network resolve to, which addresses do not answer, and what is denied.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// `None` is a name whose addresses never become known.
    names: HashMap<String, Option<Vec<IpAddr>>>,
    silent: Vec<IpAddr>,
    denied: Vec<Denied>,
}

/// What wasmtime denies unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// To make a socket.
    Tcp,
    /// To connect a socket, to whatever address.
    Addresses,
    /// To resolve a name.
    Lookups,
}

impl Network {
    /// Denies this, as wasmtime does by default. Tests that do not ask for it are denied nothing.
    #[must_use]
    pub fn deny(mut self, denied: Denied) -> Self {
        self.denied.push(denied);
        self
    }

    /// Resolves a name to these addresses, in this order. Other names are the system's.
    ///
    /// # Panics
    ///
    /// If one is not an address.
    #[must_use]
    pub fn name(mut self, name: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|it| it.parse().expect("an address"));
        self.names
            .insert(name.to_owned(), Some(addresses.collect()));
        self
    }

    /// Lets a name be resolved for ever.
    #[must_use]
    pub fn unresolved(mut self, name: &str) -> Self {
        self.names.insert(name.to_owned(), None);
        self
    }

    /// Lets nothing answer at an address, neither yes nor no.
    ///
    /// # Panics
    ///
    /// If it is not an address.
    #[must_use]
    pub fn silent(mut self, address: &str) -> Self {
        self.silent.push(address.parse().expect("an address"));
        self
    }
}

/// The component, compiled once for all tests.
pub(super) fn component() -> &'static WebsocketPre<State> {
    static COMPONENT: OnceLock<WebsocketPre<State>> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let engine = Engine::default();
        let component = Component::from_binary(&engine, wasocket::COMPONENT);
        let mut linker = Linker::new(&engine);
        p2::add_to_linker_async(&mut linker).expect("WASI");
        linker.allow_shadowing(true);
        ip_name_lookup::add_to_linker::<_, HasLookup>(&mut linker, |state| state).expect("lookup");
        let pre = linker.instantiate_pre(&component.expect("a component"));
        WebsocketPre::new(pre.expect("all that it imports")).expect("what it exports")
    })
}

/// The data of an instance's store.
pub struct State {
    wasi: WasiCtx,
    pub(super) table: ResourceTable,
    names: HashMap<String, Option<Vec<IpAddr>>>,
    /// The addresses that are left, for each lookup of a name of the test's.
    lookups: HashMap<u32, Option<std::vec::IntoIter<IpAddr>>>,
}

impl State {
    pub(super) fn new(network: Network) -> Self {
        let Network {
            names,
            silent,
            denied,
        } = network;
        let allows = |what| !denied.contains(&what);
        let allows_addresses = allows(Denied::Addresses);
        let wasi = WasiCtx::builder()
            .allow_tcp(allows(Denied::Tcp))
            .allow_ip_name_lookup(allows(Denied::Lookups))
            .socket_addr_check(move |address, kind| {
                let is_silent =
                    matches!(kind, SocketAddrUse::TcpConnect) && silent.contains(&address.ip());
                Box::pin(async move {
                    if is_silent {
                        std::future::pending::<()>().await;
                    }
                    allows_addresses
                })
            })
            .build();
        Self {
            wasi,
            table: ResourceTable::new(),
            names,
            lookups: HashMap::new(),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Names the lookup of [`State`] to the linker.
struct HasLookup;

impl HasData for HasLookup {
    type Data<'a> = &'a mut State;
}

impl Host for State {
    fn resolve_addresses(
        &mut self,
        network: Resource<p2::Network>,
        name: String,
    ) -> Result<Resource<ResolveAddressStream>, SocketError> {
        match self.names.get(&name).cloned() {
            None => self.sockets().resolve_addresses(network, name),
            Some(addresses) => {
                // An address is a name that wasmtime resolves at once, to itself.
                let lookup = self
                    .sockets()
                    .resolve_addresses(network, "127.0.0.1".to_owned())?;
                let addresses = addresses.map(Vec::into_iter);
                self.lookups.insert(lookup.rep(), addresses);
                Ok(lookup)
            }
        }
    }
}

impl HostResolveAddressStream for State {
    fn resolve_next_address(
        &mut self,
        lookup: Resource<ResolveAddressStream>,
    ) -> Result<Option<IpAddress>, SocketError> {
        match self.lookups.get_mut(&lookup.rep()) {
            None => self.sockets().resolve_next_address(lookup),
            Some(None) => Err(ErrorCode::WouldBlock.into()),
            Some(Some(addresses)) => Ok(addresses.next().map(IpAddress::from)),
        }
    }

    fn subscribe(
        &mut self,
        lookup: Resource<ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        HostResolveAddressStream::subscribe(&mut self.sockets(), lookup)
    }

    fn drop(&mut self, lookup: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        self.lookups.remove(&lookup.rep());
        HostResolveAddressStream::drop(&mut self.sockets(), lookup)
    }
}

// What the bindings of name lookup require beside it; nothing of it is ours.

impl network::Host for State {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        self.sockets().convert_error_code(error)
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.sockets().network_error_code(error)
    }
}

impl network::HostNetwork for State {
    fn drop(&mut self, network: Resource<p2::Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.sockets(), network)
    }
}
