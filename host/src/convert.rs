//! The generated types and ours. Nothing but conversions.

use std::time::Duration;

use crate::bindings::types;
use crate::counters::{Metrics, RoundTrip, Traffic};
use crate::error::{CertificateProblem, Error, Failure, FailureKind, Part, Refusal, Step, Timeout};
use crate::event::{Closed, Header, Message, MessageKind, Opened, Pong, ReadyState};

impl From<Message> for types::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl From<types::Message> for Message {
    fn from(message: types::Message) -> Self {
        match message {
            types::Message::Text(text) => Self::Text(text),
            types::Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl From<MessageKind> for types::MessageKind {
    fn from(kind: MessageKind) -> Self {
        match kind {
            MessageKind::Text => Self::Text,
            MessageKind::Binary => Self::Binary,
        }
    }
}

impl From<types::Header> for Header {
    fn from(header: types::Header) -> Self {
        Self {
            name: header.name,
            value: header.value,
        }
    }
}

fn headers(headers: Vec<types::Header>) -> Vec<Header> {
    headers.into_iter().map(Header::from).collect()
}

impl From<types::Opened> for Opened {
    fn from(opened: types::Opened) -> Self {
        Self {
            subprotocol: opened.subprotocol,
            extensions: opened.extensions,
            headers: headers(opened.headers),
        }
    }
}

impl From<types::Pong> for Pong {
    fn from(pong: types::Pong) -> Self {
        Self {
            payload: pong.payload,
            round_trip: Duration::from_nanos(pong.round_trip.unwrap_or_default()),
        }
    }
}

impl From<types::Statistics> for Metrics {
    fn from(statistics: types::Statistics) -> Self {
        Self {
            sent: statistics.sent.into(),
            received: statistics.received.into(),
            round_trip: statistics.round_trip.map(RoundTrip::from),
        }
    }
}

impl From<types::Traffic> for Traffic {
    fn from(traffic: types::Traffic) -> Self {
        Self {
            bytes: traffic.bytes,
            frames: traffic.frames,
            messages: traffic.messages,
            pings: traffic.pings,
            pongs: traffic.pongs,
        }
    }
}

impl From<types::RoundTrip> for RoundTrip {
    fn from(round_trip: types::RoundTrip) -> Self {
        Self {
            last: Duration::from_nanos(round_trip.last),
            smoothed: Duration::from_nanos(round_trip.smoothed),
        }
    }
}

impl From<types::Closed> for Closed {
    fn from(closed: types::Closed) -> Self {
        Self {
            code: closed.code,
            reason: closed.reason,
            was_clean: closed.was_clean,
        }
    }
}

impl From<types::Error> for Failure {
    fn from(error: types::Error) -> Self {
        Self {
            step: error.step.into(),
            kind: error.code.into(),
            message: error.message,
        }
    }
}

impl From<types::Step> for Step {
    fn from(step: types::Step) -> Self {
        match step {
            types::Step::Name => Self::Name,
            types::Step::Connect => Self::Connect,
            types::Step::Proxy => Self::Proxy,
            types::Step::Tls => Self::Tls,
            types::Step::Handshake => Self::Handshake,
            types::Step::Open => Self::Open,
            types::Step::Close => Self::Close,
        }
    }
}

impl From<types::ErrorCode> for FailureKind {
    fn from(code: types::ErrorCode) -> Self {
        match code {
            types::ErrorCode::AccessDenied => Self::AccessDenied,
            types::ErrorCode::NameNotFound => Self::NameNotFound,
            types::ErrorCode::NameLookupFailed => Self::NameLookupFailed,
            types::ErrorCode::ConnectionRefused => Self::ConnectionRefused,
            types::ErrorCode::Unreachable => Self::Unreachable,
            types::ErrorCode::ConnectionLost => Self::ConnectionLost,
            types::ErrorCode::ConnectionEnded => Self::ConnectionEnded,
            types::ErrorCode::Timeout(timeout) => Self::Timeout(timeout.into()),
            types::ErrorCode::Certificate(problem) => Self::Certificate(problem.into()),
            types::ErrorCode::TlsAlert(alert) => Self::TlsAlert(alert),
            types::ErrorCode::TlsTruncated => Self::TlsTruncated,
            types::ErrorCode::TlsFailed => Self::TlsFailed,
            types::ErrorCode::Refused(refusal) => Self::Refused(Box::new(refusal.into())),
            types::ErrorCode::HandshakeInvalid => Self::HandshakeInvalid,
            types::ErrorCode::ProtocolError => Self::ProtocolError,
            types::ErrorCode::InvalidUtf8 => Self::InvalidUtf8,
            types::ErrorCode::CompressedDataInvalid => Self::CompressedDataInvalid,
            types::ErrorCode::MessageTooBig => Self::MessageTooBig,
            types::ErrorCode::TooManyFragments => Self::TooManyFragments,
            types::ErrorCode::ProxyRefused(status) => Self::ProxyRefused(status),
            types::ErrorCode::Other => Self::Other,
        }
    }
}

impl From<types::Timeout> for Timeout {
    fn from(timeout: types::Timeout) -> Self {
        match timeout {
            types::Timeout::Connect => Self::Connect,
            types::Timeout::Pong => Self::Pong,
            types::Timeout::Close => Self::Close,
            types::Timeout::Idle => Self::Idle,
        }
    }
}

impl From<types::CertificateProblem> for CertificateProblem {
    fn from(problem: types::CertificateProblem) -> Self {
        match problem {
            types::CertificateProblem::Expired => Self::Expired,
            types::CertificateProblem::NotYetValid => Self::NotYetValid,
            types::CertificateProblem::WrongName => Self::WrongName,
            types::CertificateProblem::UnknownIssuer => Self::UnknownIssuer,
            types::CertificateProblem::Revoked => Self::Revoked,
            types::CertificateProblem::WrongPurpose => Self::WrongPurpose,
            types::CertificateProblem::Malformed => Self::Malformed,
            types::CertificateProblem::Other => Self::Other,
        }
    }
}

impl From<types::Refusal> for Refusal {
    fn from(refusal: types::Refusal) -> Self {
        Self {
            status: refusal.status,
            reason_phrase: refusal.reason_phrase,
            headers: headers(refusal.headers),
            body: refusal.body,
        }
    }
}

impl From<types::InvalidArgument> for Error {
    fn from(argument: types::InvalidArgument) -> Self {
        Self::InvalidArgument {
            part: argument.part.into(),
            message: argument.message,
        }
    }
}

impl From<types::Part> for Part {
    fn from(part: types::Part) -> Self {
        match part {
            types::Part::Scheme => Self::Scheme,
            types::Part::Host => Self::Host,
            types::Part::Port => Self::Port,
            types::Part::Path => Self::Path,
            types::Part::Fragment => Self::Fragment,
            types::Part::Credentials => Self::Credentials,
            types::Part::HeaderName => Self::HeaderName,
            types::Part::HeaderValue => Self::HeaderValue,
            types::Part::Subprotocol => Self::Subprotocol,
            types::Part::Origin => Self::Origin,
            types::Part::Roots => Self::Roots,
            types::Part::ClientCertificate => Self::ClientCertificate,
            types::Part::Proxy => Self::Proxy,
            types::Part::Extension => Self::Extension,
            types::Part::Limit => Self::Limit,
            types::Part::Timeout => Self::Timeout,
            types::Part::Message => Self::Message,
            types::Part::PingPayload => Self::PingPayload,
            types::Part::CloseCode => Self::CloseCode,
            types::Part::CloseReason => Self::CloseReason,
            types::Part::Pollables | types::Part::Other => Self::Other,
        }
    }
}

impl From<types::ReadyState> for ReadyState {
    fn from(state: types::ReadyState) -> Self {
        match state {
            types::ReadyState::Connecting => Self::Connecting,
            types::ReadyState::Open => Self::Open,
            types::ReadyState::Closing => Self::Closing,
            types::ReadyState::Closed => Self::Closed,
        }
    }
}
