use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::nonce::Nonce;
use crate::event::Header;
use crate::extension::{DeflateOffer, encode_offers};
use crate::grammar::{is_field_value, is_token};
use crate::url::WebSocketUrl;

/// Header fields that the opening handshake sets itself, or that would change how the server reads
/// the request.
const RESERVED_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "transfer-encoding",
    "upgrade",
];

/// What the client asks for in the opening handshake (RFC 6455, section 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    url: WebSocketUrl,
    headers: RequestHeaders,
}

/// The header fields of a request that are the caller's choice. Default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHeaders {
    origin: Option<String>,
    subprotocols: Vec<String>,
    others: Vec<Header>,
}

impl RequestHeaders {
    /// Adds a header field after those that were added before. Names may repeat.
    ///
    /// # Errors
    ///
    /// If the name is not a token, the value has a control character in it (CR and LF among
    /// them), or the opening handshake sets the field itself.
    pub fn add(&mut self, name: &str, value: &[u8]) -> Result<(), RequestError> {
        if !is_token(name.as_bytes()) {
            return Err(RequestError::HeaderName(name.to_owned()));
        }
        let lower = name.to_ascii_lowercase();
        if RESERVED_HEADERS.contains(&lower.as_str()) {
            return Err(RequestError::HeaderReserved(name.to_owned()));
        }
        if lower == "origin" {
            return Err(RequestError::OriginAsHeader);
        }
        if lower == "sec-websocket-protocol" {
            return Err(RequestError::SubprotocolAsHeader);
        }
        if !is_field_value(value) {
            return Err(RequestError::HeaderValue(name.to_owned()));
        }
        self.others.push(Header {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        Ok(())
    }

    /// Sets the origin (RFC 6455, section 10.2), as browsers send it, or takes it away.
    ///
    /// # Errors
    ///
    /// If it is empty, or has a character in it that is not visible ASCII.
    pub fn set_origin(&mut self, origin: Option<&str>) -> Result<(), RequestError> {
        let visible = |origin: &str| origin.bytes().all(|byte| byte.is_ascii_graphic());
        if origin.is_some_and(|origin| origin.is_empty() || !visible(origin)) {
            return Err(RequestError::Origin);
        }
        self.origin = origin.map(str::to_owned);
        Ok(())
    }

    /// Offers these subprotocols (RFC 6455, section 1.9), in order of preference, in place of
    /// those that were offered before.
    ///
    /// # Errors
    ///
    /// If one is not a token, or stands twice.
    pub fn set_subprotocols(&mut self, subprotocols: &[String]) -> Result<(), RequestError> {
        // Section 4.1: "The elements that comprise this value MUST be non-empty strings with
        // characters in the range U+0021 to U+007E not including separator characters [...] and
        // MUST all be unique strings."
        for (index, subprotocol) in subprotocols.iter().enumerate() {
            if !is_token(subprotocol.as_bytes()) {
                return Err(RequestError::Subprotocol(subprotocol.clone()));
            }
            if subprotocols[..index].contains(subprotocol) {
                return Err(RequestError::SubprotocolTwice(subprotocol.clone()));
            }
        }
        self.subprotocols = subprotocols.to_owned();
        Ok(())
    }
}

impl Request {
    /// A request for the resource that `url` names.
    pub fn new(url: WebSocketUrl, headers: RequestHeaders) -> Self {
        Self { url, headers }
    }

    /// The subprotocols that are offered, in order of preference.
    pub(crate) fn subprotocols(&self) -> &[String] {
        &self.headers.subprotocols
    }

    /// Writes the request.
    pub(crate) fn encode(&self, nonce: Nonce, offers: &[DeflateOffer]) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        for part in ["GET ", self.url.resource_name(), " HTTP/1.1\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        let mut field = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        };
        field("Host", self.url.host_header().as_bytes());
        field("Upgrade", b"websocket");
        field("Connection", b"Upgrade");
        field("Sec-WebSocket-Key", nonce.key().as_bytes());
        field("Sec-WebSocket-Version", b"13");
        if !offers.is_empty() {
            field("Sec-WebSocket-Extensions", encode_offers(offers).as_bytes());
        }
        let headers = &self.headers;
        if !headers.subprotocols.is_empty() {
            let offer = headers.subprotocols.join(", ");
            field("Sec-WebSocket-Protocol", offer.as_bytes());
        }
        if let Some(origin) = &headers.origin {
            field("Origin", origin.as_bytes());
        }
        let authorization_given = headers
            .others
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case("authorization"));
        if let Some(credentials) = self.url.credentials()
            && !authorization_given
        {
            field("Authorization", credentials.authorization().as_bytes());
        }
        for header in &headers.others {
            field(&header.name, &header.value);
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

/// Which part of a request cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The name of a header field is not a token.
    #[error("{0:?} is not the name of a header field")]
    HeaderName(String),
    /// The value of the header field of this name has a control character in it.
    #[error("the value of the header field {0} has a control character in it")]
    HeaderValue(String),
    /// The opening handshake sets the field itself, or could not be read with it.
    #[error("the opening handshake sets the header field {0} itself")]
    HeaderReserved(String),
    /// The origin has an option of its own.
    #[error("the origin has an option of its own")]
    OriginAsHeader,
    /// Subprotocols have an option of their own.
    #[error("subprotocols have an option of their own")]
    SubprotocolAsHeader,
    /// The origin is empty, or has a character in it that is not visible ASCII.
    #[error("the origin is empty, or has a character in it that is not visible ASCII")]
    Origin,
    /// The name of a subprotocol is not a token.
    #[error("{0:?} is not the name of a subprotocol")]
    Subprotocol(String),
    /// A subprotocol is offered twice.
    #[error("the subprotocol {0} is offered twice")]
    SubprotocolTwice(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(url: &str, headers: &RequestHeaders) -> Vec<u8> {
        Request::new(WebSocketUrl::parse(url).unwrap(), headers.clone())
            .encode(Nonce::new(*b"the sample nonce"), &[])
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.into()).collect()
    }

    #[test]
    fn the_least_request() {
        assert_eq!(
            encode("ws://server.example.com/chat", &RequestHeaders::default()),
            b"GET /chat HTTP/1.1\r\n\
              Host: server.example.com\r\n\
              Upgrade: websocket\r\n\
              Connection: Upgrade\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
              Sec-WebSocket-Version: 13\r\n\
              \r\n"
        );
    }

    #[test]
    fn a_request_with_everything() {
        let mut headers = RequestHeaders::default();
        headers
            .set_subprotocols(&names(&["chat", "superchat"]))
            .unwrap();
        headers.set_origin(Some("http://example.com")).unwrap();
        headers.add("X-One", b"1").unwrap();
        headers.add("x-one", b"t\tw\xf6").unwrap();
        let encoded = encode("ws://user:pw@h:81/", &headers);
        assert!(
            encoded.ends_with(
                b"Sec-WebSocket-Protocol: chat, superchat\r\n\
                  Origin: http://example.com\r\n\
                  Authorization: Basic dXNlcjpwdw==\r\n\
                  X-One: 1\r\n\
                  x-one: t\tw\xf6\r\n\
                  \r\n"
            ),
            "{encoded:?}"
        );
    }

    #[test]
    fn an_authorization_of_the_caller_takes_the_place_of_the_urls() {
        let mut headers = RequestHeaders::default();
        headers.add("authorization", b"Bearer x").unwrap();
        let encoded = String::from_utf8(encode("ws://user:pw@h/", &headers)).unwrap();
        assert!(encoded.contains("authorization: Bearer x\r\n"));
        assert!(!encoded.contains("Basic"));
    }

    #[test]
    fn header_fields_that_cannot_be_sent_are_refused() {
        use RequestError::*;
        let mut headers = RequestHeaders::default();
        for (name, value, error) in [
            ("", "x", HeaderName("".into())),
            ("a b", "x", HeaderName("a b".into())),
            ("a\r\nb", "x", HeaderName("a\r\nb".into())),
            ("a:", "x", HeaderName("a:".into())),
            ("X", "a\r\nY: b", HeaderValue("X".into())),
            ("X", "a\nb", HeaderValue("X".into())),
            ("X", "a\0b", HeaderValue("X".into())),
            ("Upgrade", "x", HeaderReserved("Upgrade".into())),
            ("HOST", "x", HeaderReserved("HOST".into())),
            ("Origin", "x", OriginAsHeader),
            ("Sec-WebSocket-Protocol", "x", SubprotocolAsHeader),
        ] {
            assert_eq!(headers.add(name, value.as_bytes()), Err(error));
        }
        assert_eq!(headers, RequestHeaders::default());
    }

    #[test]
    fn subprotocols_that_cannot_be_offered_are_refused_and_change_nothing() {
        let mut headers = RequestHeaders::default();
        headers.set_subprotocols(&names(&["kept"])).unwrap();
        for name in ["", "a b", "a,b", "a\r\nb", "ä"] {
            assert_eq!(
                headers.set_subprotocols(&names(&["ok", name])),
                Err(RequestError::Subprotocol(name.into()))
            );
        }
        assert_eq!(
            headers.set_subprotocols(&names(&["a", "b", "a"])),
            Err(RequestError::SubprotocolTwice("a".into()))
        );
        assert_eq!(headers.subprotocols, names(&["kept"]));
    }

    #[test]
    fn origins_that_cannot_be_sent_are_refused_and_change_nothing() {
        let mut headers = RequestHeaders::default();
        headers.set_origin(Some("null")).unwrap();
        for origin in ["", "http://a b", "x\r\ny", "http://ä"] {
            assert_eq!(headers.set_origin(Some(origin)), Err(RequestError::Origin));
        }
        assert_eq!(headers.origin.as_deref(), Some("null"));
        headers.set_origin(None).unwrap();
        assert_eq!(headers, RequestHeaders::default());
    }
}
