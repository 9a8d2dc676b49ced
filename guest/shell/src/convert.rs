//! Our types and the generated ones, as far as they are the same in every version of the package.

use core::time::Duration;

/// Saturates: a time of more than 584 years is no time that anyone measured.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Conversions between the types of `wasocket-client` and those of a version of the package: `$types`
/// is the generated module of its `types`. What the versions have in different shapes is theirs.
#[macro_export]
macro_rules! conversions {
    ($types:ident) => {
        impl From<$crate::client::Message> for $types::Message {
            fn from(message: $crate::client::Message) -> Self {
                match message {
                    $crate::client::Message::Text(text) => {
                        // SAFETY: the bytes of a `Text` are UTF-8, which its documentation promises: they
                        // were validated as they arrived. Validating them again would cost as much as
                        // copying them.
                        Self::Text(unsafe {
                            $crate::String::from_utf8_unchecked(text.into_bytes())
                        })
                    }
                    $crate::client::Message::Binary(bytes) => Self::Binary(bytes),
                }
            }
        }

        impl<'a> From<&'a $types::Message> for $crate::client::Outgoing<'a> {
            fn from(message: &'a $types::Message) -> Self {
                match message {
                    $types::Message::Text(text) => Self::Text(text),
                    $types::Message::Binary(bytes) => Self::Binary(bytes),
                }
            }
        }

        impl From<$types::MessageKind> for $crate::client::MessageKind {
            fn from(kind: $types::MessageKind) -> Self {
                match kind {
                    $types::MessageKind::Text => Self::Text,
                    $types::MessageKind::Binary => Self::Binary,
                }
            }
        }

        impl From<$crate::client::MessageKind> for $types::MessageKind {
            fn from(kind: $crate::client::MessageKind) -> Self {
                match kind {
                    $crate::client::MessageKind::Text => Self::Text,
                    $crate::client::MessageKind::Binary => Self::Binary,
                }
            }
        }

        impl From<$crate::client::PackedMessages> for $types::PackedMessages {
            fn from(messages: $crate::client::PackedMessages) -> Self {
                let header = |header: $crate::client::PackedHeader| $types::PackedHeader {
                    kind: header.kind.into(),
                    len: header.len,
                };
                Self {
                    headers: messages.headers.into_iter().map(header).collect(),
                    words: messages.words,
                }
            }
        }

        impl From<$types::PackedMessages> for $crate::client::PackedMessages {
            fn from(messages: $types::PackedMessages) -> Self {
                let header = |header: $types::PackedHeader| $crate::client::PackedHeader {
                    kind: header.kind.into(),
                    len: header.len,
                };
                Self {
                    headers: messages.headers.into_iter().map(header).collect(),
                    words: messages.words,
                }
            }
        }

        impl From<$crate::client::Header> for $types::Header {
            fn from(header: $crate::client::Header) -> Self {
                Self {
                    name: header.name,
                    value: header.value,
                }
            }
        }

        fn headers(headers: $crate::Vec<$crate::client::Header>) -> $crate::Vec<$types::Header> {
            headers.into_iter().map($types::Header::from).collect()
        }

        impl From<$types::SendOptions> for $crate::client::SendOptions {
            fn from(options: $types::SendOptions) -> Self {
                Self {
                    unmasked: options.contains($types::SendOptions::UNMASKED),
                    compress: if options.contains($types::SendOptions::UNCOMPRESSED) {
                        $crate::client::Compress::Never
                    } else if options.contains($types::SendOptions::COMPRESSED) {
                        $crate::client::Compress::Always
                    } else {
                        $crate::client::Compress::ByLength
                    },
                }
            }
        }

        impl TryFrom<$types::DeflateOffer> for $crate::client::DeflateOffer {
            type Error = $crate::client::InvalidArgument;

            fn try_from(offer: $types::DeflateOffer) -> Result<Self, Self::Error> {
                let server_max_window_bits = offer
                    .server_max_window_bits
                    .map($crate::client::window_bits);
                Ok(Self {
                    server_no_context_takeover: offer.server_no_context_takeover,
                    client_no_context_takeover: offer.client_no_context_takeover,
                    server_max_window_bits: server_max_window_bits.transpose()?,
                    client_max_window_bits: match offer.client_max_window_bits {
                        $types::ClientMaxWindowBits::Fixed => {
                            $crate::client::ClientMaxWindowBits::Fixed
                        }
                        $types::ClientMaxWindowBits::Any => {
                            $crate::client::ClientMaxWindowBits::Any
                        }
                        $types::ClientMaxWindowBits::AtMost(bits) => {
                            $crate::client::ClientMaxWindowBits::AtMost(
                                $crate::client::window_bits(bits)?,
                            )
                        }
                    },
                })
            }
        }

        impl From<$crate::client::Opened> for $types::Opened {
            fn from(opened: $crate::client::Opened) -> Self {
                Self {
                    subprotocol: opened.subprotocol,
                    extensions: opened
                        .permessage_deflate
                        .iter()
                        .map($crate::ToString::to_string)
                        .collect(),
                    headers: headers(opened.headers),
                }
            }
        }

        impl From<$crate::client::Error> for $types::Error {
            fn from(error: $crate::client::Error) -> Self {
                Self {
                    step: error.step.into(),
                    code: error.kind.into(),
                    message: error.message,
                }
            }
        }

        impl From<$crate::client::Step> for $types::Step {
            fn from(step: $crate::client::Step) -> Self {
                match step {
                    $crate::client::Step::Name => Self::Name,
                    $crate::client::Step::Connect => Self::Connect,
                    $crate::client::Step::Tls => Self::Tls,
                    $crate::client::Step::Handshake => Self::Handshake,
                    $crate::client::Step::Open => Self::Open,
                    $crate::client::Step::Close => Self::Close,
                }
            }
        }

        impl From<$crate::client::ErrorKind> for $types::ErrorCode {
            fn from(kind: $crate::client::ErrorKind) -> Self {
                match kind {
                    $crate::client::ErrorKind::AccessDenied => Self::AccessDenied,
                    $crate::client::ErrorKind::NameNotFound => Self::NameNotFound,
                    $crate::client::ErrorKind::NameLookupFailed => Self::NameLookupFailed,
                    $crate::client::ErrorKind::ConnectionRefused => Self::ConnectionRefused,
                    $crate::client::ErrorKind::Unreachable => Self::Unreachable,
                    $crate::client::ErrorKind::ConnectionLost => Self::ConnectionLost,
                    $crate::client::ErrorKind::ConnectionEnded => Self::ConnectionEnded,
                    $crate::client::ErrorKind::Timeout(timeout) => Self::Timeout(timeout.into()),
                    $crate::client::ErrorKind::Certificate(problem) => {
                        Self::Certificate(problem.into())
                    }
                    $crate::client::ErrorKind::TlsAlert(alert) => Self::TlsAlert(alert),
                    $crate::client::ErrorKind::TlsTruncated => Self::TlsTruncated,
                    $crate::client::ErrorKind::TlsFailed => Self::TlsFailed,
                    $crate::client::ErrorKind::Refused(refusal) => Self::Refused((*refusal).into()),
                    $crate::client::ErrorKind::HandshakeInvalid => Self::HandshakeInvalid,
                    $crate::client::ErrorKind::ProtocolError => Self::ProtocolError,
                    $crate::client::ErrorKind::InvalidUtf8 => Self::InvalidUtf8,
                    $crate::client::ErrorKind::CompressedDataInvalid => Self::CompressedDataInvalid,
                    $crate::client::ErrorKind::MessageTooBig => Self::MessageTooBig,
                    $crate::client::ErrorKind::TooManyFragments => Self::TooManyFragments,
                    $crate::client::ErrorKind::Other => Self::Other,
                }
            }
        }

        impl From<$crate::client::Timeout> for $types::Timeout {
            fn from(timeout: $crate::client::Timeout) -> Self {
                match timeout {
                    $crate::client::Timeout::Connect => Self::Connect,
                    $crate::client::Timeout::Pong => Self::Pong,
                    $crate::client::Timeout::Close => Self::Close,
                }
            }
        }

        impl From<$crate::client::CertificateProblem> for $types::CertificateProblem {
            fn from(problem: $crate::client::CertificateProblem) -> Self {
                match problem {
                    $crate::client::CertificateProblem::Expired { .. } => Self::Expired,
                    $crate::client::CertificateProblem::NotYetValid { .. } => Self::NotYetValid,
                    $crate::client::CertificateProblem::WrongName { .. } => Self::WrongName,
                    $crate::client::CertificateProblem::UnknownIssuer => Self::UnknownIssuer,
                    $crate::client::CertificateProblem::Authority
                    | $crate::client::CertificateProblem::NotForServers => Self::WrongPurpose,
                    $crate::client::CertificateProblem::BadSignature
                    | $crate::client::CertificateProblem::UnsupportedSignature
                    | $crate::client::CertificateProblem::UnknownExtension
                    | $crate::client::CertificateProblem::Malformed => Self::Malformed,
                    _ => Self::Other,
                }
            }
        }

        impl From<$crate::client::Refusal> for $types::Refusal {
            fn from(refusal: $crate::client::Refusal) -> Self {
                Self {
                    status: refusal.status,
                    reason_phrase: refusal.reason_phrase,
                    headers: headers(refusal.headers),
                    body: refusal.body,
                }
            }
        }

        impl From<$crate::client::InvalidArgument> for $types::InvalidArgument {
            fn from(argument: $crate::client::InvalidArgument) -> Self {
                Self {
                    part: argument.part.into(),
                    message: argument.message,
                }
            }
        }

        impl From<$crate::client::Part> for $types::Part {
            fn from(part: $crate::client::Part) -> Self {
                match part {
                    $crate::client::Part::Scheme => Self::Scheme,
                    $crate::client::Part::Host => Self::Host,
                    $crate::client::Part::Port => Self::Port,
                    $crate::client::Part::Path => Self::Path,
                    $crate::client::Part::Fragment => Self::Fragment,
                    $crate::client::Part::Credentials => Self::Credentials,
                    $crate::client::Part::HeaderName => Self::HeaderName,
                    $crate::client::Part::HeaderValue => Self::HeaderValue,
                    $crate::client::Part::Subprotocol => Self::Subprotocol,
                    $crate::client::Part::Origin => Self::Origin,
                    $crate::client::Part::Roots => Self::Roots,
                    $crate::client::Part::Extension => Self::Extension,
                    $crate::client::Part::Limit => Self::Limit,
                    $crate::client::Part::Timeout => Self::Timeout,
                    $crate::client::Part::PingPayload => Self::PingPayload,
                    $crate::client::Part::CloseCode => Self::CloseCode,
                    $crate::client::Part::CloseReason => Self::CloseReason,
                    $crate::client::Part::Pollables => Self::Pollables,
                    $crate::client::Part::Message => Self::Message,
                    $crate::client::Part::Other => Self::Other,
                }
            }
        }

        impl From<$crate::client::Statistics> for $types::Statistics {
            fn from(statistics: $crate::client::Statistics) -> Self {
                Self {
                    sent: statistics.sent.into(),
                    received: statistics.received.into(),
                    round_trip: statistics.round_trip.map($types::RoundTrip::from),
                }
            }
        }

        impl From<$crate::client::Traffic> for $types::Traffic {
            fn from(traffic: $crate::client::Traffic) -> Self {
                Self {
                    bytes: traffic.bytes,
                    frames: traffic.frames,
                    messages: traffic.messages,
                    pings: traffic.pings,
                    pongs: traffic.pongs,
                }
            }
        }

        impl From<$crate::client::RoundTrip> for $types::RoundTrip {
            fn from(round_trip: $crate::client::RoundTrip) -> Self {
                Self {
                    last: $crate::nanos(round_trip.last),
                    smoothed: $crate::nanos(round_trip.smoothed),
                }
            }
        }

        impl From<$crate::client::ReadyState> for $types::ReadyState {
            fn from(state: $crate::client::ReadyState) -> Self {
                match state {
                    $crate::client::ReadyState::Connecting => Self::Connecting,
                    $crate::client::ReadyState::Open => Self::Open,
                    $crate::client::ReadyState::Closing => Self::Closing,
                    $crate::client::ReadyState::Closed => Self::Closed,
                }
            }
        }
    };
}

/// Conversions of addresses: `$network` is the generated module that has those of a version of WASI.
#[macro_export]
macro_rules! addresses {
    ($network:ident) => {
        pub(crate) fn ip_addr(address: $network::IpAddress) -> core::net::IpAddr {
            match address {
                $network::IpAddress::Ipv4((a, b, c, d)) => {
                    core::net::Ipv4Addr::new(a, b, c, d).into()
                }
                $network::IpAddress::Ipv6((a, b, c, d, e, f, g, h)) => {
                    core::net::Ipv6Addr::new(a, b, c, d, e, f, g, h).into()
                }
            }
        }

        pub(crate) fn ip_socket_address(
            address: core::net::SocketAddr,
        ) -> $network::IpSocketAddress {
            match address {
                core::net::SocketAddr::V4(address) => {
                    $network::IpSocketAddress::Ipv4($network::Ipv4SocketAddress {
                        port: address.port(),
                        address: address.ip().octets().into(),
                    })
                }
                core::net::SocketAddr::V6(address) => {
                    $network::IpSocketAddress::Ipv6($network::Ipv6SocketAddress {
                        port: address.port(),
                        flow_info: address.flowinfo(),
                        address: address.ip().segments().into(),
                        scope_id: address.scope_id(),
                    })
                }
            }
        }
    };
}
