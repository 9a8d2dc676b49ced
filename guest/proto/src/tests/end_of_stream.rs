//! The end of the stream in every state (RFC 6455, sections 7.1.1 and 7.1.5).

use super::*;

fn ended() -> Event {
    Event::Error(ConnectionError::StreamEnded)
}

#[test]
fn before_the_answer_it_fails_the_opening_handshake() {
    for answer in [&b""[..], b"HTTP/1.1 101 Switching Protocols\r\nUpgr"] {
        let mut connection = opening();
        feed(&mut connection, answer);
        connection.handle_eof();
        assert_eq!(
            events(&mut connection),
            [
                Event::Error(HandshakeError::Ended.into()),
                closed(1006, "", false, None)
            ]
        );
    }
}

#[test]
fn without_a_close_frame_it_is_an_error() {
    for before in [&b""[..], b"\x81", b"\x81\x05He", b"\x01\x05Hello"] {
        let mut connection = open();
        assert_eq!(feed(&mut connection, before), []);
        connection.handle_eof();
        assert_eq!(
            events(&mut connection),
            [ended(), closed(1006, "", false, None)]
        );
    }
}

#[test]
fn before_the_answer_to_our_close_frame_it_is_an_error() {
    let mut connection = closing();
    connection.handle_eof();
    assert!(matches!(
        &events(&mut connection)[..],
        [error, Event::Closed(closed)] if *error == ended() && !closed.was_clean
    ));
}

#[test]
fn our_answer_to_a_close_frame_is_written_though_the_peer_ended_its_side() {
    let mut connection = open();
    feed(&mut connection, &frame(0x88, &close_payload(1000, "")));
    connection.handle_eof();
    assert_eq!(events(&mut connection), []);
    connection.advance_transmit(3);
    assert_eq!(events(&mut connection), []);
    transmitted(&mut connection);
    assert_eq!(events(&mut connection), [closed(1000, "", true, None)]);
}

#[test]
fn a_stream_that_is_lost_after_the_closing_handshake_is_closed_cleanly() {
    let mut connection = closing();
    feed(&mut connection, &frame(0x88, &close_payload(1000, "")));
    connection.handle_stream_lost();
    assert!(matches!(&events(&mut connection)[..], [Event::Closed(closed)] if closed.was_clean));
}

#[test]
fn a_stream_that_is_lost_does_not_wait_for_what_is_owed() {
    let mut connection = open();
    feed(&mut connection, b"\x83\x00");
    assert!(!connection.poll_transmit().is_empty());
    connection.handle_stream_lost();
    assert_eq!(events(&mut connection), [closed(1006, "", false, None)]);
}

/// It was written, and told of as sent, after the connection was closed.
#[test]
fn what_is_owed_at_the_end_is_not_written_any_more() {
    let mut connection = open();
    connection
        .send(Outgoing::Text("late"), MASKED, START)
        .unwrap();
    connection.handle_eof();
    assert_eq!(connection.poll_transmit(), b"");
    assert_eq!(
        events(&mut connection),
        [ended(), closed(1006, "", false, None)]
    );
    assert!(connection.is_done_sending());
}

#[test]
fn after_the_end_nothing_happens() {
    let mut connection = open();
    connection.handle_eof();
    events(&mut connection);
    assert_eq!(connection.handle_input(b"\x81\x05Hello", START), 7);
    connection.handle_eof();
    connection.handle_stream_lost();
    connection.handle_timeout(at(1_000_000));
    connection.resume(at(1_000_000));
    assert_eq!(events(&mut connection), []);
    assert_eq!(connection.poll_transmit(), b"");
    assert_eq!(connection.poll_timeout(), None);
    assert!(connection.is_done_sending());
    assert_eq!(
        connection.send(Outgoing::Text("x"), MASKED, START),
        Err(SendError::NotOpen)
    );
    assert_eq!(
        connection.close(&normal_closure(), START),
        Err(AlreadyClosed)
    );
}
