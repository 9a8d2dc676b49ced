//! `wasi:sockets/tcp` under grants: sockets that connect.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::{TcpSocket, TcpStream};
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wasmtime_wasi::p2::bindings::sockets::tcp::ShutdownType;

use super::pollable::{Coming, Pollable, Source};
use super::streams::{InputStream, OutputStream, Stream};
use super::{Network, define_resource};
use crate::grants::Access;
use crate::store::State;

/// `tcp-socket`.
enum Socket {
    New(IpAddressFamily, TcpSocket),
    Connecting(Arc<Connecting>),
    Connected(Arc<Stream>),
    /// It could not be connected.
    Failed,
}

/// A connection that is being opened.
pub(super) type Connecting = Coming<io::Result<TcpStream>>;

impl Socket {
    fn new(family: IpAddressFamily) -> io::Result<Self> {
        let socket = match family {
            IpAddressFamily::Ipv4 => TcpSocket::new_v4()?,
            IpAddressFamily::Ipv6 => TcpSocket::new_v6()?,
        };
        Ok(Self::New(family, socket))
    }

    fn start_connect(&mut self, address: SocketAddr, access: &Access) -> Result<(), ErrorCode> {
        match std::mem::replace(self, Self::Failed) {
            Self::New(family, socket) => {
                if !is_remote(address, family) {
                    return Err(ErrorCode::InvalidArgument);
                }
                if !access.may_connect(address) {
                    return Err(ErrorCode::AccessDenied);
                }
                let connecting = Connecting::new(socket.connect(address));
                *self = Self::Connecting(Arc::new(connecting));
                Ok(())
            }
            other => {
                *self = other;
                Err(ErrorCode::InvalidState)
            }
        }
    }

    fn finish_connect(&mut self) -> Result<Arc<Stream>, ErrorCode> {
        let Self::Connecting(connecting) = self else {
            return Err(ErrorCode::NotInProgress);
        };
        match connecting.take() {
            None => Err(ErrorCode::WouldBlock),
            Some(Ok(tcp)) => {
                let stream = Stream::new(tcp);
                *self = Self::Connected(stream.clone());
                Ok(stream)
            }
            Some(Err(error)) => {
                *self = Self::Failed;
                Err(error.into())
            }
        }
    }

    fn shut_down(&self, how: ShutdownType) -> Result<(), ErrorCode> {
        let Self::Connected(stream) = self else {
            return Err(ErrorCode::InvalidState);
        };
        stream.shut_down(how);
        Ok(())
    }
}

/// Whether something can be at an address, and it can be reached by this family. The system takes
/// "unspecified" for this machine, which would be a way around grants.
fn is_remote(address: SocketAddr, family: IpAddressFamily) -> bool {
    let ip = address.ip();
    let is_of_family = match (family, ip) {
        (IpAddressFamily::Ipv4, IpAddr::V4(_)) => true,
        (IpAddressFamily::Ipv6, IpAddr::V6(ip)) => ip.to_ipv4_mapped().is_none(),
        _ => false,
    };
    let is_broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    let is_one = !ip.is_unspecified() && !ip.is_multicast() && !is_broadcast;
    is_of_family && is_one && address.port() != 0
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut network = linker.instance("wasi:sockets/network@0.2.12")?;
    network.resource("network", ResourceType::host::<Network>(), |_, _| Ok(()))?;
    let mut instance_network = linker.instance("wasi:sockets/instance-network@0.2.12")?;
    instance_network.func_wrap("instance-network", |_, (): ()| {
        Ok((Resource::<Network>::new_own(0),))
    })?;

    let mut create = linker.instance("wasi:sockets/tcp-create-socket@0.2.12")?;
    create.func_wrap(
        "create-tcp-socket",
        |mut store, (family,): (IpAddressFamily,)| {
            Ok((match Socket::new(family) {
                Ok(socket) => Ok(store.data_mut().wasi.table.push(socket)?),
                Err(error) => Err(ErrorCode::from(error)),
            },))
        },
    )?;

    let mut tcp = linker.instance("wasi:sockets/tcp@0.2.12")?;
    define_resource::<Socket>(&mut tcp, "tcp-socket")?;
    tcp.func_wrap(
        "[method]tcp-socket.start-connect",
        |mut store,
         (socket, _, address): (Resource<Socket>, Resource<Network>, IpSocketAddress)| {
            let state = store.data_mut();
            let socket = state.wasi.table.get_mut(&socket)?;
            Ok((socket.start_connect(address.into(), &state.access),))
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.finish-connect",
        |mut store, (socket,): (Resource<Socket>,)| {
            let table = &mut store.data_mut().wasi.table;
            Ok((match table.get_mut(&socket)?.finish_connect() {
                Ok(stream) => {
                    let input = table.push(InputStream(stream.clone()))?;
                    let output = table.push(OutputStream(stream))?;
                    Ok((input, output))
                }
                Err(code) => Err(code),
            },))
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.subscribe",
        |mut store, (socket,): (Resource<Socket>,)| {
            let table = &mut store.data_mut().wasi.table;
            let Socket::Connecting(connecting) = table.get(&socket)? else {
                return Err(wasmtime::Error::msg("the socket is not being connected"));
            };
            let connecting = Source::Connecting(connecting.clone());
            Ok((table.push(Pollable::from(connecting))?,))
        },
    )?;
    tcp.func_wrap(
        "[method]tcp-socket.shutdown",
        |store, (socket, how): (Resource<Socket>, ShutdownType)| {
            let socket = store.data().wasi.table.get(&socket)?;
            Ok((socket.shut_down(how),))
        },
    )
}
