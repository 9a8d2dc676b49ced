//! The closing handshake (RFC 6455, sections 5.5.1 and 7).

use super::*;

#[test]
fn a_close_frame_is_sent_and_its_answer_awaited() {
    let mut connection = open();
    let frame_sent = CloseFrame::new(4000, "bye").unwrap();
    let token = connection.close(&frame_sent, START).unwrap();
    assert_eq!(
        transmitted(&mut connection),
        masked(0x88, &close_payload(4000, "bye"))
    );
    assert_eq!(
        feed(&mut connection, &frame(0x88, &close_payload(4000, "bye"))),
        []
    );
    // The server is to end the stream first.
    assert!(!connection.is_done_sending());
    connection.handle_eof();
    assert_eq!(
        events(&mut connection),
        [closed(4000, "bye", true, Some(token))]
    );
}

#[test]
fn the_close_frame_follows_what_was_queued() {
    let mut connection = open();
    connection
        .send(Outgoing::Text("Hello"), MASKED, START)
        .unwrap();
    connection.close(&normal_closure(), START).unwrap();
    assert_eq!(
        transmitted(&mut connection),
        [
            masked(0x81, b"Hello"),
            masked(0x88, &close_payload(1000, ""))
        ]
        .concat()
    );
}

#[test]
fn messages_before_the_peers_close_frame_are_delivered() {
    let mut connection = closing();
    assert_eq!(text(&feed(&mut connection, b"\x81\x05Hello")[0]), "Hello");
}

#[test]
fn a_close_frame_of_the_peer_is_answered_with_its_code() {
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000,
        4999,
    ] {
        let mut connection = open();
        assert_eq!(
            feed(&mut connection, &frame(0x88, &close_payload(code, "why"))),
            []
        );
        assert_eq!(connection.state(), ConnectionState::Closing);
        assert_eq!(
            transmitted(&mut connection),
            masked(0x88, &close_payload(code, ""))
        );
        connection.handle_eof();
        assert_eq!(events(&mut connection), [closed(code, "why", true, None)]);
    }
}

#[test]
fn a_close_frame_without_a_code_is_answered_without_one() {
    let mut connection = open();
    feed(&mut connection, b"\x88\x00");
    assert_eq!(transmitted(&mut connection), masked(0x88, b""));
    connection.handle_eof();
    assert_eq!(events(&mut connection), [closed(1005, "", true, None)]);
}

#[test]
fn close_codes_that_may_not_be_sent_fail_with_1002() {
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        assert_fails(
            &mut open(),
            &frame(0x88, &close_payload(code, "")),
            ProtocolError::CloseCode(code),
            1002,
        );
    }
}

#[test]
fn a_payload_of_one_byte_fails_with_1002() {
    assert_fails(
        &mut open(),
        b"\x88\x01\x03",
        ProtocolError::CloseFrameOfOneByte,
        1002,
    );
}

#[test]
fn reasons_of_123_bytes_are_received() {
    let reason = "x".repeat(123);
    let mut connection = open();
    feed(&mut connection, &frame(0x88, &close_payload(1000, &reason)));
    transmitted(&mut connection);
    connection.handle_eof();
    assert_eq!(events(&mut connection), [closed(1000, &reason, true, None)]);
}

#[test]
fn a_reason_that_is_not_utf_8_fails_with_1007() {
    assert_fails(
        &mut open(),
        b"\x88\x04\x03\xe8\xce\xff",
        ProtocolError::CloseReasonNotUtf8,
        1007,
    );
}

#[test]
fn what_follows_the_peers_close_frame_is_discarded() {
    let mut connection = open();
    let bytes = [
        &frame(0x88, &close_payload(1000, ""))[..],
        b"\x81\x05Hello\x89\x00\xff\xff",
    ]
    .concat();
    assert_eq!(feed(&mut connection, &bytes), []);
    assert_eq!(
        transmitted(&mut connection),
        masked(0x88, &close_payload(1000, ""))
    );
}

#[test]
fn both_may_close_at_once() {
    let mut connection = open();
    let token = connection.close(&normal_closure(), START).unwrap();
    feed(&mut connection, &frame(0x88, &close_payload(1001, "")));
    // One Close frame each.
    assert_eq!(
        transmitted(&mut connection),
        masked(0x88, &close_payload(1000, ""))
    );
    connection.handle_eof();
    assert_eq!(
        events(&mut connection),
        [closed(1001, "", true, Some(token))]
    );
}

#[test]
fn closing_again_sends_nothing_and_shares_the_token() {
    let mut connection = open();
    let token = connection.close(&normal_closure(), START).unwrap();
    transmitted(&mut connection);
    let other = CloseFrame::new(3000, "other").unwrap();
    assert_eq!(connection.close(&other, START), Ok(token));
    assert_eq!(transmitted(&mut connection), b"");
    connection.handle_stream_lost();
    events(&mut connection);
    assert_eq!(connection.close(&other, START), Err(AlreadyClosed));
}

#[test]
fn closing_while_the_peer_closes_gets_a_token() {
    let mut connection = open();
    feed(&mut connection, b"\x88\x00");
    let token = connection.close(&normal_closure(), START).unwrap();
    assert_eq!(transmitted(&mut connection), masked(0x88, b""));
    connection.handle_eof();
    assert_eq!(
        events(&mut connection),
        [closed(1005, "", true, Some(token))]
    );
}

#[test]
fn a_violation_while_closing_fails_without_a_second_close_frame() {
    let mut connection = closing();
    let error = ProtocolError::ReservedOpcode(3);
    assert_eq!(
        feed(&mut connection, b"\x83\x00"),
        [Event::Error(error.into())]
    );
    assert_eq!(transmitted(&mut connection), b"");
    assert!(connection.is_done_sending());
    connection.handle_eof();
    assert!(
        matches!(&events(&mut connection)[..], [Event::Closed(closed)] if !closed.was_clean && closed.token.is_some())
    );
}
