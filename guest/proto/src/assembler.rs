use alloc::vec::Vec;

use crate::config::Limits;
use crate::error::ProtocolError;
use crate::extension::Decompressor;
use crate::frame::{FrameHeader, Opcode};
use crate::message::{Message, Text};
use crate::utf8::Utf8Validator;

/// How much memory a frame's header alone can make us reserve, in bytes. The rest follows as the
/// payload arrives, so that announcing a large frame costs the peer as much as sending it.
const RESERVED_ON_ANNOUNCEMENT: usize = 64 << 10;

/// Puts the fragments of a message together (RFC 6455, section 5.4).
///
/// For each data frame: `begin_frame` once, `push` for each piece of its payload, `end_frame`
/// once. Its memory is bounded by `Limits::message_len`.
#[derive(Default)]
pub(crate) struct Assembler {
    message: Option<Partial>,
    /// `Some` if messages may be compressed.
    decompressor: Option<Decompressor>,
}

struct Partial {
    /// Decompressed, if the message is compressed.
    payload: Vec<u8>,
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
        if message.payload.len() as u64 + header.payload_len > limits.message_len {
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

    /// Takes the next piece of the frame's payload.
    pub(crate) fn push(&mut self, piece: &[u8], limits: &Limits) -> Result<(), ProtocolError> {
        // Between `begin_frame` and `end_frame` there always is a message.
        let Some(message) = &mut self.message else {
            return Ok(());
        };
        match &mut self.decompressor {
            Some(decompressor) if message.compressed => {
                message.decompress(|payload| decompressor.push(piece, payload, limits.into()))
            }
            _ => {
                judge(&mut message.utf8, piece)?;
                message.payload.extend_from_slice(piece);
                Ok(())
            }
        }
    }

    /// Says that the frame's payload is complete; returns the message if it is, too.
    pub(crate) fn end_frame(
        &mut self,
        fin: bool,
        limits: &Limits,
    ) -> Result<Option<Message>, ProtocolError> {
        if !fin {
            return Ok(None);
        }
        let Some(mut message) = self.message.take() else {
            return Ok(None);
        };
        if message.compressed
            && let Some(decompressor) = &mut self.decompressor
        {
            message.decompress(|payload| decompressor.finish(payload, limits.into()))?;
        }
        match message.utf8 {
            None => Ok(Some(Message::Binary(message.payload))),
            Some(utf8) => {
                utf8.finish().map_err(|_| ProtocolError::MessageNotUtf8)?;
                Ok(Some(Message::Text(Text::validated(message.payload))))
            }
        }
    }
}

impl Partial {
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
}
