use alloc::vec::Vec;

use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Status};

use super::{Compression, CompressionLevel, DeflateParameters};
use crate::message::Compress;

/// How much memory the compressor takes for what it has not yet written. 8 is what zlib has; 5
/// takes 98 KiB less, and what it makes of JSON is not 1% longer.
const MEM_LEVEL: i32 = 5;

/// The shortest window that zlib can compress with, without a header. It looks back no further than
/// 262 bytes less than its window is long (`MIN_LOOKAHEAD`), which is 250 bytes here, so that what
/// it makes fits a window of 8 bits, too. `tests/compression.rs` makes sure of it.
const LEAST_WINDOW_BITS: u8 = 9;

/// What section 7.2.1 takes off the end of a compressed message: the end of an empty block without
/// compression.
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// The last part of a message that is compressed by parts: an empty block, without the [`TAIL`] that
/// section 7.2.1 takes off it.
pub(crate) const LAST_PART: [u8; 1] = [0x00];

/// How much room is made at first for what comes out, in bytes, beside a half of what goes in.
const FIRST_ROOM: usize = 64;

/// Compresses what we send (RFC 7692, section 7.2.1).
pub(crate) struct Compressor {
    parameters: DeflateParameters,
    level: CompressionLevel,
    min_message_len: usize,
    /// `None` until the first message, and whenever the next may not refer to those before it.
    deflate: Option<Deflate>,
}

impl Compressor {
    pub(crate) fn new(parameters: DeflateParameters, config: &Compression) -> Self {
        Self {
            parameters,
            level: config.level,
            min_message_len: config.min_message_len,
            deflate: None,
        }
    }

    /// Compresses a whole message, unless it is to be sent as it is, or better is.
    pub(crate) fn compress(&mut self, payload: &[u8], choice: Compress) -> Option<Vec<u8>> {
        if !self.is_wanted(payload.len(), choice) {
            return None;
        }
        let mut compressed = self.deflate(payload)?;
        compressed.truncate(compressed.len() - TAIL.len());
        if !self.parameters.client_no_context_takeover {
            // Though it may be longer, by 5 bytes in 16 KiB: messages to come refer to this one,
            // so the peer has to decompress it.
            return Some(compressed);
        }
        self.release();
        (compressed.len() < payload.len()).then_some(compressed)
    }

    /// Whether to compress what is this long: a message, or the first part of one.
    pub(crate) fn is_wanted(&self, len: usize, choice: Compress) -> bool {
        let min_len = match choice {
            Compress::ByLength => self.min_message_len,
            Compress::Always => 0,
            Compress::Never => return false,
        };
        // Section 7.2.3.6 has one octet for an empty message, none is better.
        len > 0 && len >= min_len
    }

    /// Compresses a part of a message, so that the peer can decompress it as it arrives. The message
    /// ends with [`LAST_PART`].
    ///
    /// Between parts the memory may be given back, too: what comes then is DEFLATE that refers to
    /// nothing before it.
    pub(crate) fn compress_part(&mut self, part: &[u8]) -> Vec<u8> {
        self.deflate(part).unwrap_or_else(|| stored(part))
    }

    /// Says that the last part of a message was compressed.
    pub(crate) fn end_parts(&mut self) {
        if self.parameters.client_no_context_takeover {
            self.release();
        }
    }

    /// Whether memory is held for messages to come.
    pub(crate) fn is_holding(&self) -> bool {
        self.deflate.is_some()
    }

    /// Gives back the memory that is held for messages to come. The next refers to none before it,
    /// which is always allowed.
    pub(crate) fn release(&mut self) {
        self.deflate = None;
    }

    /// All that the stream makes of `payload`, which ends with [`TAIL`]. Without it nothing that comes
    /// refers to what was lost: the stream is dropped then.
    fn deflate(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut deflate = self
            .deflate
            .take()
            .unwrap_or_else(|| new_deflate(self.parameters, self.level));
        let compressed = deflate_and_flush(&mut deflate, payload)?;
        if !compressed.ends_with(&TAIL) {
            return None;
        }
        self.deflate = Some(deflate);
        Some(compressed)
    }
}

/// Blocks without compression (RFC 1951, section 3.2.4), which refer to nothing.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for block in bytes.chunks(usize::from(u16::MAX)) {
        let len = block.len() as u16;
        out.push(0x00);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    out
}

fn new_deflate(parameters: DeflateParameters, level: CompressionLevel) -> Deflate {
    let window_bits = parameters.client_max_window_bits.get();
    Deflate::new_with_config(DeflateConfig {
        level: level.get().into(),
        // Negative: without the header and trailer of zlib.
        window_bits: -i32::from(window_bits.max(LEAST_WINDOW_BITS)),
        mem_level: MEM_LEVEL,
        ..DeflateConfig::default()
    })
}

/// All that the stream makes of `payload`, flushed to its end.
fn deflate_and_flush(deflate: &mut Deflate, payload: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = Vec::new();
    let mut rest = payload;
    let mut room = FIRST_ROOM + payload.len() / 2;
    loop {
        let (start, total_in, total_out) =
            (compressed.len(), deflate.total_in(), deflate.total_out());
        compressed.resize(start + room, 0);
        let status = deflate
            .compress(rest, &mut compressed[start..], DeflateFlush::SyncFlush)
            .ok()?;
        // Neither is more than the length of a slice.
        rest = &rest[(deflate.total_in() - total_in) as usize..];
        let written = (deflate.total_out() - total_out) as usize;
        compressed.truncate(start + written);
        // Room that is left says that nothing is held back.
        if rest.is_empty() && written < room {
            return Some(compressed);
        }
        if written == 0 && status == Status::BufError {
            return rest.is_empty().then_some(compressed);
        }
        room = FIRST_ROOM + rest.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_without_compression_state_their_length() {
        assert_eq!(stored(b"hi"), b"\x00\x02\x00\xfd\xffhi");
        let long = stored(&[7; 65_536]);
        assert!(long.starts_with(b"\x00\xff\xff\x00\x00\x07"));
        assert!(long.ends_with(b"\x07\x00\x01\x00\xfe\xff\x07"));
    }
}
