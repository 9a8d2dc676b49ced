//! Our types and the generated ones. Nothing but conversions.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;

use wasip2::sockets::network::{IpAddress, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};
use wasocket_client as ours;

use crate::bindings::exports::wasocket::websocket::types;
use crate::driver::Turn;

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

/// Saturates: a time of more than 584 years is no time that anyone measured.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
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

impl From<ours::Message> for types::Message {
    fn from(message: ours::Message) -> Self {
        match message {
            ours::Message::Text(text) => {
                // SAFETY: the bytes of a `Text` are UTF-8, which its documentation promises: they
                // were validated as they arrived. Validating them again would cost as much as
                // copying them.
                Self::Text(unsafe { String::from_utf8_unchecked(text.into_bytes()) })
            }
            ours::Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl From<ours::Header> for types::Header {
    fn from(header: ours::Header) -> Self {
        Self {
            name: header.name,
            value: header.value,
        }
    }
}

fn headers(headers: Vec<ours::Header>) -> Vec<types::Header> {
    headers.into_iter().map(types::Header::from).collect()
}

impl From<types::SendOptions> for ours::SendOptions {
    fn from(options: types::SendOptions) -> Self {
        Self {
            unmasked: options.contains(types::SendOptions::UNMASKED),
            compress: if options.contains(types::SendOptions::UNCOMPRESSED) {
                ours::Compress::Never
            } else if options.contains(types::SendOptions::COMPRESSED) {
                ours::Compress::Always
            } else {
                ours::Compress::ByLength
            },
        }
    }
}

impl TryFrom<types::DeflateOffer> for ours::DeflateOffer {
    type Error = ours::InvalidArgument;

    fn try_from(offer: types::DeflateOffer) -> Result<Self, Self::Error> {
        let server_max_window_bits = offer.server_max_window_bits.map(ours::window_bits);
        Ok(Self {
            server_no_context_takeover: offer.server_no_context_takeover,
            client_no_context_takeover: offer.client_no_context_takeover,
            server_max_window_bits: server_max_window_bits.transpose()?,
            client_max_window_bits: match offer.client_max_window_bits {
                types::ClientMaxWindowBits::Fixed => ours::ClientMaxWindowBits::Fixed,
                types::ClientMaxWindowBits::Any => ours::ClientMaxWindowBits::Any,
                types::ClientMaxWindowBits::AtMost(bits) => {
                    ours::ClientMaxWindowBits::AtMost(ours::window_bits(bits)?)
                }
            },
        })
    }
}

impl From<ours::Opened> for types::Opened {
    fn from(opened: ours::Opened) -> Self {
        Self {
            subprotocol: opened.subprotocol,
            extensions: opened
                .permessage_deflate
                .iter()
                .map(ToString::to_string)
                .collect(),
            headers: headers(opened.headers),
        }
    }
}

impl From<ours::Pong> for types::Pong {
    fn from(pong: ours::Pong) -> Self {
        Self {
            token: pong.token.map(|token| token.get()),
            payload: pong.payload,
            round_trip: pong.round_trip.map(nanos),
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

impl From<ours::Error> for types::Error {
    fn from(error: ours::Error) -> Self {
        Self {
            step: error.step.into(),
            code: error.kind.into(),
            message: error.message,
        }
    }
}

impl From<ours::Step> for types::Step {
    fn from(step: ours::Step) -> Self {
        match step {
            ours::Step::Name => Self::Name,
            ours::Step::Connect => Self::Connect,
            ours::Step::Tls => Self::Tls,
            ours::Step::Handshake => Self::Handshake,
            ours::Step::Open => Self::Open,
            ours::Step::Close => Self::Close,
        }
    }
}

impl From<ours::ErrorKind> for types::ErrorCode {
    fn from(kind: ours::ErrorKind) -> Self {
        match kind {
            ours::ErrorKind::AccessDenied => Self::AccessDenied,
            ours::ErrorKind::NameNotFound => Self::NameNotFound,
            ours::ErrorKind::NameLookupFailed => Self::NameLookupFailed,
            ours::ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ours::ErrorKind::Unreachable => Self::Unreachable,
            ours::ErrorKind::ConnectionLost => Self::ConnectionLost,
            ours::ErrorKind::ConnectionEnded => Self::ConnectionEnded,
            ours::ErrorKind::Timeout(timeout) => Self::Timeout(timeout.into()),
            ours::ErrorKind::Certificate(problem) => Self::Certificate(problem.into()),
            ours::ErrorKind::TlsAlert(alert) => Self::TlsAlert(alert),
            ours::ErrorKind::TlsTruncated => Self::TlsTruncated,
            ours::ErrorKind::TlsFailed => Self::TlsFailed,
            ours::ErrorKind::Refused(refusal) => Self::Refused((*refusal).into()),
            ours::ErrorKind::HandshakeInvalid => Self::HandshakeInvalid,
            ours::ErrorKind::ProtocolError => Self::ProtocolError,
            ours::ErrorKind::InvalidUtf8 => Self::InvalidUtf8,
            ours::ErrorKind::CompressedDataInvalid => Self::CompressedDataInvalid,
            ours::ErrorKind::MessageTooBig => Self::MessageTooBig,
            ours::ErrorKind::TooManyFragments => Self::TooManyFragments,
            ours::ErrorKind::Other => Self::Other,
        }
    }
}

impl From<ours::Timeout> for types::Timeout {
    fn from(timeout: ours::Timeout) -> Self {
        match timeout {
            ours::Timeout::Connect => Self::Connect,
            ours::Timeout::Pong => Self::Pong,
            ours::Timeout::Close => Self::Close,
        }
    }
}

impl From<ours::CertificateProblem> for types::CertificateProblem {
    fn from(problem: ours::CertificateProblem) -> Self {
        match problem {
            ours::CertificateProblem::Expired { .. } => Self::Expired,
            ours::CertificateProblem::NotYetValid { .. } => Self::NotYetValid,
            ours::CertificateProblem::WrongName { .. } => Self::WrongName,
            ours::CertificateProblem::UnknownIssuer => Self::UnknownIssuer,
            ours::CertificateProblem::Authority | ours::CertificateProblem::NotForServers => {
                Self::WrongPurpose
            }
            ours::CertificateProblem::BadSignature
            | ours::CertificateProblem::UnsupportedSignature
            | ours::CertificateProblem::UnknownExtension
            | ours::CertificateProblem::Malformed => Self::Malformed,
            _ => Self::Other,
        }
    }
}

impl From<ours::Refusal> for types::Refusal {
    fn from(refusal: ours::Refusal) -> Self {
        Self {
            status: refusal.status,
            reason_phrase: refusal.reason_phrase,
            headers: headers(refusal.headers),
            body: refusal.body,
        }
    }
}

impl From<ours::InvalidArgument> for types::InvalidArgument {
    fn from(argument: ours::InvalidArgument) -> Self {
        Self {
            part: argument.part.into(),
            message: argument.message,
        }
    }
}

impl From<ours::Part> for types::Part {
    fn from(part: ours::Part) -> Self {
        match part {
            ours::Part::Scheme => Self::Scheme,
            ours::Part::Host => Self::Host,
            ours::Part::Port => Self::Port,
            ours::Part::Path => Self::Path,
            ours::Part::Fragment => Self::Fragment,
            ours::Part::Credentials => Self::Credentials,
            ours::Part::HeaderName => Self::HeaderName,
            ours::Part::HeaderValue => Self::HeaderValue,
            ours::Part::Subprotocol => Self::Subprotocol,
            ours::Part::Origin => Self::Origin,
            ours::Part::Roots => Self::Roots,
            ours::Part::Extension => Self::Extension,
            ours::Part::Limit => Self::Limit,
            ours::Part::Timeout => Self::Timeout,
            ours::Part::PingPayload => Self::PingPayload,
            ours::Part::CloseCode => Self::CloseCode,
            ours::Part::CloseReason => Self::CloseReason,
            ours::Part::Pollables => Self::Pollables,
            ours::Part::Other => Self::Other,
        }
    }
}

impl From<ours::CommandError> for types::CallError {
    fn from(error: ours::CommandError) -> Self {
        match error {
            ours::CommandError::InvalidArgument(argument) => Self::InvalidArgument(argument.into()),
            ours::CommandError::InvalidState(state) => Self::InvalidState(state.into()),
            ours::CommandError::QueueFull(queued) => Self::QueueFull(queued),
        }
    }
}

impl From<ours::ReadyState> for types::ReadyState {
    fn from(state: ours::ReadyState) -> Self {
        match state {
            ours::ReadyState::Connecting => Self::Connecting,
            ours::ReadyState::Open => Self::Open,
            ours::ReadyState::Closing => Self::Closing,
            ours::ReadyState::Closed => Self::Closed,
        }
    }
}
