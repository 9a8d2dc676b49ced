use alloc::vec;
use alloc::vec::Vec;

use super::DeflateOffer;

/// Whether and how messages are compressed (RFC 7692).
///
/// # Memory
///
/// What compression holds for a connection at most, in bytes, beside the messages (`tests/memory.rs`
/// makes sure of it):
///
/// | | in a compressed message | between compressed messages |
/// |---|---|---|
/// | receiving | 47,552, and the window | the window: what was received last, up to 2^`server_max_window_bits`; nothing with `server_no_context_takeover` |
/// | sending, `client_max_window_bits` 15 | 279,680 | the same, until [`Timeouts::compressor_idle`](crate::Timeouts::compressor_idle); nothing with `client_no_context_takeover` |
/// | sending, 14 | 214,144 | as above |
/// | sending, 13 | 181,376 | as above |
/// | sending, 12 | 164,992 | as above |
/// | sending, 11 | 156,800 | as above |
/// | sending, 10 | 152,704 | as above |
/// | sending, 9 or 8 | 150,656 | as above |
///
/// While a message is taken by parts, its window is the largest, 32,768 bytes.
///
/// Until the first compressed message in a direction, nothing is held for it.
///
/// # Secrets
///
/// The length of a compressed message tells how much of it repeats, so a message that joins a
/// secret with what an attacker chose gives the secret away in many tries. Send such messages with
/// [`Compress::Never`](crate::Compress::Never).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compression {
    /// What is offered to the server, in order of preference. Nothing is compressed in either
    /// direction if this is empty.
    ///
    /// Default: one offer, [`DeflateOffer::default`]. It costs a line of the request, and most
    /// servers that accept it save several times the bytes.
    pub offers: Vec<DeflateOffer>,
    /// How hard to search for what repeats.
    pub level: CompressionLevel,
    /// The length from which on a message is compressed unless it says otherwise, in bytes.
    ///
    /// Default 1024, as `ws` has it: a shorter message fits one packet of nearly every path, and
    /// compressed it would still take one.
    pub min_message_len: usize,
}

impl Compression {
    /// Nothing is offered, so nothing is compressed.
    pub fn none() -> Self {
        Self {
            offers: Vec::new(),
            ..Self::default()
        }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self {
            offers: vec![DeflateOffer::default()],
            level: CompressionLevel::default(),
            min_message_len: 1024,
        }
    }
}

/// How hard to search for what repeats: 1, the fastest, to 9, the smallest.
///
/// Default 3: of JSON in messages of 1 to 128 KiB it makes 7% more than level 6 in half the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompressionLevel(u8);

impl CompressionLevel {
    /// The level of this number; `None` unless it is 1 to 9.
    pub const fn new(level: u8) -> Option<Self> {
        if level < 1 || level > 9 {
            return None;
        }
        Some(Self(level))
    }

    /// The number of the level.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for CompressionLevel {
    fn default() -> Self {
        Self(3)
    }
}
