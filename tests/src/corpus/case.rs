use super::told::{Fault, Refused, Told, owned};
use crate::{close_payload, frame};

/// Stands in the bytes of a server for the Sec-WebSocket-Accept that answers the client's key.
const ACCEPT: &[u8] = b"{accept}";

/// An answer that opens the connection, up to the line that ends it.
const ANSWER: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n";

/// How much of the body of a refusal is told, in bytes.
const TOLD_BODY_LEN: usize = 4096;

/// One exchange: what the server sends, and what is expected of the client.
#[derive(Clone, Debug)]
pub struct Case {
    /// A claim, in words.
    pub name: String,
    /// What the client offers in the opening handshake.
    pub offer: Offer,
    /// What the server sends.
    pub pieces: Vec<Piece>,
    /// The code and the reason with which the client closes the connection as soon as it is open.
    /// What the server sends after its answer, it sends then after that Close frame has come.
    pub client_closes: Option<(u16, String)>,
    /// Who ends the stream, and when.
    pub ending: Ending,
    /// Not each ping need be answered, but the newest, and none out of its turn (RFC 6455, section
    /// 5.5.3).
    pub may_skip_pongs: bool,
    state: State,
}

/// What the client offers in the opening handshake.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// The subprotocols, in order of preference.
    pub subprotocols: Vec<String>,
}

/// Who ends the stream, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The client, which has failed the connection.
    Client,
    /// The server, once the client has sent what is expected of it.
    Server,
    /// The server, right after its last byte.
    ServerAtOnce,
}

/// Bytes of the server, by the last of which something happens.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What the client tells of them.
    pub told: Vec<Told>,
    /// What the client sends because of them.
    pub answered: Vec<Frame>,
    /// Where that leaves the connection.
    state: State,
}

/// A frame of the client: its first byte, and its payload without the mask.
pub type Frame = (u8, Vec<u8>);

/// Where a connection stands, as far as it decides what the end of the stream means.
#[derive(Clone, Debug)]
enum State {
    /// The answer to the opening handshake is not complete.
    Unanswered,
    /// The server refuses, and its body is not complete.
    Refused(Refused),
    /// There is no Close frame of the server yet.
    Open,
    /// The server has sent a Close frame.
    Closed(u16, String),
    /// The client fails the connection.
    Failing,
    /// All is told.
    Over,
}

/// What is expected once a number of bytes of the server have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What the client has told.
    pub told: Vec<Told>,
    /// What the client has sent, after its request.
    pub sent: Vec<Frame>,
    /// What the client tells if the stream ends there.
    pub told_at_end: Vec<Told>,
}

impl Case {
    /// A case in which the server has not sent anything yet.
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            offer: Offer::default(),
            pieces: Vec::new(),
            client_closes: None,
            ending: Ending::Server,
            may_skip_pongs: false,
            state: State::Unanswered,
        }
    }

    /// A case in which the server has accepted.
    pub fn open(name: impl Into<String>) -> Self {
        Self::new(name).answers("").opens(None, &[])
    }

    /// The client offers these subprotocols.
    pub(super) fn offering(mut self, subprotocols: &[&str]) -> Self {
        self.offer.subprotocols = subprotocols.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// The client closes the connection as soon as it is open.
    pub(super) fn client_closes(mut self, code: u16, reason: &str) -> Self {
        assert!(matches!(self.state, State::Open));
        self.client_closes = Some((code, reason.to_owned()));
        self.answered(0x88, &close_payload(code, reason))
    }

    /// The server ends the stream right after its last byte.
    pub(super) fn ends_at_once(mut self) -> Self {
        self.ending = Ending::ServerAtOnce;
        self
    }

    /// Not each ping need be answered.
    pub(super) fn may_skip_pongs(mut self) -> Self {
        self.may_skip_pongs = true;
        self
    }

    /// The server sends these bytes, `{accept}` standing for the right Sec-WebSocket-Accept.
    pub fn sends(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref().to_vec();
        if let State::Refused(refused) = &mut self.state {
            refused.body.extend_from_slice(&bytes);
        }
        self.pieces.push(Piece {
            bytes,
            told: Vec::new(),
            answered: Vec::new(),
            state: self.state.clone(),
        });
        self
    }

    /// The server sends an answer that accepts, with these header fields at its end.
    pub(super) fn answers(self, fields: &str) -> Self {
        self.sends(format!("{ANSWER}{fields}\r\n"))
    }

    /// The server sends an answer that accepts, but for one thing that stands otherwise.
    pub(super) fn answers_otherwise(self, thing: &str, otherwise: &str) -> Self {
        let answer = format!("{ANSWER}\r\n");
        assert!(answer.contains(thing), "{thing}");
        self.sends(answer.replacen(thing, otherwise, 1))
    }

    /// By that the connection is open.
    pub(super) fn opens(self, subprotocol: Option<&str>, fields: &[(&str, &str)]) -> Self {
        self.tells(Told::Open {
            subprotocol: subprotocol.map(str::to_owned),
            extensions: Vec::new(),
            fields: owned(fields),
        })
        .leaves(State::Open)
    }

    /// By that the connection is open, with an extension.
    pub(super) fn opens_with(self, extension: &str, fields: &[(&str, &str)]) -> Self {
        self.tells(Told::Open {
            subprotocol: None,
            extensions: vec![extension.to_owned()],
            fields: owned(fields),
        })
        .leaves(State::Open)
    }

    /// By that the opening handshake fails.
    pub(super) fn breaks_the_handshake(self, text: &str) -> Self {
        self.tells(Told::Error(Fault::Answer, text.to_owned()))
            .tells(Told::abnormal_closure())
            .leaves(State::Over)
            .ended_by_the_client()
    }

    /// The server sends an answer that refuses, without a body; `status` has the reason phrase,
    /// too.
    pub(super) fn refuses(self, status: &str, fields: &[(&str, &str)]) -> Self {
        self.begins_to_refuse("HTTP/1.1", status, fields)
            .refuses_with_body(b"")
    }

    /// The server sends the head of an answer that refuses.
    pub(super) fn begins_to_refuse(
        mut self,
        version: &str,
        status: &str,
        fields: &[(&str, &str)],
    ) -> Self {
        let mut head = format!("{version} {status}\r\n");
        for (name, value) in fields {
            head += &format!("{name}: {value}\r\n");
        }
        self = self.sends(head + "\r\n");
        let (code, reason_phrase) = status.split_once(' ').expect("a space");
        self.leaves(State::Refused(Refused {
            status: code.parse().expect("a status"),
            reason_phrase: reason_phrase.to_owned(),
            fields: owned(fields),
            body: Vec::new(),
        }))
    }

    /// The server sends a body, with the last byte of which, or the last that is told, the refusal
    /// is told.
    pub(super) fn refuses_with_body(mut self, body: &[u8]) -> Self {
        let (told, rest) = body.split_at(body.len().min(TOLD_BODY_LEN));
        if !told.is_empty() {
            self = self.sends(told);
        }
        let State::Refused(refused) = self.state.clone() else {
            panic!("{}: the server does not refuse", self.name);
        };
        self.tells(Told::Refused(refused))
            .tells(Told::abnormal_closure())
            .leaves(State::Over)
            .ended_by_the_client()
            .sends(rest)
    }

    /// By that a text message is complete.
    pub fn tells_text(self, text: &str) -> Self {
        self.tells(Told::Text(text.to_owned()))
    }

    /// By that a binary message is complete.
    pub(super) fn tells_binary(self, bytes: &[u8]) -> Self {
        self.tells(Told::Binary(bytes.to_vec()))
    }

    /// The server sends a ping, which is told, and answered, as it comes before any Close frame of
    /// the server.
    pub fn pings(self, payload: &[u8]) -> Self {
        self.sends(frame(0x89, payload))
            .tells(Told::Ping(payload.to_vec()))
            .answered(0x8a, payload)
    }

    /// The server sends a pong that answers no ping, which is told.
    pub(super) fn pongs(self, payload: &[u8]) -> Self {
        self.sends(frame(0x8a, payload))
            .tells(Told::Pong(payload.to_vec()))
    }

    /// What `add` adds, so many times.
    pub(super) fn repeated(self, count: u16, add: impl Fn(Self, u16) -> Self) -> Self {
        (0..count).fold(self, add)
    }

    /// By that the client fails the connection, and says so by a Close frame unless it has sent
    /// one.
    pub(super) fn fails(mut self, code: u16, text: &str) -> Self {
        if self.client_closes.is_none() {
            self = self.answered(0x88, &close_payload(code, text));
        }
        self.tells(Told::Error(Fault::Frame(code), text.to_owned()))
            .leaves(State::Failing)
            .ended_by_the_client()
    }

    /// The server sends a Close frame. The client answers it with the same code, as most endpoints
    /// do (RFC 6455, section 5.5.1), unless it has sent one.
    pub fn closes(self, code: u16, reason: &str) -> Self {
        self.closes_by(&close_payload(code, reason), code, reason)
    }

    /// The server sends a Close frame without a status code.
    pub(super) fn closes_without_code(self) -> Self {
        self.closes_by(b"", 1005, "")
    }

    fn closes_by(mut self, payload: &[u8], code: u16, reason: &str) -> Self {
        self = self.sends(frame(0x88, payload));
        if self.client_closes.is_none() {
            self = self.answered(0x88, &payload[..payload.len().min(2)]);
        }
        self.leaves(State::Closed(code, reason.to_owned()))
    }

    fn tells(mut self, told: Told) -> Self {
        self.last().told.push(told);
        self
    }

    fn answered(mut self, first: u8, payload: &[u8]) -> Self {
        self.last().answered.push((first, payload.to_vec()));
        self
    }

    fn leaves(mut self, state: State) -> Self {
        self.state = state.clone();
        self.last().state = state;
        self
    }

    fn ended_by_the_client(mut self) -> Self {
        self.ending = Ending::Client;
        self
    }

    fn last(&mut self) -> &mut Piece {
        self.pieces.last_mut().expect("a piece before")
    }

    /// The same with this Sec-WebSocket-Accept in the answer.
    #[must_use]
    pub fn with_accept(&self, accept: &str) -> Self {
        let mut case = self.clone();
        for piece in &mut case.pieces {
            let found = |bytes: &[u8]| bytes.windows(ACCEPT.len()).position(|w| w == ACCEPT);
            while let Some(at) = found(&piece.bytes) {
                piece.bytes.splice(at..at + ACCEPT.len(), accept.bytes());
            }
        }
        case
    }

    /// All bytes of the server.
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|p| p.bytes.clone()).collect()
    }

    /// How many bytes of the server belong to the opening handshake.
    pub fn answer_len(&self) -> usize {
        let is_answer = |piece: &&Piece| matches!(piece.state, State::Unanswered);
        let before: usize = self
            .pieces
            .iter()
            .take_while(is_answer)
            .map(Piece::len)
            .sum();
        let last = self.pieces.iter().find(|piece| !is_answer(piece));
        before + last.map_or(0, Piece::len)
    }

    /// What is expected once all bytes of the server have come.
    pub fn expected(&self) -> Expected {
        self.expected_at(self.bytes().len())
    }

    /// What is expected once the first `len` bytes of the server have come.
    pub fn expected_at(&self, len: usize) -> Expected {
        let mut told = Vec::new();
        let mut sent = Vec::new();
        let mut state = State::Unanswered;
        let mut left = len;
        for piece in &self.pieces {
            if piece.len() > left {
                if let State::Refused(refused) = &mut state {
                    refused.body.extend_from_slice(&piece.bytes[..left]);
                }
                break;
            }
            left -= piece.len();
            told.extend_from_slice(&piece.told);
            sent.extend_from_slice(&piece.answered);
            state = piece.state.clone();
        }
        Expected {
            told,
            sent,
            told_at_end: state.told_at_end(),
        }
    }

    /// Whether `sent` is what is `expected` of the client, up to the pongs that may be left out.
    pub fn is_satisfied_by(&self, sent: &[Frame], expected: &[Frame]) -> bool {
        if !self.may_skip_pongs {
            return sent == expected;
        }
        let mut expected_left = expected.iter();
        sent.last() == expected.last()
            && sent
                .iter()
                .all(|frame| expected_left.any(|expected| frame == expected))
    }
}

impl Piece {
    fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl State {
    fn told_at_end(self) -> Vec<Told> {
        let error = |fault, text: &str| Told::Error(fault, text.to_owned());
        match self {
            Self::Unanswered => {
                let text = "the stream ended before the server had answered";
                vec![error(Fault::Unanswered, text), Told::abnormal_closure()]
            }
            Self::Refused(refused) => vec![Told::Refused(refused), Told::abnormal_closure()],
            Self::Open => {
                let text = "the stream ended without a close frame";
                vec![error(Fault::StreamEnded, text), Told::abnormal_closure()]
            }
            Self::Closed(code, reason) => vec![Told::Close {
                code,
                reason,
                was_clean: true,
            }],
            Self::Failing => vec![Told::abnormal_closure()],
            Self::Over => vec![],
        }
    }
}
