//! Timeouts of the opening and of the closing handshake. Those of pings are in `ping.rs`.

use super::*;

#[test]
fn an_answer_that_does_not_come_fails_the_opening_handshake() {
    let mut connection = opening();
    assert_eq!(connection.poll_timeout(), Some(at(30_000)));
    connection.handle_timeout(at(29_999));
    assert_eq!(events(&mut connection), []);
    connection.handle_timeout(at(30_000));
    assert_eq!(
        events(&mut connection),
        [
            Event::Error(TimeoutError::Handshake.into()),
            closed(1006, "", false, None)
        ]
    );
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn a_refusal_whose_body_is_late_is_a_refusal() {
    let mut connection = opening();
    feed(
        &mut connection,
        b"HTTP/1.1 503 Busy\r\nContent-Length: 10\r\n\r\n",
    );
    connection.handle_timeout(at(30_000));
    assert!(matches!(
        &events(&mut connection)[0],
        Event::Error(ConnectionError::Handshake(HandshakeError::Refused(refusal)))
            if refusal.status == 503
    ));
}

#[test]
fn a_late_timeout_is_a_late_one() {
    let mut connection = opening();
    connection.handle_timeout(at(99_000));
    assert_eq!(events(&mut connection).len(), 2);
}

#[test]
fn an_open_connection_has_no_deadline() {
    assert_eq!(open().poll_timeout(), None);
}

#[test]
fn a_close_frame_that_is_not_answered_is_an_error() {
    let mut connection = closing();
    assert_eq!(connection.poll_timeout(), Some(at(10_000)));
    connection.handle_timeout(at(10_000));
    assert!(matches!(
        &events(&mut connection)[..],
        [Event::Error(ConnectionError::Timeout(TimeoutError::Close)), Event::Closed(closed)]
            if !closed.was_clean
    ));
}

#[test]
fn a_server_that_does_not_end_the_stream_is_waited_for_no_longer_than_the_timeout() {
    let mut connection = closing();
    feed_at(
        &mut connection,
        &frame(0x88, &close_payload(1000, "")),
        at(9_000),
    );
    assert_eq!(connection.poll_timeout(), Some(at(10_000)));
    connection.handle_timeout(at(10_000));
    assert!(matches!(&events(&mut connection)[..], [Event::Closed(closed)] if closed.was_clean));
}

#[test]
fn a_peer_that_sends_on_after_a_failure_is_waited_for_no_longer_than_the_timeout() {
    let mut connection = open();
    feed(&mut connection, b"\x83\x00");
    transmitted(&mut connection);
    assert_eq!(feed_at(&mut connection, &[0xff; 1000], at(5_000)), []);
    connection.handle_timeout(at(10_000));
    assert_eq!(events(&mut connection), [closed(1006, "", false, None)]);
}
