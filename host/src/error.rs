use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::event::{Closed, Header, ReadyState};
use crate::grants::Denied;

/// Why something that was asked of a connection did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument or an option cannot be used. Nothing was done.
    #[error("invalid {part}: {message}")]
    InvalidArgument {
        /// Which part cannot be used.
        part: Part,
        /// Why.
        message: String,
    },
    /// It is not possible in this state. Nothing was done.
    #[error("not possible while the connection is {0}")]
    InvalidState(ReadyState),
    /// The connection could not be opened, or failed.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The connection was closed before it was done.
    #[error("the connection was closed with code {code}", code = .0.code)]
    Closed(Closed),
}

/// Why a connection could not be opened, or failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {message}")]
#[non_exhaustive]
pub struct Failure {
    /// What was being done.
    pub step: Step,
    /// What went wrong.
    pub kind: FailureKind,
    /// The same for people, with all detail that is known.
    pub message: String,
}

/// The steps of a connection, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Starting the component, before anything of the network.
    Start,
    /// Resolving the host's name.
    Name,
    /// Opening a TCP connection to one of its addresses.
    Connect,
    /// Asking a proxy for a tunnel.
    Proxy,
    /// The TLS handshake, for `wss`.
    Tls,
    /// The opening handshake (RFC 6455, section 4.1).
    Handshake,
    /// Exchanging messages.
    Open,
    /// The closing handshake (RFC 6455, section 7).
    Close,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "component",
            Self::Name => "name lookup",
            Self::Connect => "TCP connection",
            Self::Proxy => "proxy",
            Self::Tls => "TLS",
            Self::Handshake => "opening handshake",
            Self::Open => "connection",
            Self::Close => "closing handshake",
        })
    }
}

/// What went wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// No grant covers this. See [`Grants`](crate::Grants).
    NotGranted(Denied),
    /// The system denied access to the network.
    AccessDenied,
    /// The name does not exist, or has no address.
    NameNotFound,
    /// The name could not be resolved for another reason, which may pass.
    NameLookupFailed,
    /// Nothing listens at the address.
    ConnectionRefused,
    /// There is no way to the address.
    Unreachable,
    /// The transport reported an error, most often a reset by the peer.
    ConnectionLost,
    /// The stream ended: before the connection was open, or without a Close frame.
    ConnectionEnded,
    /// A timeout passed.
    Timeout(Timeout),
    /// The server's certificate is not to be trusted.
    Certificate(CertificateProblem),
    /// The server ended TLS by a fatal alert with this number (RFC 8446, section 6).
    TlsAlert(u8),
    /// The stream ended without TLS's close_notify: it may have been cut off by someone on the
    /// way.
    TlsTruncated,
    /// TLS failed in another way.
    TlsFailed,
    /// The server answered the opening handshake with a status other than 101.
    Refused(Box<Refusal>),
    /// The server's answer to the opening handshake breaks a rule.
    HandshakeInvalid,
    /// The server broke a rule of RFC 6455; it was told so with close code 1002.
    ProtocolError,
    /// Text that is not UTF-8; the server was told so with close code 1007.
    InvalidUtf8,
    /// Compressed data that is not DEFLATE; the server was told so with close code 1007.
    CompressedDataInvalid,
    /// A message or a frame over its limit, or compressed too much; the server was told so with
    /// close code 1009.
    MessageTooBig,
    /// A message of more fragments than its limit; the server was told so with close code 1008.
    TooManyFragments,
    /// A proxy refused the tunnel with this status.
    ProxyRefused(u16),
    /// Every instance of the pool is in use. See [`Pool`](crate::Pool).
    PoolExhausted {
        /// How many the pool has.
        instances: u32,
    },
    /// The component trapped: a fault of ours or of the engine, or a limit of the sandbox that was
    /// reached. Never the peer's doing as such.
    Trap(TrapReport),
    /// A case not named here.
    Other,
}

/// What the engine says about a trap.
#[derive(Clone, Debug)]
pub struct TrapReport {
    error: Arc<wasmtime::Error>,
    cause: TrapCause,
}

/// Why the component trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TrapCause {
    /// It computed for longer than
    /// [`RuntimeBuilder::max_compute_time`](crate::RuntimeBuilder::max_compute_time) without giving
    /// back control.
    ComputeTime,
    /// It needed more memory than
    /// [`RuntimeBuilder::max_memory`](crate::RuntimeBuilder::max_memory).
    Memory,
    /// A fault of ours or of the engine.
    Fault,
}

impl TrapReport {
    pub(crate) fn new(error: wasmtime::Error, cause: TrapCause) -> Self {
        Self {
            error: Arc::new(error),
            cause,
        }
    }

    /// Why the component trapped: by a limit, or by a fault.
    pub fn cause(&self) -> TrapCause {
        self.cause
    }
}

impl fmt::Display for TrapReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.error)
    }
}

/// Two reports are equal if they are of one trap.
impl PartialEq for TrapReport {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.error, &other.error)
    }
}

impl Eq for TrapReport {}

/// Which timeout passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timeout {
    /// From the start to the open connection.
    Connect,
    /// From a ping to its pong.
    Pong,
    /// From the first Close frame to the end of the connection.
    Close,
    /// Without a byte from the server.
    Idle,
}

/// What is wrong with a certificate, or with the chain that it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is for another name or address.
    WrongName,
    /// No trusted root vouches for it.
    UnknownIssuer,
    /// Its issuer took it back.
    Revoked,
    /// It is not for servers.
    WrongPurpose,
    /// It cannot be read, or its signature is wrong.
    Malformed,
    /// Another problem.
    Other,
}

/// An answer that refuses the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status, such as 401 or 503.
    pub status: u16,
    /// The reason phrase beside the status, often empty.
    pub reason_phrase: String,
    /// The header fields of the answer, in their order.
    pub headers: Vec<Header>,
    /// The start of the body, at most 4,096 bytes of it; empty if the answer does not state its
    /// length.
    pub body: Vec<u8>,
}

/// The parts of arguments and options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The scheme of a URL.
    Scheme,
    /// The host.
    Host,
    /// The port.
    Port,
    /// The path or query.
    Path,
    /// The fragment of a URL.
    Fragment,
    /// User name or password of a URL.
    Credentials,
    /// The name of a header field.
    HeaderName,
    /// The value of a header field.
    HeaderValue,
    /// A subprotocol.
    Subprotocol,
    /// The origin.
    Origin,
    /// Root certificates.
    Roots,
    /// A client certificate or its key.
    ClientCertificate,
    /// A proxy.
    Proxy,
    /// Parameters of an extension.
    Extension,
    /// A limit.
    Limit,
    /// A timeout or an interval.
    Timeout,
    /// A message.
    Message,
    /// The payload of a ping.
    PingPayload,
    /// A close code.
    CloseCode,
    /// The reason of a closure.
    CloseReason,
    /// Another part.
    Other,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::Port => "port",
            Self::Path => "path",
            Self::Fragment => "fragment",
            Self::Credentials => "credentials",
            Self::HeaderName => "name of a header field",
            Self::HeaderValue => "value of a header field",
            Self::Subprotocol => "subprotocol",
            Self::Origin => "origin",
            Self::Roots => "root certificates",
            Self::ClientCertificate => "client certificate",
            Self::Proxy => "proxy",
            Self::Extension => "extension",
            Self::Limit => "limit",
            Self::Timeout => "timeout",
            Self::Message => "message",
            Self::PingPayload => "payload of a ping",
            Self::CloseCode => "close code",
            Self::CloseReason => "close reason",
            Self::Other => "argument",
        })
    }
}

/// Why a runtime could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// The engine refused its configuration, or the component does not fit it.
    #[error("the engine could not be set up")]
    Engine(#[source] EngineError),
    /// The component could not be compiled.
    #[error("the component could not be compiled")]
    Compile(#[source] EngineError),
    /// There is no such target, or the engine does not compile for it.
    #[error("the component cannot be compiled for `{target}`")]
    Target {
        /// What was asked for.
        target: String,
        /// What the engine said.
        source: EngineError,
    },
    /// A precompiled component is not one, is of another engine or kind of machine, or of another
    /// world.
    #[error("the precompiled component at {path} cannot be used", path = path.display())]
    Precompiled {
        /// The file.
        path: PathBuf,
        /// What the engine said.
        source: EngineError,
    },
    /// There is no room for a pool of so many instances.
    #[error("there is no room for a pool of {instances} instances")]
    Pool {
        /// How many were asked for.
        instances: u32,
        /// What the engine said.
        source: EngineError,
    },
    /// The thread could not be started that interrupts guests which compute for long.
    #[error("the thread that interrupts guests could not be started")]
    Thread(#[source] std::io::Error),
    /// The cache of compiled components could not be used.
    #[error("the cache at {path} cannot be used", path = path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What the engine said.
#[derive(Debug)]
pub struct EngineError(wasmtime::Error);

impl EngineError {
    // Not `From`, which would make the engine's error a part of this crate's interface.
    pub(crate) fn new(error: wasmtime::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for EngineError {}
