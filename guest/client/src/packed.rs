use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use wasocket_proto::{Message, MessageKind, MessagePart, Outgoing};

use crate::error::{InvalidArgument, Part};

/// How many bytes of a payload are in a word.
const WORD_LEN: usize = size_of::<u64>();

/// Messages, one behind the other, whose payloads stand in one list of words.
///
/// Each payload starts with a word of its own, the one after the last word of the payload before it.
/// The first byte of a word is the least significant. Behind a payload that ends inside of a word,
/// the rest of the word is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedMessages {
    /// What each message is, in their order.
    pub headers: Vec<PackedHeader>,
    /// The payloads, in the same order, and nothing behind the last.
    pub words: Vec<u64>,
}

/// What one of several packed messages is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedHeader {
    /// What the message has in it.
    pub kind: MessageKind,
    /// The length of its payload, in bytes.
    pub len: u64,
}

impl PackedMessages {
    /// Adds a message that arrived.
    pub fn push(&mut self, message: Message) {
        let MessagePart { kind, bytes, .. } = message.into();
        let len = bytes.len() as u64;
        self.headers.push(PackedHeader { kind, len });
        let start = self.words.len();
        self.words.resize(start + bytes.len().div_ceil(WORD_LEN), 0);
        // WebAssembly is little-endian: in memory the first byte is the least significant.
        let own = bytemuck::cast_slice_mut::<u64, u8>(&mut self.words[start..]);
        own[..bytes.len()].copy_from_slice(&bytes);
    }

    /// How long the payloads are together, in bytes of words.
    pub fn payloads_len(&self) -> usize {
        self.words.len() * WORD_LEN
    }

    /// The messages, to be sent.
    ///
    /// # Errors
    ///
    /// If there are more words than the lengths make, or fewer, the rest of a payload's last word is
    /// not zero, or a text is not UTF-8.
    pub fn outgoing(&self) -> Result<Vec<Outgoing<'_>>, InvalidArgument> {
        let mut words = &self.words[..];
        let mut messages = Vec::with_capacity(self.headers.len());
        for (number, header) in (1..).zip(&self.headers) {
            let split = usize::try_from(header.len)
                .ok()
                .and_then(|len| Some((len, words.split_at_checked(len.div_ceil(WORD_LEN))?)));
            let Some((len, (own, others))) = split else {
                return Err(unusable(format!(
                    "message {number} is {} bytes long, and {} words are left for it",
                    header.len,
                    words.len()
                )));
            };
            words = others;
            // As in `push`.
            let (payload, rest) = bytemuck::cast_slice::<u64, u8>(own).split_at(len);
            if rest.iter().any(|byte| *byte != 0) {
                return Err(unusable(format!(
                    "behind message {number} the rest of its last word is not zero"
                )));
            }
            let message = Outgoing::new(header.kind, payload)
                .map_err(|error| unusable(format!("message {number}: {error}")))?;
            messages.push(message);
        }
        if !words.is_empty() {
            return Err(unusable(format!(
                "{} words are left behind the last message",
                words.len()
            )));
        }
        Ok(messages)
    }
}

fn unusable(message: String) -> InvalidArgument {
    InvalidArgument::new(Part::Message, message)
}
