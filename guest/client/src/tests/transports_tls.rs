//! Over a transport that has TLS of its own.

use alloc::string::ToString;

use super::*;

fn over_secure_transport(address: &str) -> WebSocket {
    let options = Options::default();
    WebSocket::over_secure_transport(url(address), &options, Box::new(Zeros), START).unwrap()
}

/// A websocket that has a stream, on which the transport is to do its TLS handshake.
fn securing() -> WebSocket {
    let mut websocket = over_secure_transport("wss://192.0.2.1/");
    attempt(&mut websocket, START);
    websocket.handle_connected(START, UNIX_TIME);
    assert_eq!(websocket.poll_secure(), Some("192.0.2.1".into()));
    websocket
}

#[test]
fn the_opening_handshake_waits_for_the_transports_tls() {
    let mut websocket = securing();
    assert_eq!(websocket.poll_secure(), None);
    assert_eq!(websocket.poll_dial(at(1_000)), None);
    assert_eq!(websocket.ready_state(), ReadyState::Connecting);
    assert!(!websocket.wants_input());
    assert_eq!(transmitted(&mut websocket), []);
    websocket.handle_secured(Ok(()), START);
    assert!(websocket.wants_input());
    // In plaintext, which is the transport's to seal.
    assert!(transmitted(&mut websocket).starts_with(b"GET / HTTP/1.1\r\n"));
    websocket.handle_input(ANSWER.to_vec(), START);
    assert!(matches!(events(&mut websocket)[..], [Event::Open(_)]));
}

#[test]
fn the_name_is_told_as_certificates_have_it() {
    for (address, name) in [
        ("wss://Example.org./", "example.org"),
        ("wss://192.0.2.1:9/", "192.0.2.1"),
        ("wss://[2001:db8::1]/", "2001:db8::1"),
    ] {
        let mut websocket = over_secure_transport(address);
        if let Some(Dial::Resolve(_)) = websocket.poll_dial(START) {
            websocket.handle_resolved(Ok(vec!["192.0.2.1".parse().unwrap()]));
        }
        assert_eq!(websocket.poll_secure(), None);
        websocket.handle_connected(START, UNIX_TIME);
        assert_eq!(websocket.poll_secure(), Some(name.into()));
    }
}

#[test]
fn without_wss_the_transports_tls_is_not_asked_for() {
    let mut websocket = over_secure_transport("ws://192.0.2.1/");
    attempt(&mut websocket, START);
    websocket.handle_connected(START, UNIX_TIME);
    assert_eq!(websocket.poll_secure(), None);
    assert!(transmitted(&mut websocket).starts_with(b"GET / HTTP/1.1\r\n"));
}

#[test]
fn a_failure_of_the_transports_tls_fails_the_connection_at_that_step() {
    let mut websocket = securing();
    let error = transport_error(TransportErrorKind::TlsFailed);
    websocket.handle_secured(Err(error), START);
    let message = assert_fails(&mut websocket, START, Step::Tls, ErrorKind::TlsFailed);
    assert_eq!(message, "what the host says");
}

#[test]
fn the_connect_timeout_covers_the_transports_tls() {
    let late = at(30_000);
    let mut websocket = securing();
    assert_eq!(websocket.poll_timeout(), Some(late));
    websocket.handle_timeout(at(29_999));
    assert_eq!(events(&mut websocket), []);
    websocket.handle_timeout(late);
    let timeout = ErrorKind::Timeout(Timeout::Connect);
    let message = assert_fails(&mut websocket, late, Step::Tls, timeout);
    assert_eq!(
        message,
        "the TLS handshake was not done within the connect timeout"
    );
}

#[test]
fn who_closes_during_the_transports_tls_gives_up() {
    let mut websocket = securing();
    let token = websocket.close(None, None, START).unwrap();
    let events = events(&mut websocket);
    let [Event::Close(closed)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((closed.code, closed.token), (1006, Some(token)));
    websocket.handle_secured(Ok(()), START);
    assert_eq!(websocket.ready_state(), ReadyState::Closed);
}

#[test]
fn roots_that_the_transport_cannot_be_told_are_refused() {
    let mut options = Options::default();
    options.remove_built_in_roots();
    let connect =
        |address| WebSocket::over_secure_transport(url(address), &options, Box::new(Zeros), START);
    let error = connect("wss://192.0.2.1/").map(drop).unwrap_err();
    assert_eq!(error.part, Part::Roots);
    assert_eq!(
        error.to_string(),
        "the built-in roots are removed, and TLS is the host's, which is told no others"
    );
    // There they are of no use, whosever TLS it is.
    assert!(connect("ws://192.0.2.1/").is_ok());
}
