use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;

use super::element::{self, Element};
use super::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, ClientMaxWindowBits, DeflateOffer,
    PERMESSAGE_DEFLATE, SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER, WindowBits,
};
use crate::error::HandshakeError;

/// The parameters of permessage-deflate that a connection uses (RFC 7692, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateParameters {
    /// The server compresses each message by itself.
    pub server_no_context_takeover: bool,
    /// We compress each message by itself.
    pub client_no_context_takeover: bool,
    /// The longest window with which the server compresses.
    pub server_max_window_bits: WindowBits,
    /// The longest window with which we compress.
    pub client_max_window_bits: WindowBits,
}

impl fmt::Display for DeflateParameters {
    /// Writes them as the offer that asks for all of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offer = DeflateOffer {
            server_no_context_takeover: self.server_no_context_takeover,
            client_no_context_takeover: self.client_no_context_takeover,
            server_max_window_bits: Some(self.server_max_window_bits),
            client_max_window_bits: ClientMaxWindowBits::AtMost(self.client_max_window_bits),
        };
        offer.fmt(f)
    }
}

/// What is wrong with the parameters with which the server accepted permessage-deflate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// RFC 7692 does not define the parameter.
    #[error("there is no parameter {0}")]
    Unknown(String),
    /// The parameter stands more than once.
    #[error("the parameter {0} stands more than once")]
    Repeated(&'static str),
    /// The parameter has no value though it needs one, or has one that it may not have.
    #[error("the parameter {name} may not be {value:?}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// Its value, empty if it has none.
        value: String,
    },
    /// The parameter is one that the server may use only if it was offered, and it was not.
    #[error("the parameter {0} was not offered")]
    NotOffered(&'static str),
    /// The window is longer than was offered.
    #[error("the parameter {name} is {bits}, and at most {offered} was offered")]
    WindowTooLong {
        /// The parameter.
        name: &'static str,
        /// Its value.
        bits: u8,
        /// What was offered.
        offered: u8,
    },
    /// The server has to take the parameter with the offer that has it, and did not.
    #[error("the parameter {0} was offered, and is not taken")]
    Missing(&'static str),
}

/// Judges the Sec-WebSocket-Extensions header field of the server's answer.
///
/// RFC 6455, section 4.1: "If the response includes a |Sec-WebSocket-Extensions| header field and
/// this header field indicates the use of an extension that was not present in the client's
/// handshake [...], the client MUST _Fail the WebSocket Connection_." RFC 7692, sections 5.1 and
/// 7.1 want the same for parameters that are not as they have to be.
pub(crate) fn judge(
    value: &[u8],
    offers: &[DeflateOffer],
) -> Result<Option<DeflateParameters>, HandshakeError> {
    let elements = element::parse(value).ok_or(HandshakeError::Malformed(
        "header field Sec-WebSocket-Extensions",
    ))?;
    let mut accepted = None;
    for element in elements {
        let (PERMESSAGE_DEFLATE, Some((first, others))) =
            (element.extension.as_str(), offers.split_first())
        else {
            return Err(HandshakeError::ExtensionNotOffered(element.extension));
        };
        if accepted.is_some() {
            return Err(HandshakeError::ExtensionRepeated(element.extension));
        }
        accepted = Some(Answer::read(&element)?.accept(first, others)?);
    }
    Ok(accepted)
}

/// The parameters as the server wrote them.
#[derive(Default)]
struct Answer {
    server_no_context_takeover: Option<()>,
    client_no_context_takeover: Option<()>,
    server_max_window_bits: Option<WindowBits>,
    client_max_window_bits: Option<WindowBits>,
}

impl Answer {
    fn read(element: &Element) -> Result<Self, ParameterError> {
        let mut answer = Self::default();
        for (name, value) in &element.parameters {
            let value = value.as_deref();
            match name.as_str() {
                SERVER_NO_CONTEXT_TAKEOVER => read_parameter(
                    &mut answer.server_no_context_takeover,
                    SERVER_NO_CONTEXT_TAKEOVER,
                    value,
                    no_value,
                ),
                CLIENT_NO_CONTEXT_TAKEOVER => read_parameter(
                    &mut answer.client_no_context_takeover,
                    CLIENT_NO_CONTEXT_TAKEOVER,
                    value,
                    no_value,
                ),
                SERVER_MAX_WINDOW_BITS => read_parameter(
                    &mut answer.server_max_window_bits,
                    SERVER_MAX_WINDOW_BITS,
                    value,
                    window_bits,
                ),
                CLIENT_MAX_WINDOW_BITS => read_parameter(
                    &mut answer.client_max_window_bits,
                    CLIENT_MAX_WINDOW_BITS,
                    value,
                    window_bits,
                ),
                _ => Err(ParameterError::Unknown(name.to_owned())),
            }?;
        }
        Ok(answer)
    }

    /// Finds the offer that this accepts. RFC 7692, section 5.1 has them in order of preference.
    fn accept(
        &self,
        first: &DeflateOffer,
        others: &[DeflateOffer],
    ) -> Result<DeflateParameters, ParameterError> {
        self.accept_one(first).or_else(|error| {
            let accepted = others.iter().find_map(|offer| self.accept_one(offer).ok());
            accepted.ok_or(error)
        })
    }

    fn accept_one(&self, offer: &DeflateOffer) -> Result<DeflateParameters, ParameterError> {
        // Section 7.1.1.1: "A server accepts an extension negotiation offer that includes the
        // "server_no_context_takeover" extension parameter by including [it] in the corresponding
        // extension negotiation response". It may do so without being asked.
        if offer.server_no_context_takeover && self.server_no_context_takeover.is_none() {
            return Err(ParameterError::Missing(SERVER_NO_CONTEXT_TAKEOVER));
        }
        // Section 7.1.2.1: the same, "with the same or smaller value as the offer".
        let server_max_window_bits =
            match (offer.server_max_window_bits, self.server_max_window_bits) {
                (Some(_), None) => return Err(ParameterError::Missing(SERVER_MAX_WINDOW_BITS)),
                (None, None) => WindowBits::MAX,
                (offered, Some(bits)) => at_most(
                    SERVER_MAX_WINDOW_BITS,
                    bits,
                    offered.unwrap_or(WindowBits::MAX),
                )?,
            };
        // Section 7.1.2.2: if the offer does not have it, "the corresponding extension negotiation
        // response to the offer MUST NOT include" it.
        let client_max_window_bits =
            match (offer.client_max_window_bits, self.client_max_window_bits) {
                (ClientMaxWindowBits::Fixed, Some(_)) => {
                    return Err(ParameterError::NotOffered(CLIENT_MAX_WINDOW_BITS));
                }
                (ClientMaxWindowBits::Fixed | ClientMaxWindowBits::Any, None) => WindowBits::MAX,
                (ClientMaxWindowBits::Any, Some(bits)) => bits,
                (ClientMaxWindowBits::AtMost(offered), None) => offered,
                (ClientMaxWindowBits::AtMost(offered), Some(bits)) => {
                    at_most(CLIENT_MAX_WINDOW_BITS, bits, offered)?
                }
            };
        Ok(DeflateParameters {
            server_no_context_takeover: self.server_no_context_takeover.is_some(),
            // Section 7.1.1.2: what is offered is a promise of ours, which the answer does not
            // undo; and the server may want it without an offer.
            client_no_context_takeover: offer.client_no_context_takeover
                || self.client_no_context_takeover.is_some(),
            server_max_window_bits,
            client_max_window_bits,
        })
    }
}

fn read_parameter<T>(
    slot: &mut Option<T>,
    name: &'static str,
    value: Option<&str>,
    read: fn(Option<&str>) -> Option<T>,
) -> Result<(), ParameterError> {
    if slot.is_some() {
        return Err(ParameterError::Repeated(name));
    }
    *slot = Some(read(value).ok_or_else(|| ParameterError::Value {
        name,
        value: value.unwrap_or_default().to_owned(),
    })?);
    Ok(())
}

fn no_value(value: Option<&str>) -> Option<()> {
    value.is_none().then_some(())
}

fn window_bits(value: Option<&str>) -> Option<WindowBits> {
    value.and_then(WindowBits::parse)
}

fn at_most(
    name: &'static str,
    bits: WindowBits,
    offered: WindowBits,
) -> Result<WindowBits, ParameterError> {
    if bits > offered {
        return Err(ParameterError::WindowTooLong {
            name,
            bits: bits.get(),
            offered: offered.get(),
        });
    }
    Ok(bits)
}
