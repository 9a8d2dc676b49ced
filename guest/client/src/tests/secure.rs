//! Over TLS, against the server of rustls.

use alloc::sync::Arc;
use std::io::{Read, Write};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};

use super::*;

/// A websocket and the TLS server at the other end of its stream.
struct Pair {
    websocket: WebSocket,
    server: ServerConnection,
    /// The plaintext that the server has got and no test has taken.
    received: Vec<u8>,
}

impl Pair {
    /// A stream that is connected, nothing being said on it yet. The server's certificate is for
    /// `name`.
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut params = CertificateParams::new(vec![name.into()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();

        let mut options = Options::default();
        options.remove_built_in_roots();
        options.add_roots(authority.pem().as_bytes()).unwrap();
        Self {
            websocket: connected("wss://127.0.0.1/", &options),
            server: ServerConnection::new(Arc::new(config)).unwrap(),
            received: Vec::new(),
        }
    }

    /// An open connection.
    fn open() -> Self {
        let mut pair = Self::new("127.0.0.1");
        pair.exchange();
        assert!(pair.received().starts_with(b"GET / HTTP/1.1\r\n"));
        pair.server.writer().write_all(ANSWER).unwrap();
        assert!(matches!(pair.exchange()[..], [Event::Open(_)]));
        pair
    }

    /// Passes records both ways until neither side owes any.
    fn exchange(&mut self) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let to_server = transmitted(&mut self.websocket);
            let mut input = &to_server[..];
            while !input.is_empty() {
                self.serve(&mut input);
            }
            let mut to_client = Vec::new();
            while self.server.wants_write() {
                self.server.write_tls(&mut to_client).unwrap();
            }
            if to_server.is_empty() && to_client.is_empty() {
                return all;
            }
            if !to_client.is_empty() {
                self.websocket.handle_input(to_client, START);
            }
            all.extend(events(&mut self.websocket));
        }
    }

    /// Gives some of `input` to the server.
    fn serve(&mut self, input: &mut &[u8]) {
        self.server.read_tls(input).unwrap();
        // What it fails by, the websocket tells.
        if self.server.process_new_packets().is_ok() {
            // It ends with an error that says that there is no more for now.
            let _ = self.server.reader().read_to_end(&mut self.received);
        }
    }

    /// Takes the plaintext that the server has got.
    fn received(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.received)
    }
}

#[test]
fn messages_go_both_ways() {
    let mut pair = Pair::open();
    let token = pair
        .websocket
        .send(Outgoing::Text("Hello"), SendOptions::default(), START)
        .unwrap();
    assert_eq!(pair.exchange(), [Event::Sent(token)]);
    assert_eq!(pair.received(), b"\x81\x85\0\0\0\0Hello");
    pair.server.writer().write_all(b"\x82\x02hi").unwrap();
    assert_eq!(pair.exchange(), [binary(b"hi")]);
}

#[test]
fn the_request_leaves_with_the_end_of_the_tls_handshake() {
    let mut pair = Pair::new("127.0.0.1");
    let hello = transmitted(&mut pair.websocket);
    pair.serve(&mut &hello[..]);
    let mut flight = Vec::new();
    while pair.server.wants_write() {
        pair.server.write_tls(&mut flight).unwrap();
    }
    pair.websocket.handle_input(flight, START);
    assert_eq!(events(&mut pair.websocket), []);
    let answer = pair.websocket.poll_transmit().to_vec();
    pair.serve(&mut &answer[..]);
    assert!(pair.received().starts_with(b"GET / HTTP/1.1\r\n"));
}

#[test]
fn a_message_counts_as_sent_once_its_last_record_is_written() {
    let mut pair = Pair::open();
    let token = pair
        .websocket
        .send(
            Outgoing::Binary(&[7; 100_000]),
            SendOptions::default(),
            START,
        )
        .unwrap();
    let frame_len = 14 + 100_000;
    assert_eq!(pair.websocket.buffered_amount(), frame_len);
    loop {
        let len = pair.websocket.poll_transmit().len();
        if len == 0 {
            break;
        }
        assert_eq!(events(&mut pair.websocket), []);
        // One byte short of all that is sealed, and then that byte.
        pair.websocket.advance_transmit(len - 1);
        assert_eq!(events(&mut pair.websocket), []);
        pair.websocket.advance_transmit(1);
    }
    assert_eq!(pair.websocket.buffered_amount(), 0);
    assert_eq!(events(&mut pair.websocket), [Event::Sent(token)]);
}

/// It was told of after the connection was closed.
#[test]
fn a_message_whose_records_are_written_after_the_end_is_not_told_of() {
    let mut pair = Pair::open();
    pair.websocket
        .send(Outgoing::Text("late"), SendOptions::default(), START)
        .unwrap();
    assert!(!pair.websocket.poll_transmit().is_empty());
    pair.websocket.handle_eof();
    assert_fails(
        &mut pair.websocket,
        START,
        Step::Open,
        ErrorKind::TlsTruncated,
    );
    transmitted(&mut pair.websocket);
    assert_eq!(events(&mut pair.websocket), []);
}

#[test]
fn a_long_message_is_sealed_as_it_is_written() {
    let mut pair = Pair::open();
    pair.websocket
        .send(
            Outgoing::Binary(&vec![7; 10 << 20]),
            SendOptions::default(),
            START,
        )
        .unwrap();
    assert!(pair.websocket.poll_transmit().len() < 200 << 10);
    pair.exchange();
}

#[test]
fn a_server_with_the_wrong_name_fails_the_tls_handshake() {
    let mut pair = Pair::new("127.0.0.2");
    let events = pair.exchange();
    assert!(
        matches!(&events[..], [Event::Error(error), Event::Close(_)]
            if error.step == Step::Tls
                && matches!(error.kind, ErrorKind::Certificate(CertificateProblem::WrongName { .. }))),
        "{events:?}"
    );
    // The alert that tells the server is written after the failure is told.
    let alert = pair.server.process_new_packets();
    assert!(
        matches!(alert, Err(rustls::Error::AlertReceived(_))),
        "{alert:?}"
    );
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_so() {
    let mut pair = Pair::new("127.0.0.1");
    pair.websocket
        .handle_input(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), START);
    let message = assert_fails(&mut pair.websocket, START, Step::Tls, ErrorKind::TlsFailed);
    assert_eq!(
        message,
        "the server does not speak TLS (should the URL start with ws?)"
    );
}

#[test]
fn the_end_of_the_stream_in_the_tls_handshake_is_told_so() {
    let mut pair = Pair::new("127.0.0.1");
    pair.websocket.handle_eof();
    assert_fails(
        &mut pair.websocket,
        START,
        Step::Tls,
        ErrorKind::ConnectionEnded,
    );
}

#[test]
fn a_missing_close_notify_is_told_apart() {
    let mut pair = Pair::open();
    pair.websocket.handle_eof();
    assert_fails(
        &mut pair.websocket,
        START,
        Step::Open,
        ErrorKind::TlsTruncated,
    );

    let mut pair = Pair::open();
    pair.server.send_close_notify();
    let events = pair.exchange();
    assert!(
        matches!(&events[..], [Event::Error(error), Event::Close(_)]
            if error.kind == ErrorKind::ConnectionEnded),
        "{events:?}"
    );
}

#[test]
fn a_closing_handshake_ends_with_close_notify() {
    let mut pair = Pair::open();
    pair.websocket.close(None, None, START).unwrap();
    assert_eq!(pair.exchange(), []);
    assert_eq!(pair.received(), b"\x88\x82\0\0\0\0\x03\xe8");
    pair.server.writer().write_all(b"\x88\x02\x03\xe8").unwrap();
    pair.server.send_close_notify();
    let events = pair.exchange();
    assert!(matches!(&events[..], [Event::Close(closed)] if closed.was_clean));
    let state = pair.server.process_new_packets().unwrap();
    assert!(state.peer_has_closed());
}

#[test]
fn a_closing_handshake_is_clean_though_the_server_leaves_without_close_notify() {
    let mut pair = Pair::open();
    pair.websocket.close(None, None, START).unwrap();
    pair.exchange();
    pair.server.writer().write_all(b"\x88\x02\x03\xe8").unwrap();
    assert_eq!(pair.exchange(), []);
    pair.websocket.handle_eof();
    let events = events(&mut pair.websocket);
    assert!(matches!(&events[..], [Event::Close(closed)] if closed.was_clean));
}

/// It was told as one of the opening handshake, after `open`.
#[test]
fn a_failure_that_arrives_with_the_answer_is_told_of_the_open_connection() {
    let mut pair = Pair::new("127.0.0.1");
    pair.exchange();
    pair.server.writer().write_all(ANSWER).unwrap();
    let mut records = Vec::new();
    pair.server.write_tls(&mut records).unwrap();
    // Data that is not sealed.
    records.extend_from_slice(b"\x17\x03\x03\x00\x02\x81\x00");
    pair.websocket.handle_input(records, START);
    let events = events(&mut pair.websocket);
    assert!(
        matches!(&events[..], [Event::Open(_), Event::Error(error), Event::Close(_)]
            if (error.step, &error.kind) == (Step::Open, &ErrorKind::TlsFailed)),
        "{events:?}"
    );
}

/// It was told as one of the opening handshake, once what is owed had been asked for.
#[test]
fn a_timeout_in_the_tls_handshake_is_told_of_it() {
    let mut pair = Pair::new("127.0.0.1");
    let deadline = at(30_000);
    assert_eq!(pair.websocket.poll_timeout(), Some(deadline));
    pair.websocket.handle_timeout(deadline);
    transmitted(&mut pair.websocket);
    let timeout = ErrorKind::Timeout(Timeout::Connect);
    assert_eq!(
        assert_fails(&mut pair.websocket, deadline, Step::Tls, timeout),
        "the TLS handshake was not done within the connect timeout"
    );
}
