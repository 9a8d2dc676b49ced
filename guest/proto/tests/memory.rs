//! What compression holds, as the documentation of `Compression` says.
//!
//! One test, for it counts what the whole program allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wasocket_proto::{
    Compress, Config, Connection, Event, Instant, MaskingKeys, Nonce, Outgoing, Request,
    RequestHeaders, SendOptions, WebSocketUrl,
};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all of it is the system's allocator, which is one.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, bytes: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(bytes, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How much else is held now and not then, or then and not now: buffers for what is short.
const SLACK: usize = 1 << 10;

const START: Instant = Instant::from_nanos(0);

struct NoMask;

impl MaskingKeys for NoMask {
    fn next_key(&mut self) -> [u8; 4] {
        [0; 4]
    }
}

fn held() -> usize {
    HELD.load(Ordering::Relaxed)
}

#[track_caller]
fn assert_holds(base: usize, expected: usize, what: &str) {
    let held = held();
    assert!(
        held.abs_diff(base + expected) <= SLACK,
        "{what}: {held}, expected {base} and {expected}"
    );
}

/// An open connection, and what was held before it had anything to compress.
fn open(parameters: &str) -> (Connection, usize) {
    let url = WebSocketUrl::parse("ws://server.example.com/chat").unwrap();
    let request = Request::new(url, RequestHeaders::default());
    let nonce = Nonce::new(*b"the sample nonce");
    let keys = Box::new(NoMask);
    let mut connection = Connection::new(&request, nonce, keys, Config::default(), START);
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n\
         \r\n"
    );
    drain(&mut connection);
    receive(&mut connection, answer.as_bytes());
    drop(answer);
    let base = held();
    (connection, base)
}

fn receive(connection: &mut Connection, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let taken = connection.handle_input(bytes, START);
        bytes = &bytes[taken..];
        drain(connection);
    }
}

fn take_by_parts(connection: &mut Connection, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        while connection.poll_part(START).is_some() {}
        let taken = connection.handle_input(bytes, START);
        bytes = &bytes[taken..];
    }
    while connection.poll_part(START).is_some() {}
}

/// Takes all events, and writes all that is owed.
fn drain(connection: &mut Connection) {
    while let Some(event) = connection.poll_event() {
        assert!(!matches!(event, Event::Error(_)), "{event:?}");
    }
    connection.advance_transmit(connection.poll_transmit().len());
    while connection.poll_event().is_some() {}
}

fn send_compressed(connection: &mut Connection) {
    let options = SendOptions {
        compress: Compress::Always,
        ..SendOptions::default()
    };
    connection
        .send(Outgoing::Text("Hello, hello, hello"), options, START)
        .unwrap();
    drain(connection);
}

/// A binary message of `len` bytes, in blocks without compression.
fn message(len: usize) -> Vec<u8> {
    let block = [0x00, 0x64, 0x00, 0x9b, 0xff];
    let mut payload = [&block[..], &[7; 100]].concat().repeat(len / 100);
    payload.push(0x00);
    let mut frame = vec![0xc2, 127];
    frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    frame.extend(payload);
    frame
}

#[test]
fn compression_holds_what_is_documented() {
    for (bits, expected) in [
        (15, 279_680),
        (14, 214_144),
        (13, 181_376),
        (12, 164_992),
        (11, 156_800),
        (10, 152_704),
        (9, 150_656),
        (8, 150_656),
    ] {
        let (mut connection, base) = open(&format!("; client_max_window_bits={bits}"));
        assert_holds(base, 0, "before the first message");
        send_compressed(&mut connection);
        assert_holds(base, expected, &format!("sending with {bits} bits"));
        connection.handle_timeout(START + Duration::from_secs(10));
        assert_holds(base, 0, "after a while");
    }

    let (mut connection, base) = open("; client_no_context_takeover");
    send_compressed(&mut connection);
    assert_holds(base, 0, "sending without context takeover");

    for bits in 8..=15 {
        let (mut connection, base) = open(&format!("; server_max_window_bits={bits}"));
        receive(&mut connection, &message(100_000));
        let window = 1 << bits;
        assert_holds(base, window, &format!("received with {bits} bits"));
        let next = message(100_000);
        let (start, rest) = next.split_at(20);
        let base = base + next.capacity();
        receive(&mut connection, start);
        assert_holds(base, window + 47_552, "in a message");
        receive(&mut connection, rest);
        assert_holds(base, window, "after it");
    }

    let (mut connection, base) = open("; server_no_context_takeover");
    receive(&mut connection, &message(100_000));
    assert_holds(base, 0, "received without context takeover");

    for bits in [8, 15] {
        let (mut connection, base) = open(&format!("; server_max_window_bits={bits}"));
        let long = message(1_000_000);
        let (start, rest) = long.split_at(500_000);
        let base = base + long.capacity();
        take_by_parts(&mut connection, start);
        assert_holds(base, 32_768 + 47_552, "in a message that is taken by parts");
        take_by_parts(&mut connection, rest);
        assert_holds(base, 1 << bits, "after it");
    }
}
