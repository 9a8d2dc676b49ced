use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, PERMESSAGE_DEFLATE, SERVER_MAX_WINDOW_BITS,
    SERVER_NO_CONTEXT_TAKEOVER, WindowBits,
};

/// One offer of permessage-deflate in the opening handshake (RFC 7692, section 7.1).
///
/// The default is `permessage-deflate; client_max_window_bits`, as browsers send it: it accepts all
/// that a server can want.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeflateOffer {
    /// Asks the server to compress each message by itself, so that nothing has to be kept between
    /// its messages, at the cost of longer ones.
    pub server_no_context_takeover: bool,
    /// Tells the server that we compress each message by itself, so that it need not keep anything
    /// between them. We do so then, whether the server wants it or not.
    pub client_no_context_takeover: bool,
    /// Asks the server not to use a window longer than this; `None` leaves it to the server.
    pub server_max_window_bits: Option<WindowBits>,
    /// Which window the server may want of us.
    pub client_max_window_bits: ClientMaxWindowBits,
}

/// Whether the server may limit the window with which we compress (RFC 7692, section 7.1.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientMaxWindowBits {
    /// It may not. The window is of 15 bits.
    Fixed,
    /// It may. Without a limit of the server's, the window is of 15 bits.
    #[default]
    Any,
    /// It may, and even if it does not, the window is not longer than this.
    AtMost(WindowBits),
}

impl fmt::Display for DeflateOffer {
    /// Writes the offer as an element of the Sec-WebSocket-Extensions header field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PERMESSAGE_DEFLATE)?;
        if self.server_no_context_takeover {
            write!(f, "; {SERVER_NO_CONTEXT_TAKEOVER}")?;
        }
        if self.client_no_context_takeover {
            write!(f, "; {CLIENT_NO_CONTEXT_TAKEOVER}")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; {SERVER_MAX_WINDOW_BITS}={}", bits.get())?;
        }
        match self.client_max_window_bits {
            ClientMaxWindowBits::Fixed => Ok(()),
            ClientMaxWindowBits::Any => write!(f, "; {CLIENT_MAX_WINDOW_BITS}"),
            ClientMaxWindowBits::AtMost(bits) => {
                write!(f, "; {CLIENT_MAX_WINDOW_BITS}={}", bits.get())
            }
        }
    }
}

/// The value of the Sec-WebSocket-Extensions header field of the request.
pub(crate) fn encode_offers(offers: &[DeflateOffer]) -> String {
    let offers: Vec<String> = offers.iter().map(ToString::to_string).collect();
    offers.join(", ")
}
