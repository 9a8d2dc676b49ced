use alloc::vec::Vec;

use crate::assembler::{Assembler, Delivery, Partial};
use crate::config::Limits;
use crate::error::ProtocolError;
use crate::extension::Decompressor;
use crate::frame::{CloseFrame, FrameHeader, HeaderDecoder, Opcode};
use crate::message::{Message, MessagePart};
use crate::statistics::Traffic;

/// Reads the frames of the peer, from bytes in pieces of any size.
pub(crate) struct Receiver {
    header: HeaderDecoder,
    /// The frame whose payload is being read.
    frame: Option<FrameInProgress>,
    assembler: Assembler,
}

#[derive(Debug)]
struct FrameInProgress {
    header: FrameHeader,
    /// How many bytes of the payload have yet to arrive.
    missing: u64,
    /// The payload so far of a control frame, which is at most 125 bytes long. Control frames may
    /// stand between the fragments of a message, so they are not for the assembler.
    control_payload: Vec<u8>,
}

/// What one or more frames of the peer amount to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Message(Message),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
}

impl Receiver {
    /// A receiver of messages that may be compressed if there is a decompressor.
    pub(crate) fn new(decompressor: Option<Decompressor>) -> Self {
        Self {
            header: HeaderDecoder::new(decompressor.is_some()),
            frame: None,
            assembler: Assembler::new(decompressor),
        }
    }

    /// Takes the next bytes of the stream, up to the end of the first frame that completes
    /// something. Returns how many were taken; all, if nothing was completed, unless parts have to be
    /// taken first. Frames, and what they complete, are counted in `taken`.
    pub(crate) fn handle_input(
        &mut self,
        bytes: &[u8],
        delivery: Delivery,
        limits: &Limits,
        taken: &mut Traffic,
    ) -> Result<(usize, Option<Received>), ProtocolError> {
        let mut consumed = 0;
        loop {
            let rest = &bytes[consumed..];
            match &mut self.frame {
                None if rest.is_empty() || self.assembler.is_full(delivery, limits) => {
                    return Ok((consumed, None));
                }
                None => {
                    let (len, header) = self.header.push(rest)?;
                    consumed += len;
                    if let Some(header) = header {
                        self.frame = Some(self.begin_frame(header, limits)?);
                    }
                }
                Some(frame) => {
                    let len = usize::try_from(frame.missing)
                        .map_or(rest.len(), |missing| rest.len().min(missing));
                    let piece = &rest[..len];
                    let len = if frame.header.opcode.is_control() {
                        frame.control_payload.extend_from_slice(piece);
                        len
                    } else {
                        self.assembler
                            .push(piece, frame.missing, delivery, limits)?
                    };
                    frame.missing -= len as u64;
                    consumed += len;
                    if frame.missing == 0 {
                        if let Some(received) = self.end_frame(delivery, limits, taken)? {
                            return Ok((consumed, Some(received)));
                        }
                    } else if len == rest.len() || self.assembler.is_full(delivery, limits) {
                        return Ok((consumed, None));
                    }
                }
            }
        }
    }

    /// Whether no input is taken before parts of a message are.
    pub(crate) fn awaits_taking(&self, delivery: Delivery, limits: &Limits) -> bool {
        self.assembler.is_full(delivery, limits)
    }

    /// The message that is being received, or waits to be taken by parts.
    pub(crate) fn partial(&self) -> Option<&Partial> {
        self.assembler.partial()
    }

    /// Takes what is there of that message, if that is anything.
    pub(crate) fn take_part(&mut self) -> Option<MessagePart> {
        self.assembler.take_part()
    }

    /// Takes that message, if it is complete.
    pub(crate) fn take_whole(&mut self) -> Option<Message> {
        self.assembler.take_whole()
    }

    /// Takes that message, of which nothing more arrives.
    pub(crate) fn take_partial(&mut self) -> Option<Partial> {
        self.assembler.take_partial()
    }

    fn begin_frame(
        &mut self,
        header: FrameHeader,
        limits: &Limits,
    ) -> Result<FrameInProgress, ProtocolError> {
        if !header.opcode.is_control() {
            self.assembler.begin_frame(&header, limits)?;
        }
        Ok(FrameInProgress {
            header,
            missing: header.payload_len,
            control_payload: Vec::new(),
        })
    }

    fn end_frame(
        &mut self,
        delivery: Delivery,
        limits: &Limits,
        taken: &mut Traffic,
    ) -> Result<Option<Received>, ProtocolError> {
        let Some(frame) = self.frame.take() else {
            return Ok(None);
        };
        taken.frames += 1;
        Ok(match frame.header.opcode {
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                let fin = frame.header.fin;
                let message = self.assembler.end_frame(fin, delivery, limits)?;
                taken.messages += u64::from(fin);
                message.map(Received::Message)
            }
            Opcode::Close => Some(Received::Close(CloseFrame::parse(&frame.control_payload)?)),
            Opcode::Ping => {
                taken.pings += 1;
                Some(Received::Ping(frame.control_payload))
            }
            Opcode::Pong => {
                taken.pongs += 1;
                Some(Received::Pong(frame.control_payload))
            }
        })
    }
}
