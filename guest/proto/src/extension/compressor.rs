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
        let min_len = match choice {
            Compress::ByLength => self.min_message_len,
            Compress::Always => 0,
            Compress::Never => return None,
        };
        // Section 7.2.3.6 has one octet for an empty message, none is better.
        if payload.is_empty() || payload.len() < min_len {
            return None;
        }
        let mut deflate = self
            .deflate
            .take()
            .unwrap_or_else(|| new_deflate(self.parameters, self.level));
        // Without the stream, which is dropped then, nothing refers to what was lost.
        let mut compressed = deflate_and_flush(&mut deflate, payload)?;
        if !compressed.ends_with(&TAIL) {
            return None;
        }
        compressed.truncate(compressed.len() - TAIL.len());
        if !self.parameters.client_no_context_takeover {
            self.deflate = Some(deflate);
            // Though it may be longer, by 5 bytes in 16 KiB: messages to come refer to this one,
            // so the peer has to decompress it.
            return Some(compressed);
        }
        (compressed.len() < payload.len()).then_some(compressed)
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
