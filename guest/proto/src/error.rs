//! Errors by whose fault they are: the caller's (`SendError`, `AlreadyClosed`, and those beside
//! `Request` and `WebSocketUrl`), or the peer's (`ConnectionError`), which never come out of a
//! handler but as an event.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::Header;
use crate::extension::ParameterError;
use crate::frame::{CloseCode, MAX_CONTROL_PAYLOAD_LEN};

/// Why a connection fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionError {
    /// The server refused the opening handshake, or answered it wrongly.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The peer broke a rule after the opening handshake.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The peer did not act in time.
    #[error(transparent)]
    Timeout(#[from] TimeoutError),
    /// The stream ended, or was lost, without a Close frame of the peer.
    #[error("the stream ended without a close frame")]
    StreamEnded,
}

/// Why the opening handshake failed (RFC 6455, section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The server answered with a status other than 101.
    #[error("the server refused with status {status}", status = .0.status)]
    Refused(Box<Refusal>),
    /// The stream ended before the answer did.
    #[error("the stream ended before the server had answered")]
    Ended,
    /// The answer does not start as an HTTP/1 answer does.
    #[error("the answer is not HTTP/1")]
    NotHttp,
    /// The answer is an alert of TLS: the server is one for `wss`.
    #[error("the answer is TLS and not HTTP (should the URL start with wss?)")]
    Tls,
    /// The answer has a version of HTTP other than 1.1.
    #[error("the answer is not HTTP/1.1")]
    HttpVersion,
    /// This part of the answer is not as HTTP wants it.
    #[error("the answer is malformed: {0}")]
    Malformed(&'static str),
    /// The head of the answer is longer than the limit, in bytes.
    #[error("the head of the answer is longer than {limit} bytes")]
    HeadTooBig {
        /// [`Limits::response_head_len`](crate::Limits::response_head_len).
        limit: u64,
    },
    /// The answer has too many header fields.
    #[error("the answer has more than {limit} header fields")]
    TooManyHeaders {
        /// How many are taken.
        limit: usize,
    },
    /// The Upgrade header field is missing, or does not say `websocket` alone.
    #[error("the answer has no header field `Upgrade: websocket`")]
    Upgrade,
    /// The Connection header field is missing, or does not say `Upgrade`.
    #[error("the answer has no header field `Connection: Upgrade`")]
    Connection,
    /// The Sec-WebSocket-Accept header field is missing.
    #[error("the answer has no header field Sec-WebSocket-Accept")]
    AcceptMissing,
    /// The Sec-WebSocket-Accept header field is not the answer to our key.
    #[error("the header field Sec-WebSocket-Accept is not the answer to our key")]
    AcceptMismatch,
    /// A header field that may stand only once stands twice.
    #[error("the header field {0} stands more than once")]
    HeaderRepeated(&'static str),
    /// The server chose a subprotocol that was not offered.
    #[error("the server chose the subprotocol {0:?}, which was not offered")]
    SubprotocolNotOffered(String),
    /// The server chose an extension that was not offered.
    #[error("the server chose the extension {0:?}, which was not offered")]
    ExtensionNotOffered(String),
    /// The server chose an extension more than once.
    #[error("the server chose the extension {0:?} more than once")]
    ExtensionRepeated(String),
    /// The server chose permessage-deflate with parameters that are not as they have to be.
    #[error("the server chose permessage-deflate wrongly: {0}")]
    ExtensionParameter(#[from] ParameterError),
}

/// An answer that refuses the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status code, such as 401 or 503; 200 to 999.
    pub status: u16,
    /// The reason phrase of the status line, often empty.
    pub reason_phrase: String,
    /// The header fields, in order, repeated ones included.
    pub headers: Vec<Header>,
    /// The start of the body, at most [`MAX_REFUSAL_BODY_LEN`](crate::MAX_REFUSAL_BODY_LEN) bytes
    /// of it. Empty if the answer does not state its length, or states it in a wrong way.
    pub body: Vec<u8>,
}

/// Which rule the peer broke after the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set (RFC 6455, section 5.2): RSV1 is 4, RSV2 is 2, RSV3 is 1. With
    /// permessage-deflate, RSV1 is reserved but on the first frame of a message.
    #[error("reserved bits are set: {0:03b}")]
    ReservedBits(u8),
    /// The opcode is reserved (section 5.2).
    #[error("the opcode {0:#x} is reserved")]
    ReservedOpcode(u8),
    /// A server must not mask (section 5.1).
    #[error("the server masked a frame")]
    MaskedFrame,
    /// A control frame is fragmented (section 5.5).
    #[error("a control frame is fragmented")]
    FragmentedControlFrame,
    /// A control frame has a payload of more than 125 bytes (section 5.5).
    #[error("a control frame is longer than {MAX_CONTROL_PAYLOAD_LEN} bytes")]
    ControlFrameTooBig,
    /// A payload length is written in more bytes than it needs (section 5.2).
    #[error("a payload length is written in more bytes than it needs")]
    PayloadLengthNotMinimal,
    /// The most significant bit of a payload length of 64 bits is set (section 5.2).
    #[error("a payload length is beyond 63 bits")]
    PayloadLengthOutOfRange,
    /// A continuation frame continues nothing (section 5.4).
    #[error("a continuation frame continues nothing")]
    UnexpectedContinuation,
    /// A message starts before the one before it is complete (section 5.4).
    #[error("a message starts inside another")]
    ExpectedContinuation,
    /// A Close frame has a payload of one byte (section 5.5.1).
    #[error("a close frame has a payload of one byte")]
    CloseFrameOfOneByte,
    /// A Close frame has a status code that may not be sent (section 7.4).
    #[error("the close code {0} may not be sent")]
    CloseCode(u16),
    /// The reason of a Close frame is not UTF-8 (section 5.5.1).
    #[error("the reason of a close frame is not UTF-8")]
    CloseReasonNotUtf8,
    /// A text message is not UTF-8 (section 8.1).
    #[error("a text message is not UTF-8")]
    MessageNotUtf8,
    /// The payload of a compressed message is not what compression makes, or is cut short (RFC
    /// 7692, section 7.2.2).
    #[error("a message cannot be decompressed")]
    CompressedData,
    /// A compressed message becomes more than the limit times as long.
    #[error("a compressed message becomes more than {limit} times as long")]
    DecompressionRatio {
        /// [`Limits::decompression_ratio`](crate::Limits::decompression_ratio).
        limit: u32,
    },
    /// A frame is longer than the limit, in bytes of payload.
    #[error("a frame is longer than {limit} bytes")]
    FrameTooBig {
        /// [`Limits::frame_payload_len`](crate::Limits::frame_payload_len).
        limit: u64,
    },
    /// A message is longer than the limit, in bytes.
    #[error("a message is longer than {limit} bytes")]
    MessageTooBig {
        /// [`Limits::message_len`](crate::Limits::message_len).
        limit: u64,
    },
    /// A message has more fragments than the limit.
    #[error("a message has more than {limit} fragments")]
    TooManyFragments {
        /// [`Limits::fragment_count`](crate::Limits::fragment_count).
        limit: u32,
    },
}

impl From<&ProtocolError> for CloseCode {
    /// The status code of the Close frame with which the connection fails.
    fn from(error: &ProtocolError) -> Self {
        match error {
            ProtocolError::ReservedBits(_)
            | ProtocolError::ReservedOpcode(_)
            | ProtocolError::MaskedFrame
            | ProtocolError::FragmentedControlFrame
            | ProtocolError::ControlFrameTooBig
            | ProtocolError::PayloadLengthNotMinimal
            | ProtocolError::PayloadLengthOutOfRange
            | ProtocolError::UnexpectedContinuation
            | ProtocolError::ExpectedContinuation
            | ProtocolError::CloseFrameOfOneByte
            | ProtocolError::CloseCode(_) => Self::PROTOCOL_ERROR,
            // Section 8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds
            // that the byte stream is not, in fact, a valid UTF-8 stream". RFC 7692 says nothing of
            // data that cannot be decompressed; the frame is right and its payload is not, so `ws`
            // has this code for it, too.
            ProtocolError::CloseReasonNotUtf8
            | ProtocolError::CompressedData
            | ProtocolError::MessageNotUtf8 => Self::INVALID_FRAME_PAYLOAD_DATA,
            ProtocolError::DecompressionRatio { .. }
            | ProtocolError::FrameTooBig { .. }
            | ProtocolError::MessageTooBig { .. } => Self::MESSAGE_TOO_BIG,
            ProtocolError::TooManyFragments { .. } => Self::POLICY_VIOLATION,
        }
    }
}

/// What the peer did not do in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeoutError {
    /// The answer to the opening handshake.
    #[error("the server did not answer the opening handshake in time")]
    Handshake,
    /// The pong to a ping.
    #[error("the peer did not answer a ping in time")]
    Pong,
    /// The Close frame that answers ours.
    #[error("the peer did not answer the close frame in time")]
    Close,
}

/// Why a message, a part of one or a ping is not queued. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is not open.
    #[error("the connection is not open")]
    NotOpen,
    /// As much as the limit, or more, waits to be sent.
    #[error("{queued} bytes wait to be sent already (the limit is {limit})")]
    QueueFull {
        /// How many bytes wait.
        queued: u64,
        /// [`Limits::outgoing_len`](crate::Limits::outgoing_len).
        limit: u64,
    },
    /// The payload of a ping is longer than 125 bytes (RFC 6455, section 5.5).
    #[error("a ping of {len} bytes is too long (at most {MAX_CONTROL_PAYLOAD_LEN})")]
    PingTooLong {
        /// The length of the payload, in bytes.
        len: usize,
    },
    /// A message is being sent by parts, and no other can be sent before it is finished (section
    /// 5.4).
    #[error("a message is being sent by parts")]
    MessageInProgress,
    /// No message is being sent by parts.
    #[error("no message is being sent by parts")]
    NoMessageInProgress,
    /// The parts of a text are not UTF-8 (section 5.6).
    #[error("the text is not UTF-8 after its first {valid_len} bytes")]
    NotUtf8 {
        /// How many bytes of the message, from its start, are whole characters.
        valid_len: u64,
    },
}

/// The connection is closed already; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection is closed")]
pub struct AlreadyClosed;
