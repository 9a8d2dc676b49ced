use alloc::vec::Vec;

use crate::config::Limits;
use crate::error::ProtocolError;
use crate::extension::Decompressor;
use crate::frame::{FrameHeader, Opcode};
use crate::message::{Message, MessageKind, MessagePart, Text};
use crate::utf8::Utf8Validator;

/// How much memory a frame's header alone can make us reserve, in bytes. The rest follows as the
/// payload arrives, so that announcing a large frame costs the peer as much as sending it.
const RESERVED_ON_ANNOUNCEMENT: usize = 64 << 10;

/// Times how much of a message arrived it may reserve for what is announced, at most, beyond that.
const GROWTH: usize = 16;

/// How many bytes of a compressed message are decompressed at once while it is taken by parts, so
/// that it does not become much longer than what may wait: 1,032 bytes can come of each, and 8 KiB of
/// those before them.
const DECOMPRESSED_AT_ONCE: usize = 32;

/// How a message is to be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Once it is complete.
    Whole,
    /// By parts, as it arrives.
    Parts,
}

/// Puts the fragments of a message together (RFC 6455, section 5.4), and hands it over whole or by
/// parts.
///
/// For each data frame: `begin_frame` once, `push` until all of its payload is taken, `end_frame`
/// once. Its memory is bounded by `Limits::message_len`, or by `Limits::untaken_len` while a message
/// is taken by parts. Then nothing is to be called but `take_part` while it `is_full`.
#[derive(Default)]
pub(crate) struct Assembler {
    message: Option<Partial>,
    /// `Some` if messages may be compressed.
    decompressor: Option<Decompressor>,
}

/// A message of which not all arrived, or not all is taken.
pub(crate) struct Partial {
    /// What is not taken yet. Decompressed, if the message is compressed.
    payload: Vec<u8>,
    /// How many bytes of the message were taken by parts.
    taken: u64,
    /// All of it arrived.
    complete: bool,
    compressed: bool,
    /// `Some` if the message is text.
    utf8: Option<Utf8Validator>,
    fragment_count: u32,
}

impl Assembler {
    pub(crate) fn new(decompressor: Option<Decompressor>) -> Self {
        Self {
            message: None,
            decompressor,
        }
    }

    /// Judges the header of a data frame, before its payload.
    pub(crate) fn begin_frame(
        &mut self,
        header: &FrameHeader,
        limits: &Limits,
    ) -> Result<(), ProtocolError> {
        if header.payload_len > limits.frame_payload_len {
            return Err(ProtocolError::FrameTooBig {
                limit: limits.frame_payload_len,
            });
        }
        let message = match (header.opcode, &mut self.message) {
            (Opcode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
            (Opcode::Continuation, Some(message)) => message,
            (_, Some(_)) => return Err(ProtocolError::ExpectedContinuation),
            (opcode, slot @ None) => slot.insert(Partial {
                payload: Vec::new(),
                taken: 0,
                complete: false,
                compressed: header.rsv1,
                utf8: (opcode == Opcode::Text).then(Utf8Validator::default),
                fragment_count: 0,
            }),
        };
        message.fragment_count += 1;
        if message.fragment_count > limits.fragment_count {
            return Err(ProtocolError::TooManyFragments {
                limit: limits.fragment_count,
            });
        }
        // What a compressed message becomes is judged as it does.
        if message.compressed {
            return Ok(());
        }
        // Neither side of the sum is more than `i64::MAX`.
        if message.len() + header.payload_len > limits.message_len {
            return Err(ProtocolError::MessageTooBig {
                limit: limits.message_len,
            });
        }
        let announced = usize::try_from(header.payload_len).unwrap_or(usize::MAX);
        message
            .payload
            .reserve(announced.min(RESERVED_ON_ANNOUNCEMENT));
        Ok(())
    }

    /// Takes the next piece of the frame's payload, of which `missing` bytes are still to come, with it;
    /// returns how many bytes of it. All, unless the message is taken by parts.
    pub(crate) fn push(
        &mut self,
        piece: &[u8],
        missing: u64,
        delivery: Delivery,
        limits: &Limits,
    ) -> Result<usize, ProtocolError> {
        // Between `begin_frame` and `end_frame` there always is a message.
        let Some(message) = &mut self.message else {
            return Ok(piece.len());
        };
        let len = match delivery {
            Delivery::Whole => piece.len(),
            Delivery::Parts => piece.len().min(message.room(limits)),
        };
        let piece = &piece[..len];
        match &mut self.decompressor {
            Some(decompressor) if message.compressed => {
                message.decompress(|payload| decompressor.push(piece, payload, limits.into()))?;
            }
            _ => {
                // What comes before the byte that is wrong can still be taken.
                let judged = judge(&mut message.utf8, piece);
                if delivery == Delivery::Whole
                    && message.payload.capacity() - message.payload.len() < piece.len()
                {
                    message.grow(missing);
                }
                message.payload.extend_from_slice(piece);
                judged?;
            }
        }
        Ok(len)
    }

    /// Says that the frame's payload is complete; returns the message if it is, too, and to be handed
    /// over whole.
    pub(crate) fn end_frame(
        &mut self,
        fin: bool,
        delivery: Delivery,
        limits: &Limits,
    ) -> Result<Option<Message>, ProtocolError> {
        let Some(message) = self.message.as_mut().filter(|_| fin) else {
            return Ok(None);
        };
        if message.compressed
            && let Some(decompressor) = &mut self.decompressor
        {
            message.decompress(|payload| decompressor.finish(payload, limits.into()))?;
        }
        if let Some(utf8) = &message.utf8 {
            utf8.finish().map_err(|_| ProtocolError::MessageNotUtf8)?;
        }
        message.complete = true;
        Ok(match delivery {
            Delivery::Whole => self.take_whole(),
            Delivery::Parts => None,
        })
    }

    /// Whether nothing more is to be pushed before a part is taken.
    pub(crate) fn is_full(&self, delivery: Delivery, limits: &Limits) -> bool {
        delivery == Delivery::Parts
            && self
                .message
                .as_ref()
                .is_some_and(|message| message.complete || message.room(limits) == 0)
    }

    /// The message so far.
    pub(crate) fn partial(&self) -> Option<&Partial> {
        self.message.as_ref()
    }

    /// Takes what is there of the message, if that is anything.
    pub(crate) fn take_part(&mut self) -> Option<MessagePart> {
        let message = self.message.as_mut()?;
        let part = message.take_part()?;
        if part.is_last {
            self.message = None;
        } else if message.compressed
            && let Some(decompressor) = &mut self.decompressor
        {
            decompressor.taken_out(&part.bytes);
        }
        Some(part)
    }

    /// Takes the message, if it is complete.
    pub(crate) fn take_whole(&mut self) -> Option<Message> {
        self.message
            .take_if(|message| message.complete)
            .and_then(Partial::into_whole)
    }

    /// Takes the message, of which nothing more arrives.
    pub(crate) fn take_partial(&mut self) -> Option<Partial> {
        let mut message = self.message.take()?;
        if let Some(utf8) = &mut message.utf8 {
            let valid_len = match core::str::from_utf8(&message.payload) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            message.payload.truncate(valid_len);
            *utf8 = Utf8Validator::default();
        }
        Some(message)
    }
}

impl Partial {
    /// Whether a part of it was taken.
    pub(crate) fn is_begun(&self) -> bool {
        self.taken > 0
    }

    /// Whether there is something to take.
    pub(crate) fn has_part(&self) -> bool {
        self.complete || self.takable_len() > 0
    }

    /// The message, if it is complete and no part of it was taken.
    pub(crate) fn into_whole(self) -> Option<Message> {
        if !self.complete || self.is_begun() {
            return None;
        }
        Some(match self.utf8 {
            None => Message::Binary(self.payload),
            Some(_) => Message::Text(Text::validated(self.payload)),
        })
    }

    /// Takes what is there, if that is anything.
    pub(crate) fn take_part(&mut self) -> Option<MessagePart> {
        if !self.has_part() {
            return None;
        }
        let rest = self.payload.split_off(self.takable_len());
        let bytes = core::mem::replace(&mut self.payload, rest);
        let is_first = !self.is_begun();
        self.taken += bytes.len() as u64;
        Some(MessagePart {
            kind: match self.utf8 {
                None => MessageKind::Binary,
                Some(_) => MessageKind::Text,
            },
            bytes,
            is_first,
            is_last: self.complete,
        })
    }

    /// Makes room for the `missing` bytes of the frame, up to [`GROWTH`] times as much as is there, so
    /// that it is seldom moved, and none of the memory is for nothing.
    #[cold]
    fn grow(&mut self, missing: u64) {
        let growth = self.payload.len().saturating_mul(GROWTH - 1);
        let missing = usize::try_from(missing).unwrap_or(usize::MAX);
        self.payload.reserve_exact(missing.min(growth));
    }

    /// How long the message is so far.
    fn len(&self) -> u64 {
        self.taken + self.payload.len() as u64
    }

    /// How many bytes can be taken: no start of a character of which the rest is missing.
    fn takable_len(&self) -> usize {
        let incomplete = self
            .utf8
            .as_ref()
            .map_or(&[][..], Utf8Validator::incomplete);
        self.payload.len() - incomplete.len()
    }

    /// How many bytes of the stream can be pushed at once, if the message is taken by parts.
    fn room(&self, limits: &Limits) -> usize {
        let room = limits.untaken_len.max(1).saturating_sub(self.takable_len());
        match self.compressed {
            true => room.min(DECOMPRESSED_AT_ONCE),
            false => room,
        }
    }

    /// Lets `append` add to the payload, and judges what it added.
    ///
    /// That comes before its own error, as it does when the bytes up to there arrive by themselves.
    fn decompress(
        &mut self,
        append: impl FnOnce(&mut Vec<u8>) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        let start = self.payload.len();
        let result = append(&mut self.payload);
        judge(&mut self.utf8, &self.payload[start..]).and(result)
    }
}

/// Judges the next bytes of a message that is text if `utf8` is `Some`.
fn judge(utf8: &mut Option<Utf8Validator>, bytes: &[u8]) -> Result<(), ProtocolError> {
    match utf8 {
        None => Ok(()),
        Some(utf8) => utf8.push(bytes).map_err(|_| ProtocolError::MessageNotUtf8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcing_a_large_frame_reserves_little() {
        let header = FrameHeader {
            fin: true,
            rsv1: false,
            opcode: Opcode::Binary,
            payload_len: 16 << 20,
        };
        let mut assembler = Assembler::default();
        assembler.begin_frame(&header, &Limits::default()).unwrap();
        let capacity = assembler.message.unwrap().payload.capacity();
        assert!(capacity <= RESERVED_ON_ANNOUNCEMENT, "{capacity}");
    }

    #[test]
    fn a_long_message_is_seldom_moved_and_gets_no_more_than_it_announced() {
        const LEN: usize = 2_000_000;
        let header = FrameHeader {
            fin: true,
            rsv1: false,
            opcode: Opcode::Binary,
            payload_len: LEN as u64,
        };
        let limits = Limits::default();
        let mut assembler = Assembler::default();
        assembler.begin_frame(&header, &limits).unwrap();
        let mut capacities = Vec::new();
        let mut missing = LEN as u64;
        for piece in alloc::vec![7; LEN].chunks(10_000) {
            let taken = assembler.push(piece, missing, Delivery::Whole, &limits);
            missing -= taken.unwrap() as u64;
            let payload = &assembler.message.as_ref().unwrap().payload;
            assert!(payload.capacity() <= RESERVED_ON_ANNOUNCEMENT.max(GROWTH * payload.len()));
            if capacities.last() != Some(&payload.capacity()) {
                capacities.push(payload.capacity());
            }
        }
        assert_eq!(capacities, [RESERVED_ON_ANNOUNCEMENT, 60_000 * GROWTH, LEN]);
    }
}
