//! Our types and the generated ones. Nothing but conversions.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use wasip2::sockets::network::{IpAddress, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};
use wasocket_client as ours;

use crate::bindings::exports::wasocket::websocket::types;
use crate::driver::Turn;

wasocket_shell::conversions!(types);

pub(crate) fn ip_addr(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4((a, b, c, d)) => Ipv4Addr::new(a, b, c, d).into(),
        IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => Ipv6Addr::new(a, b, c, d, e, f, g, h).into(),
    }
}

pub(crate) fn ip_socket_address(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(address) => IpSocketAddress::Ipv4(Ipv4SocketAddress {
            port: address.port(),
            address: address.ip().octets().into(),
        }),
        SocketAddr::V6(address) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: address.port(),
            flow_info: address.flowinfo(),
            address: address.ip().segments().into(),
            scope_id: address.scope_id(),
        }),
    }
}

impl From<Turn> for types::Turn {
    fn from(turn: Turn) -> Self {
        Self {
            events: turn.events.into_iter().map(types::Event::from).collect(),
            deadline: turn.deadline.map(ours::Instant::as_nanos),
            resubscribe: turn.resubscribe,
        }
    }
}

impl From<ours::Event> for types::Event {
    fn from(event: ours::Event) -> Self {
        match event {
            ours::Event::Open(opened) => Self::Open(opened.into()),
            ours::Event::Message(message) => Self::Message(message.into()),
            ours::Event::Sent(token) => Self::Sent(token),
            ours::Event::Ping(payload) => Self::Ping(payload),
            ours::Event::Pong(pong) => Self::Pong(pong.into()),
            ours::Event::Error(error) => Self::Error(error.into()),
            ours::Event::Close(closed) => Self::Close(closed.into()),
        }
    }
}

impl From<ours::Pong> for types::Pong {
    fn from(pong: ours::Pong) -> Self {
        Self {
            token: pong.token.map(|token| token.get()),
            payload: pong.payload,
            round_trip: pong.round_trip.map(wasocket_shell::nanos),
        }
    }
}

impl From<ours::Closed> for types::Closed {
    fn from(closed: ours::Closed) -> Self {
        Self {
            code: closed.code,
            reason: closed.reason,
            was_clean: closed.was_clean,
            token: closed.token,
        }
    }
}

impl From<ours::CommandError> for types::CallError {
    fn from(error: ours::CommandError) -> Self {
        match error {
            ours::CommandError::InvalidArgument(argument) => Self::InvalidArgument(argument.into()),
            ours::CommandError::InvalidState(state) => Self::InvalidState(state.into()),
            ours::CommandError::QueueFull(queued) => Self::QueueFull(queued),
            // Nothing here sends a message by parts, which only an open connection can.
            ours::CommandError::MessageInProgress | ours::CommandError::NoMessageInProgress => {
                Self::InvalidState(types::ReadyState::Open)
            }
        }
    }
}
