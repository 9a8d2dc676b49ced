use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::frame::{FrameHeader, MaskingKeys, Opcode, UNMASKED, apply_mask};
use crate::token::Token;

/// How large an empty buffer may stay, in bytes, so that the next message finds it allocated.
const KEPT_CAPACITY: usize = 64 << 10;

/// The bytes owed to the peer, and what is to be told when they are written.
#[derive(Debug, Default)]
pub(crate) struct Transmit {
    bytes: Vec<u8>,
    /// `bytes[..start]` is written.
    start: usize,
    /// The position in the whole stream of the first byte that is not written.
    position: u64,
    /// For each frame: where in the stream it ends, and its mark.
    marks: VecDeque<(u64, Mark)>,
}

/// Which frame ends at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The last of a message that the application sent.
    Message(Token),
    /// Another of a message.
    Part,
    Ping,
    /// A pong, the answer to a ping of the peer.
    Pong,
    Close,
}

impl Transmit {
    pub(crate) fn unwritten(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unwritten().is_empty()
    }

    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Queues one frame with `payload`, masked with a fresh key, or unchanged if `unmasked`. `fin`
    /// says that the message ends with it, `rsv1` that the message is compressed. Its mark is to
    /// follow.
    ///
    /// RFC 6455, section 5.1: "a client MUST mask all frames that it sends to the server". An
    /// unmasked payload travels under a masking key of zero, which servers must accept.
    pub(crate) fn push_frame(
        &mut self,
        opcode: Opcode,
        fin: bool,
        rsv1: bool,
        payload: &[u8],
        unmasked: bool,
        keys: &mut dyn MaskingKeys,
    ) {
        let header = FrameHeader {
            fin,
            rsv1,
            opcode,
            payload_len: payload.len() as u64,
        };
        self.make_room();
        let masking_key = if unmasked { UNMASKED } else { keys.next_key() };
        header.encode_masked(masking_key, &mut self.bytes);
        let payload_start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        if !unmasked {
            apply_mask(&mut self.bytes[payload_start..], masking_key);
        }
    }

    /// Puts `mark` at the end of what is queued.
    pub(crate) fn mark(&mut self, mark: Mark) {
        let end = self.position + self.unwritten().len() as u64;
        self.marks.push_back((end, mark));
    }

    /// Says that the first `len` bytes of `unwritten` are written.
    pub(crate) fn advance(&mut self, len: usize) {
        debug_assert!(len <= self.unwritten().len());
        let len = len.min(self.unwritten().len());
        self.start += len;
        self.position += len as u64;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_CAPACITY);
            self.start = 0;
        }
    }

    /// Takes what is written out of the buffer, before something is added to it.
    fn make_room(&mut self) {
        if self.start >= KEPT_CAPACITY && self.start > self.bytes.len() / 2 {
            // Each byte is moved at most once for each byte written before it: linear in all.
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }

    /// Forgets what is owed, and its marks.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The next mark whose frame is wholly written.
    pub(crate) fn poll_mark(&mut self) -> Option<Mark> {
        let (end, _) = self.marks.front()?;
        if *end > self.position {
            return None;
        }
        self.marks.pop_front().map(|(_, mark)| mark)
    }
}
