//! What is told when something below the connection fails, or the server does.

use super::*;

#[test]
fn a_stream_that_ends_is_told_by_the_step_it_met() {
    let mut websocket = connected("ws://127.0.0.1/", &Options::default());
    websocket.handle_eof();
    assert_fails(
        &mut websocket,
        START,
        Step::Handshake,
        ErrorKind::ConnectionEnded,
    );

    let mut websocket = open();
    websocket.handle_eof();
    assert_fails(
        &mut websocket,
        START,
        Step::Open,
        ErrorKind::ConnectionEnded,
    );

    let mut websocket = open();
    websocket.close(None, None, START).unwrap();
    websocket.handle_eof();
    assert_fails(
        &mut websocket,
        START,
        Step::Close,
        ErrorKind::ConnectionEnded,
    );
}

#[test]
fn a_stream_that_is_lost_is_told_with_what_the_host_says() {
    let mut websocket = open();
    websocket.handle_lost(transport_error(TransportErrorKind::ConnectionLost));
    let message = assert_fails(&mut websocket, START, Step::Open, ErrorKind::ConnectionLost);
    assert_eq!(message, "what the host says");
}

#[test]
fn what_arrived_before_the_end_is_told_before_it() {
    let mut websocket = open();
    websocket.handle_input(b"\x82\x01a\x82\x01b".to_vec(), START);
    websocket.handle_lost(transport_error(TransportErrorKind::ConnectionLost));
    assert!(!websocket.wants_input());
    let events = events(&mut websocket);
    assert_eq!(events[..2], [binary(b"a"), binary(b"b")]);
    assert!(matches!(events[2..], [Event::Error(_), Event::Close(_)]));
}

#[test]
fn input_is_not_wanted_while_some_is_not_taken() {
    let mut websocket = open();
    websocket.handle_input(b"\x82\x01a\x82\x01b".to_vec(), START);
    assert!(!websocket.wants_input());
    assert!(websocket.has_pending());
    assert_eq!(websocket.poll_event(START), Some(binary(b"a")));
    assert!(!websocket.wants_input());
    assert_eq!(websocket.poll_event(START), Some(binary(b"b")));
    assert!(websocket.wants_input());
    assert!(!websocket.has_pending());
}

#[test]
fn a_loss_after_the_closing_handshake_is_no_failure() {
    let mut websocket = open();
    websocket.close(None, None, START).unwrap();
    transmitted(&mut websocket);
    websocket.handle_input(b"\x88\x02\x03\xe8".to_vec(), START);
    assert_eq!(events(&mut websocket), []);
    websocket.handle_lost(transport_error(TransportErrorKind::ConnectionLost));
    let events = events(&mut websocket);
    assert!(matches!(&events[..], [Event::Close(closed)] if closed.was_clean));
}

/// The end of a stream can be read over and over: a shell that was told to read on would never
/// come to rest.
#[test]
fn after_the_end_no_input_is_wanted_though_bytes_are_owed() {
    let mut websocket = open();
    websocket.handle_input(b"\x88\x02\x03\xe8".to_vec(), START);
    assert_eq!(events(&mut websocket), []);
    assert!(websocket.wants_input());
    websocket.handle_eof();
    assert_eq!(events(&mut websocket), []);
    assert_eq!(websocket.ready_state(), ReadyState::Closing);
    assert!(!websocket.wants_input());
    transmitted(&mut websocket);
    let events = events(&mut websocket);
    assert!(matches!(&events[..], [Event::Close(closed)] if closed.was_clean));
}

#[test]
fn a_refusal_says_what_the_server_said() {
    let mut websocket = connected("ws://127.0.0.1/", &Options::default());
    let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\n\r\nmembers only\n";
    websocket.handle_input(answer.to_vec(), START);
    let events = events(&mut websocket);
    let Event::Error(error) = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(error.step, Step::Handshake);
    assert_eq!(
        error.message,
        "the server refused with status 403 Forbidden: members on"
    );
    assert!(matches!(&error.kind, ErrorKind::Refused(refusal) if refusal.status == 403));
}

#[test]
fn what_the_server_does_wrong_is_told_by_kind() {
    for (input, kind) in [
        (&b"\x83\x00"[..], ErrorKind::ProtocolError),
        (b"\x81\x01\xff", ErrorKind::InvalidUtf8),
        (
            b"\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00",
            ErrorKind::MessageTooBig,
        ),
    ] {
        let mut websocket = open();
        websocket.handle_input(input.to_vec(), START);
        let events = events(&mut websocket);
        assert!(
            matches!(&events[..], [Event::Error(error)]
                if error.kind == kind && error.step == Step::Open),
            "{events:?}"
        );
        assert!(!websocket.is_done_sending());
        assert!(transmitted(&mut websocket).starts_with(&[0x88]));
        assert!(websocket.is_done_sending());
    }
    let mut websocket = connected("ws://127.0.0.1/", &Options::default());
    websocket.handle_input(b"SSH-2.0-x\r\n".to_vec(), START);
    assert_fails(
        &mut websocket,
        START,
        Step::Handshake,
        ErrorKind::HandshakeInvalid,
    );
}

#[test]
fn timeouts_are_told_by_kind() {
    let mut websocket = open();
    websocket.ping(b"", false, START).unwrap();
    websocket.handle_timeout(at(30_000));
    let events = events(&mut websocket);
    assert!(matches!(&events[..], [Event::Error(error)]
        if error.kind == ErrorKind::Timeout(Timeout::Pong) && error.step == Step::Open));

    let mut websocket = open();
    websocket.close(None, None, START).unwrap();
    websocket.handle_timeout(at(10_000));
    assert_fails(
        &mut websocket,
        START,
        Step::Close,
        ErrorKind::Timeout(Timeout::Close),
    );
}
