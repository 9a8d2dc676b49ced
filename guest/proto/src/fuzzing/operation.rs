use alloc::string::String;
use alloc::vec::Vec;

#[cfg(feature = "fuzzing")]
use arbitrary::{Arbitrary, Unstructured};

#[cfg(doc)]
use crate::Connection;
use crate::{Compress, MessageKind, SendOptions};

/// One call, or what a peer does.
#[derive(Clone, Debug)]
pub enum Operation {
    /// The server's answer, as it should be.
    Answer {
        /// permessage-deflate is accepted.
        compressing: bool,
    },
    /// A frame of the server, or what looks like one.
    Frame {
        /// FIN, the reserved bits and the opcode.
        first: u8,
        /// Its payload, cut at 64 KiB.
        payload: Vec<u8>,
    },
    /// Any bytes of the server.
    Input(Vec<u8>),
    /// The stream takes this many bytes.
    Write(u16),
    /// All events that wait are taken.
    TakeEvents,
    /// The time passes, in milliseconds.
    Wait(u16),
    /// [`Connection::send`] with a text message.
    SendText(String, Sending),
    /// [`Connection::send`] with a binary message.
    SendBinary(Vec<u8>, Sending),
    /// [`Connection::start_message`].
    StartMessage(MessageKind, Sending),
    /// [`Connection::send_part`].
    SendPart(Vec<u8>),
    /// [`Connection::finish_message`].
    FinishMessage,
    /// [`Connection::abandon_message`].
    AbandonMessage,
    /// All parts that wait are taken.
    TakeParts,
    /// [`Connection::cancel_parts`].
    CancelParts,
    /// [`Connection::ping`].
    Ping(Vec<u8>, bool),
    /// [`Connection::close`].
    Close(u16, String),
    /// [`Connection::pause`].
    Pause,
    /// [`Connection::resume`].
    Resume,
    /// [`Connection::handle_eof`].
    Eof,
    /// [`Connection::handle_stream_lost`].
    StreamLost,
}

/// How a message is sent.
#[derive(Clone, Copy, Debug)]
pub enum Sending {
    /// By default.
    Default,
    /// Unmasked, and compressed if that was agreed.
    UnmaskedCompressed,
}

impl From<Sending> for SendOptions {
    fn from(sending: Sending) -> Self {
        match sending {
            Sending::Default => Self::default(),
            Sending::UnmaskedCompressed => Self {
                unmasked: true,
                compress: Compress::Always,
            },
        }
    }
}

/// By hand: what derives it would be a feature of a crate that wasmtime depends on, so that wasmtime
/// would be built twice, with it and without.
#[cfg(feature = "fuzzing")]
impl<'a> Arbitrary<'a> for Operation {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let sending = |bytes: &mut Unstructured<'a>| -> arbitrary::Result<Sending> {
            Ok(match bool::arbitrary(bytes)? {
                true => Sending::UnmaskedCompressed,
                false => Sending::Default,
            })
        };
        Ok(match bytes.int_in_range(0..=19)? {
            0 => Self::Answer {
                compressing: bool::arbitrary(bytes)?,
            },
            1 => Self::Frame {
                first: u8::arbitrary(bytes)?,
                payload: Vec::arbitrary(bytes)?,
            },
            2 => Self::Input(Vec::arbitrary(bytes)?),
            3 => Self::Write(u16::arbitrary(bytes)?),
            4 => Self::TakeEvents,
            5 => Self::Wait(u16::arbitrary(bytes)?),
            6 => Self::SendText(String::arbitrary(bytes)?, sending(bytes)?),
            7 => Self::SendBinary(Vec::arbitrary(bytes)?, sending(bytes)?),
            8 => Self::Ping(Vec::arbitrary(bytes)?, bool::arbitrary(bytes)?),
            9 => Self::Close(u16::arbitrary(bytes)?, String::arbitrary(bytes)?),
            10 => Self::Pause,
            11 => Self::Resume,
            12 => Self::Eof,
            13 => Self::StreamLost,
            14 => {
                let kind = match bool::arbitrary(bytes)? {
                    true => MessageKind::Text,
                    false => MessageKind::Binary,
                };
                Self::StartMessage(kind, sending(bytes)?)
            }
            15 => Self::SendPart(Vec::arbitrary(bytes)?),
            16 => Self::FinishMessage,
            17 => Self::AbandonMessage,
            18 => Self::TakeParts,
            _ => Self::CancelParts,
        })
    }
}
