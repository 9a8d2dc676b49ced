//! The corpus, played to the core: no sockets and no time, so that each case is played whole, byte
//! by byte, cut in two at each byte, and with the end of the stream at each byte.

use std::time::Duration;

use integration_tests::corpus::{Case, Ending, Expected, Fault, Frame, Refused, Told};
use wasocket_proto::{
    CloseFrame, Closed, Config, Connection, ConnectionError, ConnectionState, Event,
    HandshakeError, Header, Instant, MaskingKeys, Message, Nonce, Request, RequestHeaders,
    Timeouts, WebSocketUrl,
};

use super::{Differences, difference, test_topics};

/// The answer to the nonce that is used here (RFC 6455, section 1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Up to how many bytes of the server a case is cut at each of them.
const CUT_LEN: usize = 1000;

/// What a server that reads nothing can make the core owe, in bytes: 65 pongs and a Close frame,
/// each as long as a control frame of a client can be.
const MOST_OWED: usize = 66 * (6 + 125);

const NOW: Instant = Instant::from_nanos(0);

test_topics!(play);

#[test]
fn what_differs_is_seen() {
    let way = |case: Case| play_in_all_ways(&case.with_accept(ACCEPT)).map_err(|(way, _)| way);
    let open = || Case::open("wrong");
    let whole = Err("whole".to_owned());
    assert_eq!(way(open()), Ok(()));
    assert_eq!(way(open().sends(b"\x81\x01a")), whole);
    assert_eq!(way(open().sends(b"\x88\x00")), whole);
    assert_eq!(way(open().sends(b"\x81\x00").tells_text("a")), whole);
    // That is told with the byte after.
    let early = open().sends(b"\x81\x01").tells_text("a").sends(b"a");
    let len = early.with_accept(ACCEPT).bytes().len();
    assert_eq!(way(early), Err(format!("ended after {} bytes", len - 1)));
}

/// When the core's bytes are written.
#[derive(Clone, Copy, PartialEq)]
enum Writes {
    /// As soon as they are owed.
    AtOnce,
    /// When all of the server's bytes are taken.
    Late,
}

fn play(cases: Vec<Case>) {
    let mut differences = Differences::default();
    for case in &cases {
        let case = case.with_accept(ACCEPT);
        if let Err((way, difference)) = play_in_all_ways(&case) {
            differences.push(&case.name, &way, &difference);
        }
    }
    differences.assert_none();
}

/// Plays a case in all ways, up to the first in which something differs: which one, and what.
fn play_in_all_ways(case: &Case) -> Result<(), (String, String)> {
    let bytes = case.bytes();
    let whole = case.expected();
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    let check = |way: &str, pieces: &[&[u8]], writes, expected: &Expected| {
        play_pieces(case, pieces, writes, expected).map_err(|error| (way.to_owned(), error))
    };
    check("whole", &[&bytes], Writes::AtOnce, &whole)?;
    check("read late", &[&bytes], Writes::Late, &whole)?;
    check("byte by byte", &single, Writes::AtOnce, &whole)?;
    if bytes.len() > CUT_LEN {
        return Ok(());
    }
    for at in 0..bytes.len() {
        let (before, after) = bytes.split_at(at);
        let way = format!("cut in two after {at} bytes");
        check(&way, &[before, after], Writes::AtOnce, &whole)?;
        let way = format!("ended after {at} bytes");
        check(&way, &[before], Writes::AtOnce, &case.expected_at(at))?;
    }
    Ok(())
}

fn play_pieces(
    case: &Case,
    pieces: &[&[u8]],
    writes: Writes,
    expected: &Expected,
) -> Result<(), String> {
    let is_whole = pieces.iter().map(|piece| piece.len()).sum::<usize>() == case.bytes().len();
    let mut core = Core::new(case, writes);
    for piece in pieces {
        core.read(piece)?;
    }
    let told = std::mem::take(&mut core.told);
    if case.ending == Ending::ServerAtOnce && is_whole {
        core.connection.handle_eof();
        core.write();
    } else {
        core.write();
        let ends = core.connection.is_done_sending();
        if is_whole && ends != (case.ending == Ending::Client) {
            return Err(format!("    the client ends the stream: {ends}"));
        }
        core.connection.handle_eof();
    }
    core.take_events();
    if core.connection.state() != ConnectionState::Closed {
        return Err("    the connection is not closed".to_owned());
    }
    let mut actual = Expected {
        told,
        sent: core.sent(),
        told_at_end: core.told,
    };
    if case.is_satisfied_by(&actual.sent, &expected.sent) {
        actual.sent.clone_from(&expected.sent);
    }
    difference(expected, &actual).map_or(Ok(()), Err)
}

/// A connection, and what it did.
struct Core<'a> {
    case: &'a Case,
    connection: Connection,
    writes: Writes,
    told: Vec<Told>,
    /// What was written after the request.
    written: Vec<u8>,
}

impl<'a> Core<'a> {
    fn new(case: &'a Case, writes: Writes) -> Self {
        let url = WebSocketUrl::parse("ws://server.example.com/chat").unwrap();
        let mut headers = RequestHeaders::default();
        headers.set_subprotocols(&case.offer.subprotocols).unwrap();
        let mut core = Self {
            case,
            connection: Connection::new(
                &Request::new(url, headers),
                Nonce::new(*b"the sample nonce"),
                Box::new(Keys(0)),
                config(),
                NOW,
            ),
            writes,
            told: Vec::new(),
            written: Vec::new(),
        };
        core.write();
        core.written.clear();
        core
    }

    /// Hands it these bytes, as its contract says.
    fn read(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !bytes.is_empty() {
            let taken = self.connection.handle_input(bytes, NOW);
            if self.writes == Writes::AtOnce {
                self.write();
            }
            if self.connection.poll_transmit().len() > MOST_OWED {
                return Err("    more is owed to the server than may be".to_owned());
            }
            if !self.take_events() && taken < bytes.len() {
                return Err("    input is left though no event waits".to_owned());
            }
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    fn write(&mut self) {
        loop {
            let owed = self.connection.poll_transmit();
            if owed.is_empty() {
                return;
            }
            self.written.extend_from_slice(owed);
            let len = owed.len();
            self.connection.advance_transmit(len);
        }
    }

    /// Takes all events; returns whether there were any.
    fn take_events(&mut self) -> bool {
        let before = self.told.len();
        while let Some(event) = self.connection.poll_event() {
            let opened = matches!(event, Event::Open(_));
            self.told.push(told(event));
            if let Some((code, reason)) = &self.case.client_closes
                && opened
            {
                let frame = CloseFrame::new(*code, reason.as_str()).unwrap();
                self.connection.close(&frame, NOW).unwrap();
                if self.writes == Writes::AtOnce {
                    self.write();
                }
            }
        }
        self.told.len() > before
    }

    /// The frames that were written, without their masks.
    fn sent(&self) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut rest = self.written.as_slice();
        while let [first, second, after @ ..] = rest {
            // There are none but control frames.
            let len = usize::from(second - 0x80);
            let (key, after) = after.split_at(4);
            let (masked, after) = after.split_at(len);
            let key = key.iter().cycle();
            frames.push((*first, masked.iter().zip(key).map(|(m, k)| m ^ k).collect()));
            rest = after;
        }
        assert!(rest.is_empty(), "{rest:x?}");
        frames
    }
}

/// The default, but for the time that there is to answer messages: nobody here does, and no time
/// passes.
fn config() -> Config {
    Config {
        timeouts: Timeouts {
            answering: Duration::ZERO,
            ..Timeouts::default()
        },
        ..Config::default()
    }
}

/// Masking keys of which no two are alike.
struct Keys(u32);

impl MaskingKeys for Keys {
    fn next_key(&mut self) -> [u8; 4] {
        self.0 += 1;
        (self.0 ^ 0x37fa_213d).to_be_bytes()
    }
}

fn told(event: Event) -> Told {
    match event {
        Event::Open(opened) => Told::opened(
            opened.subprotocol,
            opened
                .permessage_deflate
                .map(|agreed| agreed.to_string())
                .into_iter()
                .collect(),
            named_values(opened.headers),
        ),
        Event::Message(Message::Text(text)) => Told::Text(text.to_str().to_owned()),
        Event::Message(Message::Binary(bytes)) => Told::Binary(bytes),
        Event::Sent(_) => panic!("there are no messages to be sent"),
        Event::Ping(payload) => Told::Ping(payload),
        Event::Pong(pong) => Told::Pong(pong.payload),
        Event::Error(error) => failure(error),
        Event::Closed(Closed {
            code,
            reason,
            was_clean,
            ..
        }) => Told::Close {
            code: code.get(),
            reason,
            was_clean,
        },
    }
}

fn failure(error: ConnectionError) -> Told {
    let text = error.to_string();
    let fault = match error {
        ConnectionError::Handshake(HandshakeError::Refused(refusal)) => {
            return Told::Refused(Refused {
                status: refusal.status,
                reason_phrase: refusal.reason_phrase,
                fields: named_values(refusal.headers),
                body: refusal.body,
            });
        }
        ConnectionError::Handshake(HandshakeError::Ended) => Fault::Unanswered,
        ConnectionError::Handshake(_) => Fault::Answer,
        ConnectionError::Protocol(error) => {
            Fault::Frame(wasocket_proto::CloseCode::from(&error).get())
        }
        ConnectionError::StreamEnded => Fault::StreamEnded,
        other => panic!("{other}"),
    };
    Told::Error(fault, text)
}

fn named_values(headers: Vec<Header>) -> Vec<(String, Vec<u8>)> {
    headers
        .into_iter()
        .map(|header| (header.name, header.value))
        .collect()
}
