use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::extension::Compressor;
use crate::frame::{MaskingKeys, Opcode};
use crate::message::{Outgoing, SendOptions};
use crate::token::Token;
use crate::transmit::{Mark, Transmit};

/// How many pongs may wait to be written. Beyond that only the newest ping is answered, as RFC
/// 6455, section 5.5.3 allows, so that a peer that pings and does not read costs us 8 KiB.
const MAX_UNWRITTEN_PONGS: usize = 64;

/// Makes the frames that are owed to the peer, and keeps them until they are written.
pub(crate) struct Sender {
    keys: Box<dyn MaskingKeys>,
    transmit: Transmit,
    unwritten_pongs: usize,
    /// `Some` if the server takes compressed messages.
    compressor: Option<Compressor>,
    /// The payload of the newest ping that is not answered for want of room.
    deferred_pong: Option<Vec<u8>>,
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
            compressor: None,
            deferred_pong: None,
        }
    }

    /// The bytes owed to the peer.
    pub(crate) fn unwritten(&self) -> &[u8] {
        self.transmit.unwritten()
    }

    /// Whether nothing is owed.
    pub(crate) fn is_empty(&self) -> bool {
        self.transmit.is_empty()
    }

    /// Says that the server takes messages that `compressor` made.
    pub(crate) fn set_compressor(&mut self, compressor: Compressor) {
        self.compressor = Some(compressor);
    }

    /// Queues a message, whose writing is told of by `token`.
    pub(crate) fn push_message(
        &mut self,
        message: Outgoing<'_>,
        options: SendOptions,
        token: Token,
    ) {
        let payload = message.payload();
        let compressed = self
            .compressor
            .as_mut()
            .and_then(|compressor| compressor.compress(payload, options.compress));
        self.transmit.push_frame(
            message.opcode(),
            compressed.is_some(),
            compressed.as_deref().unwrap_or(payload),
            options.unmasked,
            &mut *self.keys,
        );
        self.transmit.mark(Mark::Message(token));
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
        self.push_control(Opcode::Close, payload, false);
    }

    /// Queues a ping.
    pub(crate) fn push_ping(&mut self, payload: &[u8], unmasked: bool) {
        self.push_control(Opcode::Ping, payload, unmasked);
    }

    /// Queues a pong, or keeps it until there is room for it.
    pub(crate) fn push_pong(&mut self, payload: Vec<u8>) {
        if self.unwritten_pongs < MAX_UNWRITTEN_PONGS {
            self.push_control(Opcode::Pong, &payload, false);
            self.transmit.mark(Mark::Pong);
            self.unwritten_pongs += 1;
        } else {
            self.deferred_pong = Some(payload);
        }
    }

    /// Says that the first `len` bytes of what is owed are written; calls `sent` for each message
    /// of which that was the rest.
    pub(crate) fn advance(&mut self, len: usize, mut sent: impl FnMut(Token)) {
        self.transmit.advance(len);
        while let Some(mark) = self.transmit.poll_mark() {
            match mark {
                Mark::Message(token) => sent(token),
                Mark::Pong => self.unwritten_pongs -= 1,
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

    fn push_control(&mut self, opcode: Opcode, payload: &[u8], unmasked: bool) {
        self.transmit
            .push_frame(opcode, false, payload, unmasked, &mut *self.keys);
    }
}
