use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::nonce::Nonce;
use super::request::Request;
use crate::error::{HandshakeError, Refusal};
use crate::event::{Header, Opened};
use crate::extension::{self, DeflateOffer};

/// The most header fields of an answer; httparse needs to know it beforehand.
const MAX_HEADER_COUNT: usize = 128;

/// How much of the body of a refusal is kept, in bytes: enough for what a server says to a person.
pub const MAX_REFUSAL_BODY_LEN: usize = 4 << 10;

/// How every answer starts that is one.
const STATUS_LINE_START: &[u8] = b"HTTP/1.";

/// How an alert starts (RFC 8446, section 5.1), with which a TLS server answers what is not TLS.
const TLS_ALERT: u8 = 0x15;

/// The client's side of the opening handshake after its request is queued: reads the answer and
/// judges it (RFC 6455, section 4.1), in pieces of any size.
#[derive(Debug)]
pub(crate) struct Handshake {
    accept: String,
    subprotocols: Vec<String>,
    offers: Vec<DeflateOffer>,
    head_limit: usize,
    /// How many bytes the heads of interim answers had.
    interim_len: usize,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Collects a head until the empty line that ends it.
    Head(Vec<u8>),
    /// The server refused; collects the body in which it says why.
    Body { refusal: Refusal, missing: usize },
}

/// What a piece of the answer led to.
#[derive(Debug)]
pub(crate) enum Progress {
    /// All of the piece is taken, and more is needed.
    NeedMore,
    /// The connection is established; the first `consumed` bytes of the piece belong to the
    /// answer, the rest to frames.
    Done { consumed: usize, opened: Opened },
}

impl Handshake {
    pub(crate) fn new(
        request: &Request,
        offers: &[DeflateOffer],
        nonce: Nonce,
        head_limit: u32,
    ) -> Self {
        Self {
            accept: nonce.accept(),
            subprotocols: request.subprotocols().to_owned(),
            offers: offers.to_owned(),
            head_limit: usize::try_from(head_limit).unwrap_or(usize::MAX),
            interim_len: 0,
            stage: Stage::Head(Vec::new()),
        }
    }

    /// Takes the next piece of the answer.
    pub(crate) fn handle_input(&mut self, bytes: &[u8]) -> Result<Progress, HandshakeError> {
        let mut consumed = 0;
        loop {
            let rest = &bytes[consumed..];
            let head = match &mut self.stage {
                Stage::Body { refusal, missing } => {
                    let len = rest.len().min(*missing);
                    refusal.body.extend_from_slice(&rest[..len]);
                    *missing -= len;
                    return match missing {
                        0 => Err(self.ended()),
                        _ => Ok(Progress::NeedMore),
                    };
                }
                Stage::Head(head) => head,
            };
            let known = head.len();
            let room = self.head_limit - self.interim_len - known;
            let (taken, complete) = extend_to_end_of_head(head, &rest[..rest.len().min(room)]);
            consumed += taken;
            let start = head.len().min(STATUS_LINE_START.len());
            if head[..start] != STATUS_LINE_START[..start] {
                return Err(match head.first() {
                    Some(&TLS_ALERT) => HandshakeError::Tls,
                    _ => HandshakeError::NotHttp,
                });
            }
            if !complete {
                return if rest.len() > taken {
                    Err(HandshakeError::HeadTooBig {
                        limit: self.head_limit as u64,
                    })
                } else {
                    Ok(Progress::NeedMore)
                };
            }
            let head = core::mem::take(head);
            let response = Response::parse(&head)?;
            match response.status {
                101 => {
                    let opened = self.judge(response)?;
                    return Ok(Progress::Done { consumed, opened });
                }
                // RFC 9110, section 15.2: "A client MUST be able to parse one or more 1xx
                // responses received prior to a final response, even if the client does not
                // expect one."
                100..=199 => self.interim_len += head.len(),
                _ => {
                    let missing = response.body_len().min(MAX_REFUSAL_BODY_LEN as u64) as usize;
                    self.stage = Stage::Body {
                        refusal: response.into_refusal(),
                        missing,
                    };
                }
            }
        }
    }

    /// Says that no more of the answer will come; returns what that means.
    pub(crate) fn ended(&mut self) -> HandshakeError {
        match core::mem::replace(&mut self.stage, Stage::Head(Vec::new())) {
            Stage::Body { refusal, .. } => HandshakeError::Refused(Box::new(refusal)),
            Stage::Head(_) => HandshakeError::Ended,
        }
    }

    /// Judges an answer with status 101.
    fn judge(&self, response: Response<'_>) -> Result<Opened, HandshakeError> {
        if !response.is_http_1_1 {
            return Err(HandshakeError::HttpVersion);
        }
        if !response.has_only("Upgrade", "websocket") {
            return Err(HandshakeError::Upgrade);
        }
        if !response.has_token("Connection", "Upgrade") {
            return Err(HandshakeError::Connection);
        }
        match response.single("Sec-WebSocket-Accept")? {
            None => return Err(HandshakeError::AcceptMissing),
            Some(accept) if accept != self.accept.as_bytes() => {
                return Err(HandshakeError::AcceptMismatch);
            }
            Some(_) => {}
        }
        let extensions: Vec<&[u8]> = response.values("Sec-WebSocket-Extensions").collect();
        // RFC 9110, section 5.3: fields of one name "can be combined".
        let permessage_deflate = extension::judge(&extensions.join(&b", "[..]), &self.offers)?;
        // Section 4.1: "If the response includes a |Sec-WebSocket-Protocol| header field and this
        // header field indicates the use of a subprotocol that was not present in the client's
        // handshake [...], the client MUST _Fail the WebSocket Connection_."
        let subprotocol = match response.single("Sec-WebSocket-Protocol")? {
            None => None,
            Some(chosen) => Some(
                self.subprotocols
                    .iter()
                    .find(|offered| offered.as_bytes() == chosen)
                    .ok_or_else(|| HandshakeError::SubprotocolNotOffered(lossy(chosen)))?
                    .clone(),
            ),
        };
        Ok(Opened {
            subprotocol,
            permessage_deflate,
            headers: response.into_headers(),
        })
    }
}

/// Appends `bytes` to `head` up to the empty line that ends it; returns how many were taken, and
/// whether the head is complete.
fn extend_to_end_of_head(head: &mut Vec<u8>, bytes: &[u8]) -> (usize, bool) {
    for (index, &byte) in bytes.iter().enumerate() {
        head.push(byte);
        // RFC 9112, section 2.2: "a recipient MAY recognize a single LF as a line terminator".
        if byte == b'\n' && (head.ends_with(b"\n\r\n") || head.ends_with(b"\n\n")) {
            return (index + 1, true);
        }
    }
    (bytes.len(), false)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A parsed head.
struct Response<'a> {
    status: u16,
    is_http_1_1: bool,
    reason_phrase: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Response<'a> {
    fn parse(head: &'a [u8]) -> Result<Self, HandshakeError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADER_COUNT];
        let mut response = httparse::Response::new(&mut headers);
        let mut config = httparse::ParserConfig::default();
        // RFC 9112, section 5.2: "A user agent that receives an obs-fold in a response message
        // [...] MUST replace each received obs-fold with one or more SP octets".
        config.allow_obsolete_multiline_headers_in_responses(true);
        match config.parse_response(&mut response, head) {
            Ok(httparse::Status::Complete(_)) => {}
            Ok(httparse::Status::Partial) => return Err(HandshakeError::Malformed("head")),
            Err(error) => return Err(malformed(error)),
        }
        // A complete head has a status, a version and a reason phrase.
        let status = response.code.unwrap_or_default();
        // RFC 9110, section 15: "All valid status codes are within the range of 100 to 599,
        // inclusive." What is above is nobody's either, but some servers refuse with it.
        if status < 100 {
            return Err(HandshakeError::Malformed("status code"));
        }
        Ok(Self {
            status,
            is_http_1_1: response.version == Some(1),
            reason_phrase: response.reason.unwrap_or_default(),
            headers: response
                .headers
                .iter()
                .map(|header| (header.name, header.value.trim_ascii()))
                .collect(),
        })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|&(_, value)| value)
    }

    /// Whether there is one field of this name, and `value` is all that it says.
    ///
    /// RFC 6455, section 4.1 fails the connection if "the |Upgrade| header field contains a value
    /// that is not an ASCII case-insensitive match for the value "websocket"", so unlike
    /// |Connection|, which only has to contain a token, it is not taken for a list.
    fn has_only(&self, name: &str, value: &str) -> bool {
        let mut values = self.values(name);
        let first = values.next();
        first.is_some_and(|first| first.eq_ignore_ascii_case(value.as_bytes()))
            && values.next().is_none()
    }

    /// Whether the comma-separated lists in the fields of this name contain `token`.
    fn has_token(&self, name: &str, token: &str) -> bool {
        self.values(name).any(|value| {
            value
                .split(|&byte| byte == b',')
                .any(|element| element.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
        })
    }

    /// The value of a field that may stand only once.
    fn single(&self, name: &'static str) -> Result<Option<&'a [u8]>, HandshakeError> {
        let mut values = self.values(name);
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(HandshakeError::HeaderRepeated(name)),
        }
    }

    /// How long the body is, as far as that is known beforehand (RFC 9112, section 6.3). A body that
    /// is delimited in another way is not waited for: its end could be as late as the server likes.
    fn body_len(&self) -> u64 {
        // Rule 1: "terminated by the first empty line after the header fields, regardless of the
        // header fields present in the message".
        let has_no_body = matches!(self.status, 204 | 304);
        // Rule 3: "the Transfer-Encoding overrides the Content-Length."
        if has_no_body || self.values("Transfer-Encoding").next().is_some() {
            return 0;
        }
        self.content_len().unwrap_or(0)
    }

    /// What Content-Length says; `None` if it is missing or makes no sense.
    ///
    /// Rule 5 allows "a comma-separated list" if "all values in the list are the same". It has a
    /// user agent discard an answer with any other invalid value, lest it take the end of one answer
    /// for the start of another. There is no other one here, so only the body is left out.
    fn content_len(&self) -> Option<u64> {
        let mut lens = self
            .values("Content-Length")
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(|element| decimal(element.trim_ascii()));
        let first = lens.next()??;
        lens.all(|len| len == Some(first)).then_some(first)
    }

    fn into_headers(self) -> Vec<Header> {
        self.headers
            .into_iter()
            .map(|(name, value)| Header {
                name: name.to_owned(),
                value: unfold(value),
            })
            .collect()
    }

    fn into_refusal(self) -> Refusal {
        Refusal {
            status: self.status,
            reason_phrase: self.reason_phrase.to_owned(),
            headers: self.into_headers(),
            body: Vec::new(),
        }
    }
}

/// Reads a number that is written in digits alone; one beyond 64 bits is the largest of them.
fn decimal(digits: &[u8]) -> Option<u64> {
    let valid = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    valid.then(|| {
        digits.iter().fold(0_u64, |number, digit| {
            let digit = u64::from(digit - b'0');
            number.saturating_mul(10).saturating_add(digit)
        })
    })
}

/// The value of a header field with each line break in it replaced by spaces.
fn unfold(value: &[u8]) -> Vec<u8> {
    let mut value = value.to_owned();
    for byte in &mut value {
        if matches!(byte, b'\r' | b'\n') {
            *byte = b' ';
        }
    }
    value
}

fn malformed(error: httparse::Error) -> HandshakeError {
    match error {
        httparse::Error::HeaderName => HandshakeError::Malformed("name of a header field"),
        httparse::Error::HeaderValue => HandshakeError::Malformed("value of a header field"),
        httparse::Error::Status => HandshakeError::Malformed("status code or reason phrase"),
        httparse::Error::TooManyHeaders => HandshakeError::TooManyHeaders {
            limit: MAX_HEADER_COUNT,
        },
        httparse::Error::Version => HandshakeError::HttpVersion,
        httparse::Error::NewLine | httparse::Error::Token => {
            HandshakeError::Malformed("line of the head")
        }
    }
}
