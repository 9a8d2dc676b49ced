use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

use wasocket_proto::{
    CloseFrameError, ConnectionError, HandshakeError, ProtocolError, Refusal, RequestError,
    SendError, TimeoutError, UrlError,
};
use wasocket_tls::{CertificateProblem, NoRoots, RootsError, TlsError};

use crate::ReadyState;

/// Why a connection could not be opened, or fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What was being done.
    pub step: Step,
    /// What went wrong.
    pub kind: ErrorKind,
    /// The same for people, with all detail that is known.
    pub message: String,
}

/// The steps of a connection, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Resolving the host's name.
    Name,
    /// Opening a TCP connection to one of its addresses.
    Connect,
    /// The TLS handshake.
    Tls,
    /// The opening handshake (RFC 6455, section 4.1).
    Handshake,
    /// Exchanging messages.
    Open,
    /// The closing handshake (RFC 6455, section 7).
    Close,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The host refuses the component the network, a name or an address.
    AccessDenied,
    /// The name does not exist, or has no address.
    NameNotFound,
    /// The name could not be resolved for another reason.
    NameLookupFailed,
    /// Nothing listens at the address.
    ConnectionRefused,
    /// There is no way to the address.
    Unreachable,
    /// The transport reported an error.
    ConnectionLost,
    /// The stream ended, without a Close frame.
    ConnectionEnded,
    /// A timeout passed.
    Timeout(Timeout),
    /// The server's certificate is not to be trusted.
    Certificate(CertificateProblem),
    /// The server ended TLS by a fatal alert.
    TlsAlert(u8),
    /// The stream ended without close_notify.
    TlsTruncated,
    /// TLS failed in another way.
    TlsFailed,
    /// The server refused the opening handshake.
    Refused(Box<Refusal>),
    /// The server's answer to the opening handshake breaks a rule.
    HandshakeInvalid,
    /// The server broke a rule of RFC 6455 (1002).
    ProtocolError,
    /// Text that is not UTF-8 (1007).
    InvalidUtf8,
    /// Compressed data that is not DEFLATE (1007).
    CompressedDataInvalid,
    /// A message or a frame over its limit, or compressed too much (1009).
    MessageTooBig,
    /// A message of more fragments than its limit (1008).
    TooManyFragments,
    /// Anything else.
    Other,
}

/// Which timeout passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// From the start to the open connection.
    Connect,
    /// From a ping to its pong.
    Pong,
    /// From the first Close frame to the end.
    Close,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Error {}

impl Error {
    pub(crate) fn new(step: Step, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            step,
            kind,
            message: message.into(),
        }
    }

    /// The connection was closed before it was open, and nothing says why.
    pub fn not_opened() -> Self {
        let message = "the connection was closed before it was open";
        Self::new(Step::Connect, ErrorKind::Other, message)
    }

    /// The connect timeout passed in this step.
    pub(crate) fn connect_timeout(step: Step) -> Self {
        let what = match step {
            Step::Name => "resolving the name",
            Step::Connect => "opening the TCP connection",
            Step::Tls => "the TLS handshake",
            Step::Handshake | Step::Open | Step::Close => "the opening handshake",
        };
        Self::new(
            step,
            ErrorKind::Timeout(Timeout::Connect),
            format!("{what} was not done within the connect timeout"),
        )
    }

    pub(crate) fn tls(step: Step, error: &TlsError) -> Self {
        let kind = match error {
            TlsError::Certificate(problem) => ErrorKind::Certificate(problem.clone()),
            TlsError::AlertReceived(alert) | TlsError::ClientCertificateRequired(alert) => {
                ErrorKind::TlsAlert(alert.code())
            }
            TlsError::HandshakeTruncated => ErrorKind::ConnectionEnded,
            TlsError::Truncated => ErrorKind::TlsTruncated,
            _ => ErrorKind::TlsFailed,
        };
        let message = match error {
            TlsError::NotTls => format!("{error} (should the URL start with ws?)"),
            _ => error.to_string(),
        };
        Self::new(step, kind, message)
    }

    pub(crate) fn connection(step: Step, error: ConnectionError) -> Self {
        let message = error.to_string();
        let kind = match error {
            ConnectionError::Handshake(HandshakeError::Refused(refusal)) => {
                return Self::new(step, ErrorKind::Refused(refusal.clone()), refused(&refusal));
            }
            ConnectionError::Handshake(HandshakeError::Ended) | ConnectionError::StreamEnded => {
                ErrorKind::ConnectionEnded
            }
            ConnectionError::Handshake(_) => ErrorKind::HandshakeInvalid,
            ConnectionError::Protocol(error) => match error {
                ProtocolError::MessageNotUtf8 | ProtocolError::CloseReasonNotUtf8 => {
                    ErrorKind::InvalidUtf8
                }
                ProtocolError::CompressedData => ErrorKind::CompressedDataInvalid,
                ProtocolError::MessageTooBig { .. }
                | ProtocolError::FrameTooBig { .. }
                | ProtocolError::DecompressionRatio { .. } => ErrorKind::MessageTooBig,
                ProtocolError::TooManyFragments { .. } => ErrorKind::TooManyFragments,
                _ => ErrorKind::ProtocolError,
            },
            ConnectionError::Timeout(TimeoutError::Handshake) => {
                return Self::connect_timeout(step);
            }
            ConnectionError::Timeout(TimeoutError::Pong) => ErrorKind::Timeout(Timeout::Pong),
            ConnectionError::Timeout(TimeoutError::Close) => ErrorKind::Timeout(Timeout::Close),
            _ => ErrorKind::Other,
        };
        Self::new(step, kind, message)
    }
}

/// A refusal for people: status, and the start of what the server says about it.
fn refused(refusal: &Refusal) -> String {
    /// Enough of a body for one line of a terminal or a log.
    const SHOWN_LEN: usize = 200;

    let mut message = format!("the server refused with status {}", refusal.status);
    if !refusal.reason_phrase.is_empty() {
        message = format!("{message} {}", refusal.reason_phrase);
    }
    let body = String::from_utf8_lossy(&refusal.body);
    let body = body.trim();
    if !body.is_empty() && !body.contains(char::is_control) {
        message = format!(
            "{message}: {}",
            &body[..body.floor_char_boundary(SHOWN_LEN)]
        );
    }
    message
}

/// An argument that cannot be used. The call had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidArgument {
    /// Which part cannot be used.
    pub part: Part,
    /// Why, for people.
    pub message: String,
}

/// The parts of arguments and options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// What to wait for.
    Pollables,
    /// Another part.
    Other,
}

impl InvalidArgument {
    /// An argument whose `part` cannot be used, and why.
    pub fn new(part: Part, message: impl Into<String>) -> Self {
        Self {
            part,
            message: message.into(),
        }
    }
}

impl From<UrlError> for InvalidArgument {
    fn from(error: UrlError) -> Self {
        let part = match error {
            UrlError::Scheme => Part::Scheme,
            UrlError::HostEmpty | UrlError::Host | UrlError::Ipv6WithoutBrackets => Part::Host,
            UrlError::Port | UrlError::PortTwice => Part::Port,
            UrlError::ResourceName | UrlError::ResourceNameTwice => Part::Path,
            UrlError::Fragment => Part::Fragment,
            UrlError::Credentials => Part::Credentials,
            _ => Part::Other,
        };
        Self::new(part, error.to_string())
    }
}

impl From<RequestError> for InvalidArgument {
    fn from(error: RequestError) -> Self {
        let part = match error {
            RequestError::HeaderValue(_) => Part::HeaderValue,
            RequestError::HeaderName(_)
            | RequestError::HeaderReserved(_)
            | RequestError::OriginAsHeader
            | RequestError::SubprotocolAsHeader => Part::HeaderName,
            RequestError::Origin => Part::Origin,
            RequestError::Subprotocol(_) | RequestError::SubprotocolTwice(_) => Part::Subprotocol,
            _ => Part::Other,
        };
        Self::new(part, error.to_string())
    }
}

impl From<RootsError> for InvalidArgument {
    fn from(error: RootsError) -> Self {
        Self::new(Part::Roots, error.to_string())
    }
}

impl From<NoRoots> for InvalidArgument {
    fn from(error: NoRoots) -> Self {
        Self::new(Part::Roots, error.to_string())
    }
}

impl From<CloseFrameError> for InvalidArgument {
    fn from(error: CloseFrameError) -> Self {
        let part = match error {
            CloseFrameError::Code(_) => Part::CloseCode,
            CloseFrameError::ReasonTooLong { .. } => Part::CloseReason,
            _ => Part::Other,
        };
        Self::new(part, error.to_string())
    }
}

/// Why a command had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// An argument cannot be used.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// The command is not possible in this state.
    #[error("not possible while the connection is {0}")]
    InvalidState(ReadyState),
    /// This many bytes wait to be sent already.
    #[error("{0} bytes wait to be sent already")]
    QueueFull(u64),
    /// A message is being sent by parts. It has to be finished first.
    #[error("a message is being sent by parts")]
    MessageInProgress,
    /// No message is being sent by parts.
    #[error("no message is being sent by parts")]
    NoMessageInProgress,
}

impl CommandError {
    pub(crate) fn from_send(error: SendError, state: ReadyState) -> Self {
        match error {
            SendError::NotOpen => Self::InvalidState(state),
            SendError::QueueFull { queued, .. } => Self::QueueFull(queued),
            SendError::MessageInProgress => Self::MessageInProgress,
            SendError::NoMessageInProgress => Self::NoMessageInProgress,
            SendError::NotUtf8 { .. } => {
                InvalidArgument::new(Part::Message, error.to_string()).into()
            }
            SendError::PingTooLong { .. } => {
                InvalidArgument::new(Part::PingPayload, error.to_string()).into()
            }
            _ => InvalidArgument::new(Part::Other, error.to_string()).into(),
        }
    }
}
