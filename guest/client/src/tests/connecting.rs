//! From the name of the host to the open connection.

use super::*;

#[test]
fn a_name_is_resolved_and_its_address_connected_to() {
    let mut websocket = connecting();
    assert_eq!(websocket.ready_state(), ReadyState::Connecting);
    assert_eq!(
        websocket.poll_dial(START),
        Some(Dial::Resolve("example.org".into()))
    );
    assert_eq!(websocket.poll_dial(START), None);
    websocket.handle_resolved(Ok(vec!["192.0.2.1".parse().unwrap()]));
    let (_, address) = attempt(&mut websocket, START);
    assert_eq!(address, "192.0.2.1:80".parse().unwrap());
    assert!(!websocket.wants_input());
    websocket.handle_connected(START, UNIX_TIME);
    assert!(websocket.wants_input());
    assert!(transmitted(&mut websocket).starts_with(b"GET / HTTP/1.1\r\n"));
    websocket.handle_input(ANSWER.to_vec(), START);
    assert!(matches!(events(&mut websocket)[..], [Event::Open(_)]));
    assert_eq!(websocket.ready_state(), ReadyState::Open);
    assert_eq!(websocket.poll_timeout(), None);
}

#[test]
fn a_second_address_is_tried_beside_the_first() {
    let mut websocket = connecting();
    websocket.poll_dial(START);
    let addresses = ["192.0.2.1", "192.0.2.2"].map(|a| a.parse().unwrap());
    websocket.handle_resolved(Ok(addresses.into()));
    attempt(&mut websocket, at(0));
    assert_eq!(websocket.poll_timeout(), Some(at(250)));
    attempt(&mut websocket, at(250));
    assert_eq!(websocket.poll_timeout(), Some(at(30_000)));
    websocket.handle_connected(at(300), UNIX_TIME);
    assert_eq!(websocket.poll_dial(at(600)), None);
}

#[test]
fn an_address_that_fails_is_followed_by_the_next() {
    let mut websocket = connecting();
    websocket.poll_dial(START);
    let addresses = ["192.0.2.1", "192.0.2.2"].map(|a| a.parse().unwrap());
    websocket.handle_resolved(Ok(addresses.into()));
    let (first, _) = attempt(&mut websocket, START);
    let refused = TransportErrorKind::ConnectionRefused;
    websocket.handle_attempt_failed(first, transport_error(refused));
    let (second, _) = attempt(&mut websocket, START);
    assert_eq!(events(&mut websocket), []);
    websocket.handle_attempt_failed(second, transport_error(refused));
    let message = assert_fails(
        &mut websocket,
        START,
        Step::Connect,
        ErrorKind::ConnectionRefused,
    );
    assert_eq!(
        message,
        "192.0.2.1:80: what the host says; 192.0.2.2:80: what the host says"
    );
}

#[test]
fn a_name_that_is_not_found_fails_at_that_step() {
    for (kind, expected) in [
        (TransportErrorKind::NameNotFound, ErrorKind::NameNotFound),
        (
            TransportErrorKind::NameLookupFailed,
            ErrorKind::NameLookupFailed,
        ),
        (TransportErrorKind::AccessDenied, ErrorKind::AccessDenied),
    ] {
        let mut websocket = connecting();
        websocket.poll_dial(START);
        websocket.handle_resolved(Err(transport_error(kind)));
        assert_fails(&mut websocket, START, Step::Name, expected);
    }
}

#[test]
fn one_timeout_covers_all_steps_and_names_the_one_it_met() {
    let timeout = || ErrorKind::Timeout(Timeout::Connect);
    let late = at(30_000);

    let mut websocket = connecting();
    websocket.poll_dial(START);
    assert_eq!(websocket.poll_timeout(), Some(late));
    websocket.handle_timeout(at(29_999));
    assert_eq!(events(&mut websocket), []);
    websocket.handle_timeout(late);
    assert_fails(&mut websocket, late, Step::Name, timeout());

    let mut websocket = super::websocket("ws://127.0.0.1/", &Options::default());
    attempt(&mut websocket, START);
    websocket.handle_timeout(late);
    assert_fails(&mut websocket, late, Step::Connect, timeout());

    for (address, step) in [
        #[cfg(feature = "tls")]
        ("wss://127.0.0.1/", Step::Tls),
        ("ws://127.0.0.1/", Step::Handshake),
    ] {
        let mut websocket = super::websocket(address, &Options::default());
        attempt(&mut websocket, START);
        websocket.handle_connected(at(20_000), UNIX_TIME);
        assert_eq!(websocket.poll_timeout(), Some(late));
        websocket.handle_timeout(late);
        assert_fails(&mut websocket, late, step, timeout());
    }
}

#[test]
fn a_second_success_changes_nothing() {
    let mut websocket = open();
    websocket.handle_connected(START, UNIX_TIME);
    assert_eq!(websocket.ready_state(), ReadyState::Open);
    websocket.handle_input(b"\x82\x01a".to_vec(), START);
    assert_eq!(events(&mut websocket), [binary(b"a")]);
}

#[test]
fn closing_before_there_is_a_stream_gives_up() {
    let mut websocket = connecting();
    let token = websocket.close(None, None, START).unwrap();
    assert_eq!(
        events(&mut websocket),
        [Event::Close(Closed {
            code: 1006,
            reason: "".into(),
            was_clean: false,
            token: Some(token)
        })]
    );
    assert_eq!(websocket.poll_dial(START), None);
    assert_eq!(
        websocket.close(None, None, START),
        Err(CommandError::InvalidState(ReadyState::Closed))
    );
}

#[test]
fn what_comes_after_giving_up_is_ignored() {
    let mut websocket = connecting();
    websocket.poll_dial(START);
    websocket.close(None, None, START).unwrap();
    events(&mut websocket);
    websocket.handle_resolved(Ok(vec!["192.0.2.1".parse().unwrap()]));
    websocket.handle_connected(START, UNIX_TIME);
    websocket.handle_timeout(at(99_000));
    assert_eq!(websocket.poll_dial(START), None);
    assert_eq!(events(&mut websocket), []);
    assert_eq!(websocket.poll_transmit(), b"");
}

#[test]
fn a_secure_connection_needs_a_root() {
    let mut options = Options::default();
    options.remove_built_in_roots();
    let connect = |address| {
        let mut contexts = TlsContexts::new();
        WebSocket::new(
            url(address),
            &options,
            &mut contexts,
            Box::new(Zeros),
            START,
        )
        .map(|websocket| websocket.ready_state())
        .map_err(|error| error.part)
    };
    assert_eq!(connect("wss://example.org/"), Err(Part::Roots));
    assert_eq!(connect("ws://example.org/"), Ok(ReadyState::Connecting));
}
