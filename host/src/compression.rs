use crate::bindings::types;

/// Whether and how messages are compressed, by permessage-deflate (RFC 7692).
///
/// Compression holds up to 2 to the power of the server's window bits of bytes for what the server
/// sends next, and up to 279,680 bytes while messages are compressed, until none was for 10 s.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compression {
    /// `None` for the default.
    offers: Option<Vec<DeflateOffer>>,
    pub(crate) level: Option<u8>,
    pub(crate) threshold: Option<u64>,
}

/// One offer of permessage-deflate (RFC 7692, section 7.1). The default leaves everything to the
/// server, as browsers do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeflateOffer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    client_max_window_bits: ClientMaxWindowBits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ClientMaxWindowBits {
    Fixed,
    #[default]
    Any,
    AtMost(u8),
}

impl Compression {
    /// Compression as the server likes it, with all else at its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// No compression: it is not offered.
    pub fn none() -> Self {
        Self {
            offers: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Makes this offer, after those made before, 8 at most. Default: one, [`DeflateOffer::new`].
    #[must_use]
    pub fn offer(mut self, offer: DeflateOffer) -> Self {
        self.offers.get_or_insert_default().push(offer);
        self
    }

    /// Sets how hard to compress: 1, the fastest, to 9, the smallest. Default: 3.
    #[must_use]
    pub fn level(mut self, level: u8) -> Self {
        self.level = Some(level);
        self
    }

    /// Compresses messages of at least so many bytes, unless they are sent
    /// [otherwise](crate::SendOptions::compressed). Default: 1,024.
    #[must_use]
    pub fn threshold(mut self, bytes: u64) -> Self {
        self.threshold = Some(bytes);
        self
    }

    /// What to tell the guest, unless it is the default.
    pub(crate) fn offers(&self) -> Option<Vec<types::DeflateOffer>> {
        let offers = self.offers.as_ref()?;
        Some(offers.iter().map(types::DeflateOffer::from).collect())
    }
}

impl DeflateOffer {
    /// An offer that leaves everything to the server.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the server to compress each message by itself, so that nothing has to be kept between
    /// its messages, at the cost of longer ones.
    #[must_use]
    pub fn server_no_context_takeover(mut self) -> Self {
        self.server_no_context_takeover = true;
        self
    }

    /// Compresses each message by itself, and tells the server so.
    #[must_use]
    pub fn client_no_context_takeover(mut self) -> Self {
        self.client_no_context_takeover = true;
        self
    }

    /// Asks the server for a window of at most 2 to the power of `bits` bytes: 8 to 15. Default:
    /// the server chooses.
    #[must_use]
    pub fn server_max_window_bits(mut self, bits: u8) -> Self {
        self.server_max_window_bits = Some(bits);
        self
    }

    /// Compresses with a window of at most 2 to the power of `bits` bytes, 8 to 15; the server may
    /// ask for a smaller one. Default: 15.
    #[must_use]
    pub fn client_max_window_bits(mut self, bits: u8) -> Self {
        self.client_max_window_bits = ClientMaxWindowBits::AtMost(bits);
        self
    }

    /// Compresses with a window of 15 bits; the server may not ask for a smaller one.
    #[must_use]
    pub fn fixed_client_window(mut self) -> Self {
        self.client_max_window_bits = ClientMaxWindowBits::Fixed;
        self
    }
}

impl From<&DeflateOffer> for types::DeflateOffer {
    fn from(offer: &DeflateOffer) -> Self {
        Self {
            server_no_context_takeover: offer.server_no_context_takeover,
            client_no_context_takeover: offer.client_no_context_takeover,
            server_max_window_bits: offer.server_max_window_bits,
            client_max_window_bits: match offer.client_max_window_bits {
                ClientMaxWindowBits::Fixed => types::ClientMaxWindowBits::Fixed,
                ClientMaxWindowBits::Any => types::ClientMaxWindowBits::Any,
                ClientMaxWindowBits::AtMost(bits) => types::ClientMaxWindowBits::AtMost(bits),
            },
        }
    }
}
