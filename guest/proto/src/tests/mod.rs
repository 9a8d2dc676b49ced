//! Tests of [`Connection`](crate::Connection) through its public calls, with literal bytes: one
//! file for each topic of RFC 6455.

mod close;
mod compression;
mod contract;
mod decompression;
mod deflate;
mod end_of_stream;
mod fragmentation;
mod frames;
mod handshake;
mod last_answers;
mod limits;
mod negotiation;
mod ping;
mod send;
mod statistics;
mod streamed_compression;
mod streamed_receiving;
mod streamed_sending;
mod text;
mod timeouts;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use crate::fuzzing::{ANSWER, COMPRESSING_ANSWER, FixedKey, MASKING_KEY};
use crate::*;

/// "Hello", compressed (RFC 7692, section 7.2.3.1).
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

/// "Hello" again, as it refers to the message before it (section 7.2.3.2).
const HELLO_AGAIN: &[u8] = b"\xf2\x00\x11\x00\x00";

const MASKED: SendOptions = SendOptions {
    unmasked: false,
    compress: Compress::ByLength,
};

const UNMASKED: SendOptions = SendOptions {
    unmasked: true,
    compress: Compress::ByLength,
};

/// The instant `millis` milliseconds into a test.
fn at(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

const START: Instant = Instant::from_nanos(0);

fn request() -> Request {
    request_with(RequestHeaders::default())
}

fn request_with(headers: RequestHeaders) -> Request {
    let url = WebSocketUrl::parse("ws://server.example.com/chat").unwrap();
    Request::new(url, headers)
}

fn connect(request: &Request, config: Config) -> Connection {
    let nonce = Nonce::new(*b"the sample nonce");
    Connection::new(request, nonce, Box::new(FixedKey), config, START)
}

/// A connection whose request is queued.
fn opening() -> Connection {
    connect(&request(), Config::default())
}

/// An open connection: the opening handshake is done, and its event taken.
fn open() -> Connection {
    open_with(Config::default())
}

fn open_with(config: Config) -> Connection {
    open_by(config, ANSWER)
}

/// An open connection on which messages may be compressed.
fn compressing() -> Connection {
    open_by(Config::default(), COMPRESSING_ANSWER)
}

/// An open connection on which messages may be compressed, as the server answered with these
/// parameters of permessage-deflate: `; ` before each.
fn compressing_with(config: Config, parameters: &str) -> Connection {
    open_by(config, &compressing_answer(parameters))
}

fn compressing_answer(parameters: &str) -> Vec<u8> {
    let answer = core::str::from_utf8(COMPRESSING_ANSWER).unwrap();
    let accepted = alloc::format!("permessage-deflate{parameters}");
    answer.replace("permessage-deflate", &accepted).into_bytes()
}

fn open_by(config: Config, answer: &[u8]) -> Connection {
    let mut connection = connect(&request(), config);
    transmitted(&mut connection);
    assert_eq!(connection.handle_input(answer, START), answer.len());
    assert!(matches!(events(&mut connection)[..], [Event::Open(_)]));
    assert_eq!(connection.state(), ConnectionState::Open);
    connection
}

/// A connection that has sent a Close frame with code 1000 first.
fn closing() -> Connection {
    let mut connection = open();
    connection.close(&normal_closure(), START).unwrap();
    transmitted(&mut connection);
    assert_eq!(connection.state(), ConnectionState::Closing);
    connection
}

fn normal_closure() -> CloseFrame {
    CloseFrame::new(1000, "").unwrap()
}

/// Everything owed to the peer, which counts as written then.
fn transmitted(connection: &mut Connection) -> Vec<u8> {
    let bytes = connection.poll_transmit().to_vec();
    connection.advance_transmit(bytes.len());
    assert!(connection.poll_transmit().is_empty());
    bytes
}

fn events(connection: &mut Connection) -> Vec<Event> {
    core::iter::from_fn(|| connection.poll_event()).collect()
}

/// Feeds all of `bytes`, taking events as they come.
fn feed(connection: &mut Connection, bytes: &[u8]) -> Vec<Event> {
    feed_at(connection, bytes, START)
}

fn feed_at(connection: &mut Connection, mut bytes: &[u8], now: Instant) -> Vec<Event> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let consumed = connection.handle_input(bytes, now);
        let new = events(connection);
        assert!(
            consumed == bytes.len() || !new.is_empty(),
            "input is left though no event waits"
        );
        bytes = &bytes[consumed..];
        all.extend(new);
    }
    all
}

/// A frame of the server, which is not masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        len @ 0..=125 => bytes.push(len as u8),
        len @ 126..=65_535 => {
            bytes.push(126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            bytes.push(127);
            bytes.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

/// A frame of ours, masked with the key of the tests.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() <= 125);
    let mut bytes = vec![first, 0x80 | payload.len() as u8];
    bytes.extend_from_slice(&MASKING_KEY);
    bytes.extend(
        payload
            .iter()
            .zip(MASKING_KEY.iter().cycle())
            .map(|(octet, key)| octet ^ key),
    );
    bytes
}

/// The payload of a Close frame.
fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

/// The text of a message event.
fn text(event: &Event) -> &str {
    match event {
        Event::Message(Message::Text(text)) => text.to_str(),
        other => panic!("not a text message: {other:?}"),
    }
}

fn binary(bytes: &[u8]) -> Event {
    Event::Message(Message::Binary(bytes.to_vec()))
}

fn closed(code: u16, reason: &str, was_clean: bool, token: Option<Token>) -> Event {
    Event::Closed(Closed {
        code: match code {
            1005 => CloseCode::NO_STATUS_RCVD,
            1006 => CloseCode::ABNORMAL_CLOSURE,
            code => CloseCode::on_wire(code).unwrap(),
        },
        reason: reason.into(),
        was_clean,
        token,
    })
}

/// Asserts that input caused the "Fail the WebSocket Connection" process (RFC 6455, section
/// 7.1.7): that `bytes` yield this error and nothing else, that a Close frame with the code is
/// sent, that what follows is discarded, and that the connection then closes uncleanly.
#[track_caller]
fn assert_fails(connection: &mut Connection, bytes: &[u8], error: ProtocolError, code: u16) {
    assert_fails_with(connection, bytes, error.into(), code);
}

#[track_caller]
fn assert_fails_with(connection: &mut Connection, bytes: &[u8], error: ConnectionError, code: u16) {
    let reason = alloc::format!("{error}");
    // Long after the messages before it, to which no answer is awaited.
    connection.handle_timeout(START);
    assert_eq!(feed_at(connection, bytes, at(1_000)), [Event::Error(error)]);
    assert_eq!(connection.state(), ConnectionState::Closing);
    assert!(!connection.is_done_sending());
    assert_eq!(
        transmitted(connection),
        masked(0x88, &close_payload(code, &reason))
    );
    assert!(connection.is_done_sending());
    assert_eq!(feed(connection, b"\x81\x05Hello"), []);
    connection.handle_eof();
    assert_eq!(events(connection), [closed(1006, "", false, None)]);
    assert_eq!(connection.state(), ConnectionState::Closed);
    assert_eq!(connection.poll_timeout(), None);
}

/// Asserts that the opening handshake fails with this error, and that nothing more is sent.
#[track_caller]
fn assert_handshake_fails(answer: &[u8], error: HandshakeError) {
    let mut connection = opening();
    transmitted(&mut connection);
    let expected = [Event::Error(error.into()), closed(1006, "", false, None)];
    assert_eq!(
        feed(&mut connection, answer),
        expected,
        "{}",
        String::from_utf8_lossy(answer)
    );
    assert_eq!(connection.poll_transmit(), b"");
    assert_eq!(connection.state(), ConnectionState::Closed);
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
