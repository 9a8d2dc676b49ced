//! Tests of [`WebSocket`](crate::WebSocket) through its public calls: what is tested here is what
//! it adds to the parts that it joins.

mod commands;
mod connecting;
mod failures;
mod packed;
#[cfg(feature = "tls")]
mod secure;
mod streams;
mod transports_tls;
#[cfg(not(feature = "tls"))]
mod without_tls;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use crate::*;

/// The answer to a nonce of zeros.
const ANSWER: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\
    \r\n";

const START: Instant = Instant::from_nanos(0);

/// The start of 2026, in seconds since 1970.
const UNIX_TIME: u64 = 1_767_225_600;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn at(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

fn url(url: &str) -> WebSocketUrl {
    WebSocketUrl::parse(url).unwrap()
}

fn websocket(address: &str, options: &Options) -> WebSocket {
    let mut contexts = TlsContexts::new();
    WebSocket::new(url(address), options, &mut contexts, Box::new(Zeros), START).unwrap()
}

/// A websocket that has started to connect, to a name.
fn connecting() -> WebSocket {
    websocket("ws://example.org/", &Options::default())
}

/// A websocket whose attempt to connect to an address has succeeded.
fn connected(address: &str, options: &Options) -> WebSocket {
    let mut websocket = websocket(address, options);
    let (_, _) = attempt(&mut websocket, START);
    websocket.handle_connected(START, UNIX_TIME);
    websocket
}

/// An open websocket, without TLS.
fn open() -> WebSocket {
    let mut websocket = connected("ws://127.0.0.1/", &Options::default());
    assert!(transmitted(&mut websocket).starts_with(b"GET / HTTP/1.1\r\n"));
    websocket.handle_input(ANSWER.to_vec(), START);
    assert!(matches!(events(&mut websocket)[..], [Event::Open(_)]));
    websocket
}

/// The attempt that is to be made now.
fn attempt(websocket: &mut WebSocket, now: Instant) -> (AttemptId, SocketAddr) {
    match websocket.poll_dial(now) {
        Some(Dial::Attempt(id, address)) => (id, address),
        other => panic!("{other:?}"),
    }
}

fn events(websocket: &mut WebSocket) -> Vec<Event> {
    events_at(websocket, START)
}

fn events_at(websocket: &mut WebSocket, now: Instant) -> Vec<Event> {
    core::iter::from_fn(|| websocket.poll_event(now)).collect()
}

/// Everything owed to the peer, which counts as written then.
fn transmitted(websocket: &mut WebSocket) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let bytes = websocket.poll_transmit();
        if bytes.is_empty() {
            return all;
        }
        all.extend_from_slice(bytes);
        let len = bytes.len();
        websocket.advance_transmit(len);
    }
}

fn transport_error(kind: TransportErrorKind) -> TransportError {
    TransportError {
        kind,
        message: "what the host says".into(),
    }
}

/// Asserts that the websocket has failed: `error` at this step, then `close`, and no more.
#[track_caller]
fn assert_fails(websocket: &mut WebSocket, now: Instant, step: Step, kind: ErrorKind) -> String {
    let events = events_at(websocket, now);
    let [Event::Error(error), Event::Close(closed)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((error.step, &error.kind), (step, &kind));
    assert_eq!((closed.code, closed.was_clean), (1006, false));
    assert_eq!(websocket.ready_state(), ReadyState::Closed);
    assert_eq!(websocket.poll_timeout(), None);
    assert!(!websocket.wants_input());
    error.message.clone()
}

fn binary(bytes: &[u8]) -> Event {
    Event::Message(Message::Binary(bytes.to_vec()))
}
