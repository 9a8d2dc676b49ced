//! The network: names, sockets, and the two directions of a connected one.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;
use core::net::{IpAddr, SocketAddr};
use core::pin::Pin;
use core::task::{Context, Poll};

use wasip3::sockets::ip_name_lookup::{self, resolve_addresses};
use wasip3::sockets::types::{ErrorCode, IpAddressFamily, TcpSocket};
use wasip3::wit_stream;
use wasocket_client::{LookupError, TransportError, TransportErrorKind, write_len};
use wasocket_shell::ReadLen;
use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter};

use crate::convert;

/// How much is written at once, in bytes. The host hands it to its kernel as one. It is copied before,
/// and what the kernel does not take is copied again, so that it is not without bound.
const MAX_WRITE_LEN: usize = 256 << 10;

type Operation<T> = Pin<Box<dyn Future<Output = T>>>;

/// What becomes of a direction once it is done.
type Outcome = FutureReader<Result<(), ErrorCode>>;

/// A connected socket, and the two directions of it.
pub(crate) struct Stream {
    pub(crate) input: Input,
    pub(crate) output: Output,
    /// Kept as long as they are.
    _socket: TcpSocket,
}

/// The addresses of a name.
pub(crate) async fn resolve(name: String) -> Result<Vec<IpAddr>, TransportError> {
    match resolve_addresses(name.clone()).await {
        Ok(addresses) => Ok(addresses.into_iter().map(convert::ip_addr).collect()),
        Err(code) => Err(lookup_error(code, &name)),
    }
}

/// Opens a connection to an address.
pub(crate) async fn connect(address: SocketAddr) -> Result<Stream, TransportError> {
    let family = if address.is_ipv6() {
        IpAddressFamily::Ipv6
    } else {
        IpAddressFamily::Ipv4
    };
    let socket = TcpSocket::create(family).map_err(connect_error)?;
    let address = convert::ip_socket_address(address);
    socket.connect(address).await.map_err(connect_error)?;
    let (writer, sent) = wit_stream::new();
    let sent = socket.send(sent);
    let (reader, received) = socket.receive();
    Ok(Stream {
        input: Input {
            state: InputState::Idle(Box::new((reader, received))),
            read_len: ReadLen::default(),
        },
        output: Output(OutputState::Idle(Box::new((writer, sent)))),
        _socket: socket,
    })
}

/// What a read came to.
pub(crate) enum Read {
    Bytes(Vec<u8>),
    Eof,
    Failed(TransportError),
}

/// The direction from the peer.
pub(crate) struct Input {
    state: InputState,
    /// A read waits with a buffer of that length.
    read_len: ReadLen,
}

enum InputState {
    Idle(Box<(StreamReader<u8>, Outcome)>),
    Reading(Operation<(Self, Read)>),
    Ended,
}

impl Input {
    /// Reads what is there, and waits until something is; for ever after the end.
    ///
    /// What was read is never lost: the read goes on between polls.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        if let InputState::Idle(_) = &self.state
            && let InputState::Idle(parts) = core::mem::replace(&mut self.state, InputState::Ended)
        {
            self.state = InputState::Reading(Box::pin(read(parts, self.read_len.get())));
        }
        let InputState::Reading(reading) = &mut self.state else {
            return Poll::Pending;
        };
        let Poll::Ready((state, read)) = reading.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        self.state = state;
        if let Read::Bytes(bytes) = &read {
            self.read_len.update(bytes.len());
        }
        Poll::Ready(read)
    }
}

async fn read(mut parts: Box<(StreamReader<u8>, Outcome)>, len: usize) -> (InputState, Read) {
    let (result, bytes) = parts.0.read(Vec::with_capacity(len)).await;
    match result {
        StreamResult::Complete(_) => (InputState::Idle(parts), Read::Bytes(bytes)),
        StreamResult::Dropped | StreamResult::Cancelled => match parts.1.await {
            Ok(()) => (InputState::Ended, Read::Eof),
            Err(code) => (InputState::Ended, Read::Failed(lost(&code))),
        },
    }
}

/// The direction to the peer.
pub(crate) struct Output(OutputState);

enum OutputState {
    Idle(Box<(StreamWriter<u8>, Outcome)>),
    Writing(Operation<(Self, Result<usize, TransportError>)>),
    Ended,
}

impl Output {
    /// Whether a write is under way.
    pub(crate) fn is_writing(&self) -> bool {
        matches!(self.0, OutputState::Writing(_))
    }

    /// Writes the first of `bytes`, and waits until that is done; returns how many they were. While
    /// a write is under way, `bytes` must begin with those that it writes.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, TransportError>> {
        if let OutputState::Idle(_) = &self.0
            && let OutputState::Idle(parts) = core::mem::replace(&mut self.0, OutputState::Ended)
        {
            let bytes = bytes[..write_len(bytes.len(), MAX_WRITE_LEN)].to_vec();
            self.0 = OutputState::Writing(Box::pin(write(parts, bytes)));
        }
        let OutputState::Writing(writing) = &mut self.0 else {
            return Poll::Pending;
        };
        let Poll::Ready((state, result)) = writing.as_mut().poll(cx) else {
            return Poll::Pending;
        };
        self.0 = state;
        Poll::Ready(result)
    }

    /// Ends this direction, which the peer sees behind what is written.
    pub(crate) fn end(&mut self) {
        self.0 = OutputState::Ended;
    }
}

async fn write(
    mut parts: Box<(StreamWriter<u8>, Outcome)>,
    bytes: Vec<u8>,
) -> (OutputState, Result<usize, TransportError>) {
    let (result, _) = parts.0.write(bytes).await;
    match result {
        StreamResult::Complete(len) => (OutputState::Idle(parts), Ok(len)),
        StreamResult::Dropped | StreamResult::Cancelled => {
            let error = match parts.1.await {
                Ok(()) => stream_error("closed by the peer"),
                Err(code) => lost(&code),
            };
            (OutputState::Ended, Err(error))
        }
    }
}

fn lookup_error(code: ip_name_lookup::ErrorCode, name: &str) -> TransportError {
    use ip_name_lookup::ErrorCode;

    let error = match code {
        ErrorCode::AccessDenied => LookupError::AccessDenied,
        ErrorCode::InvalidArgument => LookupError::InvalidArgument,
        ErrorCode::NameUnresolvable => LookupError::NameUnresolvable,
        ErrorCode::TemporaryResolverFailure => LookupError::TemporaryResolverFailure,
        ErrorCode::PermanentResolverFailure => LookupError::PermanentResolverFailure,
        ErrorCode::Other(_) => LookupError::Other,
    };
    TransportError::lookup(name, error)
}

fn connect_error(code: ErrorCode) -> TransportError {
    let kind = match code {
        ErrorCode::AccessDenied => TransportErrorKind::AccessDenied,
        ErrorCode::ConnectionRefused => TransportErrorKind::ConnectionRefused,
        ErrorCode::RemoteUnreachable | ErrorCode::Timeout => TransportErrorKind::Unreachable,
        ErrorCode::ConnectionReset | ErrorCode::ConnectionAborted | ErrorCode::ConnectionBroken => {
            TransportErrorKind::ConnectionLost
        }
        _ => TransportErrorKind::Other,
    };
    TransportError {
        kind,
        message: in_words(&code),
    }
}

fn lost(code: &ErrorCode) -> TransportError {
    stream_error(&in_words(code))
}

fn stream_error(cause: &str) -> TransportError {
    TransportError {
        kind: TransportErrorKind::ConnectionLost,
        message: format!("the connection was lost: {cause}"),
    }
}

/// An error code, for people.
fn in_words(code: &ErrorCode) -> String {
    let words = match code {
        ErrorCode::AccessDenied => "access denied",
        ErrorCode::NotSupported => "not supported",
        ErrorCode::InvalidArgument => "invalid argument",
        ErrorCode::OutOfMemory => "out of memory",
        ErrorCode::Timeout => "timeout",
        ErrorCode::InvalidState => "invalid state",
        ErrorCode::AddressNotBindable => "address not bindable",
        ErrorCode::AddressInUse => "address in use",
        ErrorCode::RemoteUnreachable => "remote unreachable",
        ErrorCode::ConnectionRefused => "connection refused",
        ErrorCode::ConnectionBroken => "connection broken",
        ErrorCode::ConnectionReset => "connection reset",
        ErrorCode::ConnectionAborted => "connection aborted",
        ErrorCode::DatagramTooLarge => "datagram too large",
        ErrorCode::Other(Some(message)) => message,
        ErrorCode::Other(None) => "unknown error",
    };
    words.into()
}
