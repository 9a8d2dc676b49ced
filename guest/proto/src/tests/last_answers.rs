//! What was answered before the peer's Close frame, or before a bad frame, is written before ours.

use super::*;

/// A good message and a bad frame, in one piece.
const MESSAGE_AND_VIOLATION: &[u8] = b"\x81\x02ok\x83\x00";
/// A good message and a Close frame, in one piece.
const MESSAGE_AND_CLOSE: &[u8] = b"\x81\x02ok\x88\x02\x03\xe8";

fn violation() -> ProtocolError {
    ProtocolError::ReservedOpcode(3)
}

fn failing_close() -> Vec<u8> {
    let reason = alloc::format!("{}", violation());
    masked(0x88, &close_payload(1002, &reason))
}

fn normal_close() -> Vec<u8> {
    masked(0x88, &close_payload(1000, ""))
}

/// A connection whose application took the message, and has not answered it.
fn ending(bytes: &[u8]) -> Connection {
    let mut connection = open();
    let events = feed(&mut connection, bytes);
    assert_eq!(text(&events[0]), "ok");
    assert_eq!(events.len(), 1);
    assert_eq!(connection.state(), ConnectionState::Open);
    assert_eq!(connection.poll_timeout(), Some(at(20)));
    assert_eq!(connection.poll_transmit(), b"");
    connection
}

fn answer(connection: &mut Connection) -> Token {
    connection
        .send(Outgoing::Text("ok"), MASKED, at(1))
        .unwrap()
}

#[test]
fn an_answer_goes_out_before_the_connection_fails() {
    let mut connection = ending(MESSAGE_AND_VIOLATION);
    let token = answer(&mut connection);
    assert_eq!(transmitted(&mut connection), masked(0x81, b"ok"));
    assert_eq!(events(&mut connection), [Event::Sent(token)]);
    connection.handle_timeout(at(20));
    assert_eq!(events(&mut connection), [Event::Error(violation().into())]);
    assert_eq!(transmitted(&mut connection), failing_close());
    assert!(connection.is_done_sending());
    connection.handle_eof();
    assert_eq!(events(&mut connection), [closed(1006, "", false, None)]);
}

#[test]
fn an_answer_goes_out_before_a_close_frame_is_answered() {
    let mut connection = ending(MESSAGE_AND_CLOSE);
    let token = answer(&mut connection);
    connection.handle_timeout(at(20));
    assert_eq!(connection.state(), ConnectionState::Closing);
    assert_eq!(
        transmitted(&mut connection),
        [masked(0x81, b"ok"), normal_close()].concat()
    );
    connection.handle_eof();
    assert_eq!(
        events(&mut connection),
        [Event::Sent(token), closed(1000, "", true, None)]
    );
}

#[test]
fn what_is_not_answered_delays_the_end_and_nothing_else() {
    for (bytes, close) in [
        (MESSAGE_AND_VIOLATION, failing_close()),
        (MESSAGE_AND_CLOSE, normal_close()),
    ] {
        let mut connection = ending(bytes);
        connection.handle_timeout(at(19));
        assert_eq!(connection.state(), ConnectionState::Open);
        // However late.
        connection.handle_timeout(at(3_000));
        assert_eq!(transmitted(&mut connection), close);
        assert_eq!(connection.state(), ConnectionState::Closing);
    }
}

#[test]
fn the_pong_to_a_ping_before_the_end_is_not_delayed() {
    let mut connection = open();
    let bytes = b"\x81\x02ok\x89\x01p\x83\x00";
    let events = feed(&mut connection, bytes);
    assert_eq!(events[1..], [Event::Ping(b"p".to_vec())]);
    assert_eq!(transmitted(&mut connection), masked(0x8a, b"p"));
}

#[test]
fn without_a_message_the_end_is_at_once() {
    for (bytes, close) in [
        (&b"\x83\x00"[..], failing_close()),
        (b"\x88\x02\x03\xe8", normal_close()),
        (
            b"\x89\x00\x83\x00",
            [masked(0x8a, b""), failing_close()].concat(),
        ),
    ] {
        let mut connection = open();
        feed(&mut connection, bytes);
        assert_eq!(transmitted(&mut connection), close);
    }
}

#[test]
fn a_message_that_was_taken_long_ago_delays_nothing() {
    let mut connection = open();
    feed(&mut connection, b"\x81\x02ok");
    connection.handle_timeout(at(100));
    feed_at(&mut connection, b"\x83\x00", at(120));
    assert_eq!(transmitted(&mut connection), failing_close());
}

#[test]
fn a_message_that_is_taken_late_can_be_answered() {
    let mut connection = open();
    assert_eq!(connection.handle_input(MESSAGE_AND_VIOLATION, START), 4);
    // The application was busy, and takes it now.
    assert_eq!(events(&mut connection).len(), 1);
    connection.handle_input(&MESSAGE_AND_VIOLATION[4..], at(5_000));
    assert_eq!(connection.poll_timeout(), Some(at(5_020)));
    answer(&mut connection);
    connection.handle_timeout(at(5_020));
    assert_eq!(
        transmitted(&mut connection),
        [masked(0x81, b"ok"), failing_close()].concat()
    );
}

#[test]
fn what_follows_the_end_is_discarded_and_delays_nothing() {
    let mut connection = ending(MESSAGE_AND_VIOLATION);
    let more = b"\x81\x02no\x89\x00\x88\x00";
    assert_eq!(connection.handle_input(more, at(10)), more.len());
    assert_eq!(events(&mut connection), []);
    assert_eq!(connection.poll_transmit(), b"");
    assert_eq!(connection.poll_timeout(), Some(at(20)));
}

#[test]
fn the_end_of_the_stream_waits_for_no_answer() {
    let mut connection = ending(MESSAGE_AND_VIOLATION);
    connection.handle_eof();
    assert_eq!(events(&mut connection), [Event::Error(violation().into())]);
    assert_eq!(transmitted(&mut connection), failing_close());
    assert_eq!(events(&mut connection), [closed(1006, "", false, None)]);

    let mut connection = ending(MESSAGE_AND_CLOSE);
    connection.handle_eof();
    assert_eq!(transmitted(&mut connection), normal_close());
    assert_eq!(events(&mut connection), [closed(1000, "", true, None)]);
}

#[test]
fn a_lost_stream_waits_for_nothing() {
    let mut connection = ending(MESSAGE_AND_VIOLATION);
    connection.handle_stream_lost();
    assert_eq!(
        events(&mut connection),
        [
            Event::Error(violation().into()),
            closed(1006, "", false, None)
        ]
    );
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn an_application_that_closes_has_no_more_answers() {
    let mut connection = ending(MESSAGE_AND_VIOLATION);
    answer(&mut connection);
    let token = connection.close(&normal_closure(), at(5)).unwrap();
    assert_eq!(
        transmitted(&mut connection),
        [masked(0x81, b"ok"), failing_close()].concat()
    );
    events(&mut connection);
    connection.handle_eof();
    assert_eq!(
        events(&mut connection),
        [closed(1006, "", false, Some(token))]
    );

    let mut connection = ending(MESSAGE_AND_CLOSE);
    let token = connection.close(&normal_closure(), at(5)).unwrap();
    assert_eq!(transmitted(&mut connection), normal_close());
    connection.handle_eof();
    assert_eq!(
        events(&mut connection),
        [closed(1000, "", true, Some(token))]
    );
}

#[test]
fn pings_are_not_waited_for_once_nothing_is_received() {
    let mut connection = open_with(Config {
        timeouts: Timeouts {
            pong: Duration::from_millis(5),
            ping_interval: Some(Duration::from_millis(5)),
            ..Timeouts::default()
        },
        ..Config::default()
    });
    connection.ping(b"before", false, START).unwrap();
    feed(&mut connection, MESSAGE_AND_VIOLATION);
    connection.ping(b"after", false, at(1)).unwrap();
    connection.resume(at(2));
    assert_eq!(connection.poll_timeout(), Some(at(20)));
    connection.handle_timeout(at(20));
    assert_eq!(events(&mut connection), [Event::Error(violation().into())]);
}

#[test]
fn an_application_may_leave_no_time_for_answers() {
    let mut connection = open_with(Config {
        timeouts: Timeouts {
            answering: Duration::ZERO,
            ..Timeouts::default()
        },
        ..Config::default()
    });
    let events = feed(&mut connection, MESSAGE_AND_VIOLATION);
    assert_eq!(events[1..], [Event::Error(violation().into())]);
    assert_eq!(transmitted(&mut connection), failing_close());
}

#[test]
fn in_a_closing_handshake_there_is_no_answer_to_wait_for() {
    let mut connection = closing();
    let events = feed(&mut connection, MESSAGE_AND_VIOLATION);
    assert_eq!(events[1..], [Event::Error(violation().into())]);
}
