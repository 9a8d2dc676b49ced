use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::SendError;
use crate::extension::{Compressor, LAST_PART};
use crate::frame::{MaskingKeys, Opcode};
use crate::message::{MessageKind, Outgoing, SendOptions};
use crate::statistics::Traffic;
use crate::token::Token;
use crate::transmit::{Mark, Transmit};
use crate::utf8::Utf8Validator;

/// How many pongs may wait to be written. Beyond that only the newest ping is answered, as RFC
/// 6455, section 5.5.3 allows, so that a peer that pings and does not read costs us 8 KiB.
const MAX_UNWRITTEN_PONGS: usize = 64;

/// Makes the frames that are owed to the peer, and keeps them until they are written.
pub(crate) struct Sender {
    keys: Box<dyn MaskingKeys>,
    transmit: Transmit,
    unwritten_pongs: usize,
    /// The message that is being sent by parts.
    partial: Option<PartialMessage>,
    /// `Some` if the server takes compressed messages.
    compressor: Option<Compressor>,
    /// The payload of the newest ping that is not answered for want of room.
    deferred_pong: Option<Vec<u8>>,
    written: Traffic,
}

/// A message that is being sent by parts: each is a frame, and the last frame is empty.
struct PartialMessage {
    token: Token,
    /// That of the next frame.
    opcode: Opcode,
    options: SendOptions,
    /// What the first part decided.
    compressed: bool,
    /// `Some` if the message is text.
    utf8: Option<Utf8Validator>,
    /// How many bytes of the message are queued, before compression.
    len: u64,
}

impl Sender {
    /// A sender to which `request` is owed first.
    pub(crate) fn new(request: &[u8], keys: Box<dyn MaskingKeys>) -> Self {
        let mut transmit = Transmit::default();
        transmit.push_bytes(request);
        Self {
            keys,
            transmit,
            unwritten_pongs: 0,
            partial: None,
            compressor: None,
            deferred_pong: None,
            written: Traffic::default(),
        }
    }

    /// The bytes owed to the peer.
    pub(crate) fn unwritten(&self) -> &[u8] {
        self.transmit.unwritten()
    }

    /// What was written.
    pub(crate) fn written(&self) -> Traffic {
        self.written
    }

    /// Whether nothing is owed.
    pub(crate) fn is_empty(&self) -> bool {
        self.transmit.is_empty()
    }

    /// Says that the server takes messages that `compressor` made.
    pub(crate) fn set_compressor(&mut self, compressor: Compressor) {
        self.compressor = Some(compressor);
    }

    /// Queues a message.
    pub(crate) fn push_message(&mut self, message: Outgoing<'_>, options: SendOptions) {
        let payload = message.payload();
        let compressed = self
            .compressor
            .as_mut()
            .and_then(|compressor| compressor.compress(payload, options.compress));
        self.transmit.push_frame(
            message.kind().opcode(),
            true,
            compressed.is_some(),
            compressed.as_deref().unwrap_or(payload),
            options.unmasked,
            &mut *self.keys,
        );
    }

    /// Says that `token` tells of the writing of the messages that are queued and have none.
    pub(crate) fn mark_message(&mut self, token: Token) {
        self.transmit.mark(Mark::Message(token));
    }

    /// Starts a message that is sent by parts, whose writing is told of by `token`. Nothing is queued.
    pub(crate) fn start_message(&mut self, kind: MessageKind, options: SendOptions, token: Token) {
        self.partial = Some(PartialMessage {
            token,
            opcode: kind.opcode(),
            options,
            compressed: false,
            utf8: (kind == MessageKind::Text).then(Utf8Validator::default),
            len: 0,
        });
    }

    /// Whether a message is being sent by parts.
    pub(crate) fn is_in_message(&self) -> bool {
        self.partial.is_some()
    }

    /// Queues the next part of the message, unless it is empty.
    pub(crate) fn push_part(&mut self, part: &[u8]) -> Result<(), SendError> {
        let message = self
            .partial
            .as_mut()
            .ok_or(SendError::NoMessageInProgress)?;
        message.judge(part)?;
        if part.is_empty() {
            return Ok(());
        }
        let is_first = message.len == 0;
        let choice = message.options.compress;
        let compressor = self.compressor.as_mut().filter(|compressor| {
            message.compressed || (is_first && compressor.is_wanted(part.len(), choice))
        });
        message.compressed = compressor.is_some();
        message.len += part.len() as u64;
        let compressed = compressor.map(|compressor| compressor.compress_part(part));
        self.transmit.push_frame(
            core::mem::replace(&mut message.opcode, Opcode::Continuation),
            false,
            is_first && message.compressed,
            compressed.as_deref().unwrap_or(part),
            message.options.unmasked,
            &mut *self.keys,
        );
        self.transmit.mark(Mark::Part);
        Ok(())
    }

    /// Queues the end of the message.
    pub(crate) fn finish_message(&mut self) -> Result<(), SendError> {
        let Some(message) = self.partial.take_if(|message| message.is_whole()) else {
            return Err(self
                .partial
                .as_ref()
                .map_or(SendError::NoMessageInProgress, |message| {
                    message.not_utf8(&[])
                }));
        };
        let last_part: &[u8] = if message.compressed { &LAST_PART } else { &[] };
        self.transmit.push_frame(
            message.opcode,
            true,
            false,
            last_part,
            message.options.unmasked,
            &mut *self.keys,
        );
        self.mark_message(message.token);
        if let Some(compressor) = &mut self.compressor {
            compressor.end_parts();
        }
        Ok(())
    }

    /// Forgets the message, if no part of it is queued yet; returns whether it did.
    pub(crate) fn withdraw_message(&mut self) -> bool {
        self.partial.take_if(|message| message.len == 0).is_some()
    }

    /// Whether memory is held that only makes messages to come shorter.
    pub(crate) fn is_holding_compressor(&self) -> bool {
        self.compressor.as_ref().is_some_and(Compressor::is_holding)
    }

    /// Gives that memory back.
    pub(crate) fn release_compressor(&mut self) {
        if let Some(compressor) = &mut self.compressor {
            compressor.release();
        }
    }

    /// Queues a Close frame.
    pub(crate) fn push_close(&mut self, payload: &[u8]) {
        self.push_control(Opcode::Close, payload, false, Mark::Close);
    }

    /// Queues a ping.
    pub(crate) fn push_ping(&mut self, payload: &[u8], unmasked: bool) {
        self.push_control(Opcode::Ping, payload, unmasked, Mark::Ping);
    }

    /// Queues a pong, or keeps it until there is room for it.
    pub(crate) fn push_pong(&mut self, payload: Vec<u8>) {
        if self.unwritten_pongs < MAX_UNWRITTEN_PONGS {
            self.push_control(Opcode::Pong, &payload, false, Mark::Pong);
            self.unwritten_pongs += 1;
        } else {
            self.deferred_pong = Some(payload);
        }
    }

    /// Says that the first `len` bytes of what is owed are written; calls `sent` for each message
    /// of which that was the rest.
    pub(crate) fn advance(&mut self, len: usize, mut sent: impl FnMut(Token)) {
        self.transmit.advance(len);
        self.written.bytes += len as u64;
        while let Some(mark) = self.transmit.poll_mark() {
            self.written.frames += 1;
            match mark {
                Mark::Message(token) => {
                    self.written.messages += 1;
                    sent(token);
                }
                Mark::Ping => self.written.pings += 1,
                Mark::Pong => {
                    self.written.pongs += 1;
                    self.unwritten_pongs -= 1;
                }
                Mark::Part | Mark::Close => {}
            }
        }
        if self.unwritten_pongs < MAX_UNWRITTEN_PONGS
            && let Some(payload) = self.deferred_pong.take()
        {
            self.push_pong(payload);
        }
    }

    /// Says that a Close frame is queued: RFC 6455, section 5.5.1 forbids data frames after it.
    pub(crate) fn end_messages(&mut self) {
        self.partial = None;
        self.compressor = None;
    }

    /// Says that nothing more is to be queued: the peer sent a Close frame, or the connection
    /// fails.
    pub(crate) fn end(&mut self) {
        self.end_messages();
        self.deferred_pong = None;
    }

    /// Forgets what is owed.
    pub(crate) fn clear(&mut self) {
        self.end();
        self.transmit.clear();
    }

    fn push_control(&mut self, opcode: Opcode, payload: &[u8], unmasked: bool, mark: Mark) {
        self.transmit
            .push_frame(opcode, true, false, payload, unmasked, &mut *self.keys);
        self.transmit.mark(mark);
    }
}

impl PartialMessage {
    /// Judges the next part, if the message is text.
    fn judge(&mut self, part: &[u8]) -> Result<(), SendError> {
        if let Some(utf8) = &self.utf8 {
            let mut judged = utf8.clone();
            judged.push(part).map_err(|_| self.not_utf8(part))?;
            self.utf8 = Some(judged);
        }
        Ok(())
    }

    /// Whether the message can end where it does so far: not inside of a character.
    fn is_whole(&self) -> bool {
        self.utf8.as_ref().is_none_or(|utf8| utf8.finish().is_ok())
    }

    /// Says how far the message is UTF-8 with this part after it.
    fn not_utf8(&self, part: &[u8]) -> SendError {
        let incomplete = self
            .utf8
            .as_ref()
            .map_or(&[][..], Utf8Validator::incomplete);
        let rest = [incomplete, part].concat();
        let valid_len = match core::str::from_utf8(&rest) {
            Ok(_) => rest.len(),
            Err(error) => error.valid_up_to(),
        };
        SendError::NotUtf8 {
            valid_len: self.len - incomplete.len() as u64 + valid_len as u64,
        }
    }
}
