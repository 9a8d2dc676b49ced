use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::nonce::Nonce;
use crate::event::Header;
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
    origin: Option<String>,
    subprotocols: Vec<String>,
    headers: Vec<Header>,
}

impl Request {
    /// A request for the resource that `url` names.
    pub fn new(url: WebSocketUrl) -> Self {
        Self {
            url,
            origin: None,
            subprotocols: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The URL that is asked for.
    pub fn url(&self) -> &WebSocketUrl {
        &self.url
    }

    /// The subprotocols that are offered, in order of preference.
    pub(crate) fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    /// Asks for another resource, with all else as it is.
    pub fn set_url(&mut self, url: WebSocketUrl) {
        self.url = url;
    }

    /// Adds a header field after those that were added before. Names may repeat.
    ///
    /// # Errors
    ///
    /// If the name is not a token, the value has a control character in it (CR and LF among
    /// them), or the opening handshake sets the field itself.
    pub fn add_header(&mut self, name: &str, value: &[u8]) -> Result<(), RequestError> {
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
        self.headers.push(Header {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        Ok(())
    }

    /// Sets the origin (RFC 6455, section 10.2), as browsers send it. Default: none.
    ///
    /// # Errors
    ///
    /// If it has a character in it that cannot stand in a header field.
    pub fn set_origin(&mut self, origin: &str) -> Result<(), RequestError> {
        if origin.is_empty() || !origin.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RequestError::Origin);
        }
        self.origin = Some(origin.to_owned());
        Ok(())
    }

    /// Offers a subprotocol (RFC 6455, section 1.9), after those that were offered before.
    ///
    /// # Errors
    ///
    /// If it is not a token, or is offered already.
    pub fn offer_subprotocol(&mut self, subprotocol: &str) -> Result<(), RequestError> {
        // Section 4.1: "The elements that comprise this value MUST be non-empty strings with
        // characters in the range U+0021 to U+007E not including separator characters [...] and
        // MUST all be unique strings."
        if !is_token(subprotocol.as_bytes()) {
            return Err(RequestError::Subprotocol(subprotocol.to_owned()));
        }
        if self
            .subprotocols
            .iter()
            .any(|offered| offered == subprotocol)
        {
            return Err(RequestError::SubprotocolTwice(subprotocol.to_owned()));
        }
        self.subprotocols.push(subprotocol.to_owned());
        Ok(())
    }

    /// Writes the request.
    pub(crate) fn encode(&self, nonce: Nonce) -> Vec<u8> {
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
        if !self.subprotocols.is_empty() {
            let offer = self.subprotocols.join(", ");
            field("Sec-WebSocket-Protocol", offer.as_bytes());
        }
        if let Some(origin) = &self.origin {
            field("Origin", origin.as_bytes());
        }
        let authorization_given = self
            .headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case("authorization"));
        if let Some(credentials) = self.url.credentials()
            && !authorization_given
        {
            field("Authorization", credentials.authorization().as_bytes());
        }
        for header in &self.headers {
            field(&header.name, &header.value);
        }
        out.extend_from_slice(b"\r\n");
        out
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// RFC 9110, section 5.5: visible characters, space, tab, and bytes above ASCII.
fn is_field_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
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

    fn request(url: &str) -> Request {
        Request::new(WebSocketUrl::parse(url).unwrap())
    }

    fn encode(request: &Request) -> String {
        String::from_utf8(request.encode(Nonce::new(*b"the sample nonce"))).unwrap()
    }

    #[test]
    fn the_least_request() {
        assert_eq!(
            encode(&request("ws://server.example.com/chat")),
            "GET /chat HTTP/1.1\r\n\
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
        let mut request = request("ws://user:pw@h:81/");
        request.offer_subprotocol("chat").unwrap();
        request.offer_subprotocol("superchat").unwrap();
        request.set_origin("http://example.com").unwrap();
        request.add_header("X-One", b"1").unwrap();
        request.add_header("x-one", b"t\tw\xf6").unwrap();
        let encoded = request.encode(Nonce::new([0; 16]));
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
        let mut request = request("ws://user:pw@h/");
        request.add_header("authorization", b"Bearer x").unwrap();
        let encoded = encode(&request);
        assert!(encoded.contains("authorization: Bearer x\r\n"));
        assert!(!encoded.contains("Basic"));
    }

    #[test]
    fn header_fields_that_cannot_be_sent_are_refused() {
        use RequestError::*;
        let mut request = request("ws://h/");
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
            assert_eq!(request.add_header(name, value.as_bytes()), Err(error));
        }
        assert_eq!(encode(&request), encode(&self::request("ws://h/")));
    }

    #[test]
    fn subprotocols_and_origins_that_cannot_be_sent_are_refused() {
        let mut request = request("ws://h/");
        for name in ["", "a b", "a,b", "a\r\nb", "ä"] {
            let error = RequestError::Subprotocol(name.into());
            assert_eq!(request.offer_subprotocol(name), Err(error));
        }
        request.offer_subprotocol("a").unwrap();
        assert_eq!(
            request.offer_subprotocol("a"),
            Err(RequestError::SubprotocolTwice("a".into()))
        );
        for origin in ["", "http://a b", "x\r\ny"] {
            assert_eq!(request.set_origin(origin), Err(RequestError::Origin));
        }
    }
}
