use alloc::vec::Vec;
use core::fmt;

use simdutf8::compat;

use crate::error::SendError;
use crate::frame::Opcode;

/// One whole message that the peer sent (RFC 6455, section 5.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, which is UTF-8.
    Text(Text),
    /// Any bytes.
    Binary(Vec<u8>),
}

/// The bytes of a text message: UTF-8, validated as they arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(Vec<u8>);

impl Text {
    /// The text of bytes that were validated.
    pub(crate) fn validated(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The text. Its bytes are read once more to prove to the compiler that they are UTF-8, so
    /// this is not for hot paths.
    pub fn to_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("a `Text` is made only of validated bytes")
    }

    /// The bytes, which are valid UTF-8: a caller may rely on it without validating again.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_str().fmt(f)
    }
}

/// What a message has in it (RFC 6455, section 5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Text, which is UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

impl MessageKind {
    pub(crate) fn opcode(self) -> Opcode {
        match self {
            Self::Text => Opcode::Text,
            Self::Binary => Opcode::Binary,
        }
    }
}

/// What arrived of a message since the part before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePart {
    /// What the message has in it.
    pub kind: MessageKind,
    /// The next bytes of it, decompressed; not empty, unless it is the last part. Those of a text
    /// are UTF-8 by themselves: no character is split between parts.
    pub bytes: Vec<u8>,
    /// The message starts with it.
    pub is_first: bool,
    /// The message ends with it. A message without such a part was cut off.
    pub is_last: bool,
}

impl From<Message> for MessagePart {
    fn from(message: Message) -> Self {
        let (kind, bytes) = match message {
            Message::Text(text) => (MessageKind::Text, text.into_bytes()),
            Message::Binary(bytes) => (MessageKind::Binary, bytes),
        };
        Self {
            kind,
            bytes,
            is_first: true,
            is_last: true,
        }
    }
}

/// One message to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outgoing<'a> {
    /// Sent as a text message.
    Text(&'a str),
    /// Sent as a binary message.
    Binary(&'a [u8]),
}

impl<'a> Outgoing<'a> {
    /// A message of this kind with this payload.
    ///
    /// # Errors
    ///
    /// [`SendError::NotUtf8`] if the payload of a text is not UTF-8.
    pub fn new(kind: MessageKind, payload: &'a [u8]) -> Result<Self, SendError> {
        match kind {
            MessageKind::Text => match compat::from_utf8(payload) {
                Ok(text) => Ok(Self::Text(text)),
                Err(error) => Err(SendError::NotUtf8 {
                    valid_len: error.valid_up_to() as u64,
                }),
            },
            MessageKind::Binary => Ok(Self::Binary(payload)),
        }
    }

    pub(crate) fn kind(self) -> MessageKind {
        match self {
            Self::Text(_) => MessageKind::Text,
            Self::Binary(_) => MessageKind::Binary,
        }
    }

    pub(crate) fn payload(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// How to send one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SendOptions {
    /// Sends it under a masking key of zero, which waives the protection that RFC 6455, section
    /// 10.3 describes. Default no.
    pub unmasked: bool,
    /// Whether it is compressed.
    pub compress: Compress,
}

/// Whether a message is compressed, if the server takes compressed messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compress {
    /// If it is not shorter than
    /// [`Compression::min_message_len`](crate::Compression::min_message_len). Of a message that is
    /// sent by parts, the first part counts.
    #[default]
    ByLength,
    /// However short it is, unless it is empty.
    Always,
    /// Not: it is compressed already, say, or has a secret in it.
    Never,
}
