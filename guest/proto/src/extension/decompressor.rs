use alloc::boxed::Box;
use alloc::vec::Vec;

use zlib_rs::{Inflate, InflateFlush, Status};

use super::{DeflateParameters, WindowBits};
use crate::config::Limits;
use crate::error::ProtocolError;

/// How much a message may decompress to whatever it is compressed from, in bytes. Below that a
/// bomb is not worth its name.
const RATIO_FREE_LEN: u64 = 1 << 20;

/// The most bytes that one compressed byte can become: a bit each for the longest length, 258, and
/// for its distance.
const MAX_RATIO: u64 = 1032;

/// More than what can come of the bits that the decompressor holds back.
const MAX_PENDING_LEN: u64 = 8 << 10;

/// How much room is made at once for what comes out, in bytes.
const ROOM: core::ops::RangeInclusive<usize> = 256..=64 << 10;

/// What a message is taken to go on with: first the end of an empty block, which the peer took off
/// (section 7.2.1), then a whole empty block with BFINAL, of ours.
const END: [u8; 9] = [0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff];

/// Decompresses what we receive (RFC 7692, section 7.2.2): for each message `push` for each piece
/// of its payload, and `finish` once.
///
/// Between messages it keeps nothing but the window, and hands it to a new stream of zlib's for each
/// message, which takes a microsecond. Section 7.2.3.4 needs the window by itself, too: a block with
/// BFINAL ends zlib's stream, and what follows it may refer to what stood before.
///
/// zlib is always given a window of 15 bits. With a shorter one, whether it finds that a peer
/// refers to more than was agreed depends on how the bytes arrive. So a peer may refer to all of the
/// same message, and to messages before it as far as was agreed.
pub(crate) struct Decompressor {
    context_takeover: bool,
    /// How much of the messages before a message can refer to, in bytes.
    window_len: usize,
    /// The last of them, at most `window_len` bytes; and while a message is taken by parts, what was
    /// taken out of it, too.
    window: Vec<u8>,
    /// What is under way in a message.
    stream: Option<Box<Stream>>,
}

struct Stream {
    inflate: Inflate,
    /// How many compressed bytes of the message were taken.
    taken: u64,
    /// How many bytes that they became were taken out of the message.
    taken_out: u64,
    /// A block with BFINAL ended where the bytes so far do.
    at_end: bool,
}

/// The bounds on what a message may decompress to.
#[derive(Clone, Copy)]
pub(crate) struct InflateLimits {
    message_len: u64,
    ratio: u32,
}

impl From<&Limits> for InflateLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            message_len: limits.message_len,
            ratio: limits.decompression_ratio,
        }
    }
}

impl Decompressor {
    pub(crate) fn new(parameters: DeflateParameters) -> Self {
        Self {
            context_takeover: !parameters.server_no_context_takeover,
            window_len: parameters.server_max_window_bits.window_len(),
            window: Vec::new(),
            stream: None,
        }
    }

    /// Takes the next piece of a compressed message and appends to `message` what it becomes, which
    /// is all that the pieces so far amount to. Does so up to the error if there is one, and one
    /// byte beyond the limit at most.
    pub(crate) fn push(
        &mut self,
        mut piece: &[u8],
        message: &mut Vec<u8>,
        limits: InflateLimits,
    ) -> Result<(), ProtocolError> {
        while !piece.is_empty() {
            let stream = match &mut self.stream {
                Some(stream) => {
                    if stream.at_end {
                        stream.restart(&self.window, message);
                    }
                    stream
                }
                slot @ None => slot.insert(Box::new(Stream::new(&self.window))),
            };
            let len = stream.unjudged_len(message, limits);
            let taken = stream.inflate(&piece[..piece.len().min(len)], message, limits)?;
            stream.judge_ratio(message, limits)?;
            piece = &piece[taken..];
        }
        Ok(())
    }

    /// Says that `bytes`, the first of those in `message`, were taken out of it.
    pub(crate) fn taken_out(&mut self, bytes: &[u8]) {
        if let Some(stream) = &mut self.stream {
            stream.taken_out += bytes.len() as u64;
            self.slide(bytes, WindowBits::MAX.window_len());
        }
    }

    /// Says that the message ends here.
    pub(crate) fn finish(
        &mut self,
        message: &mut Vec<u8>,
        limits: InflateLimits,
    ) -> Result<(), ProtocolError> {
        match &self.stream {
            // Section 7.2.3.6 wants an octet for an empty message; but nothing can mean only that.
            None => return Ok(()),
            // Section 7.2.3.4 wants an octet after a block with BFINAL; the same.
            Some(stream) if stream.at_end => {}
            // Ends zlib's stream if nothing is cut short.
            Some(_) => self.push(&END, message, limits)?,
        }
        if self.stream.take().is_none_or(|stream| !stream.at_end) {
            return Err(ProtocolError::CompressedData);
        }
        if self.context_takeover {
            self.slide(message, self.window_len);
        } else {
            self.window = Vec::new();
        }
        Ok(())
    }

    /// Moves the window over `bytes`, so that it is at most `window_len` bytes long.
    fn slide(&mut self, bytes: &[u8], window_len: usize) {
        let new = &bytes[bytes.len().saturating_sub(window_len)..];
        let kept = self.window.len().min(window_len - new.len());
        self.window.drain(..self.window.len() - kept);
        self.window.reserve_exact(new.len());
        self.window.extend_from_slice(new);
        self.window.shrink_to(window_len);
    }
}

impl Stream {
    fn new(window: &[u8]) -> Self {
        let mut inflate = Inflate::new(false, WindowBits::MAX.get());
        set_window(&mut inflate, window);
        Self {
            inflate,
            taken: 0,
            taken_out: 0,
            at_end: false,
        }
    }

    /// Goes on after a block with BFINAL.
    fn restart(&mut self, window: &[u8], message: &[u8]) {
        self.inflate.reset(false);
        self.at_end = false;
        let from_message = message.len().min(WindowBits::MAX.window_len());
        let from_window = window
            .len()
            .min(WindowBits::MAX.window_len() - from_message);
        set_window(&mut self.inflate, &window[window.len() - from_window..]);
        set_window(&mut self.inflate, &message[message.len() - from_message..]);
    }

    /// How long the message is so far, what was taken out of it included.
    fn message_len(&self, message: &[u8]) -> u64 {
        self.taken_out + message.len() as u64
    }

    /// How many bytes can be taken without passing the ratio limit in their midst. At least one, for
    /// which the limit is judged after it: what is judged does not depend on how bytes arrive.
    fn unjudged_len(&self, message: &[u8], limits: InflateLimits) -> usize {
        let room = limits
            .of_ratio(self.taken)
            .saturating_sub(self.message_len(message));
        let len = room.saturating_sub(MAX_PENDING_LEN) / MAX_RATIO;
        usize::try_from(len).unwrap_or(usize::MAX).max(1)
    }

    fn judge_ratio(&self, message: &[u8], limits: InflateLimits) -> Result<(), ProtocolError> {
        if self.message_len(message) > limits.of_ratio(self.taken) {
            return Err(ProtocolError::DecompressionRatio {
                limit: limits.ratio,
            });
        }
        Ok(())
    }

    /// Takes bytes up to the end of a block with BFINAL, and all of them if there is none; returns
    /// how many.
    fn inflate(
        &mut self,
        bytes: &[u8],
        message: &mut Vec<u8>,
        limits: InflateLimits,
    ) -> Result<usize, ProtocolError> {
        let mut rest = bytes;
        loop {
            // One byte more than the limit shows that it is passed.
            let until_limit = limits
                .message_len
                .saturating_sub(self.message_len(message))
                .saturating_add(1);
            let room = (rest.len().saturating_mul(4))
                .clamp(*ROOM.start(), *ROOM.end())
                .min(usize::try_from(until_limit).unwrap_or(usize::MAX));
            let (start, total_in, total_out) = (
                message.len(),
                self.inflate.total_in(),
                self.inflate.total_out(),
            );
            message.resize(start + room, 0);
            let result =
                self.inflate
                    .decompress(rest, &mut message[start..], InflateFlush::NoFlush);
            // Neither is more than the length of a slice.
            let taken = (self.inflate.total_in() - total_in) as usize;
            let written = (self.inflate.total_out() - total_out) as usize;
            message.truncate(start + written);
            rest = &rest[taken..];
            self.taken += taken as u64;
            if self.message_len(message) > limits.message_len {
                return Err(ProtocolError::MessageTooBig {
                    limit: limits.message_len,
                });
            }
            match result {
                Ok(Status::StreamEnd) => {
                    self.at_end = true;
                    return Ok(bytes.len() - rest.len());
                }
                // Room that is left says that nothing is held back.
                Ok(Status::Ok | Status::BufError) if rest.is_empty() && written < room => {
                    return Ok(bytes.len());
                }
                Ok(Status::Ok | Status::BufError) if written > 0 || taken > 0 => {}
                // With room for more and bytes to take, there always is progress.
                Ok(Status::Ok | Status::BufError) | Err(_) => {
                    return Err(ProtocolError::CompressedData);
                }
            }
        }
    }
}

impl InflateLimits {
    /// How long a message may be of which `taken` compressed bytes arrived.
    fn of_ratio(self, taken: u64) -> u64 {
        RATIO_FREE_LEN.max(taken.saturating_mul(self.ratio.into()))
    }
}

fn set_window(inflate: &mut Inflate, window: &[u8]) {
    if !window.is_empty() {
        // Without a header of zlib's, a dictionary can be set between any two blocks.
        let result = inflate.set_dictionary(window);
        debug_assert!(result.is_ok());
    }
}
