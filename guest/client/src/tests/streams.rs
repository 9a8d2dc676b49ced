//! Messages by parts.

use super::*;

#[test]
fn a_message_is_sent_by_parts() {
    let mut websocket = open();
    let token = websocket
        .start_message(MessageKind::Text, SendOptions::default())
        .unwrap();
    assert!(websocket.is_message_in_progress());
    websocket.send_part(b"Hel", START).unwrap();
    websocket.ping(b"", false, START).unwrap();
    websocket.send_part(b"lo", START).unwrap();
    websocket.finish_message(START).unwrap();
    assert!(!websocket.is_message_in_progress());
    assert_eq!(
        transmitted(&mut websocket),
        b"\x01\x83\0\0\0\0Hel\x89\x80\0\0\0\0\x00\x82\0\0\0\0lo\x80\x80\0\0\0\0"
    );
    assert_eq!(events(&mut websocket), [Event::Sent(token)]);
}

#[test]
fn what_is_out_of_turn_is_refused_by_name() {
    let mut websocket = connecting();
    let connecting = Err(CommandError::InvalidState(ReadyState::Connecting));
    assert_eq!(websocket.send_part(b"", START), connecting);
    assert!(!websocket.is_message_in_progress());

    let mut websocket = open();
    let none = Err(CommandError::NoMessageInProgress);
    assert_eq!(websocket.send_part(b"", START), none);
    assert_eq!(websocket.finish_message(START), none);

    let options = SendOptions::default();
    websocket.start_message(MessageKind::Text, options).unwrap();
    let in_progress = Err(CommandError::MessageInProgress);
    assert_eq!(
        websocket.start_message(MessageKind::Text, options),
        in_progress
    );
    assert_eq!(
        websocket.send(Outgoing::Text("x"), options, START),
        in_progress
    );
    assert!(matches!(websocket.send_part(b"\xff", START),
            Err(CommandError::InvalidArgument(argument)) if argument.part == Part::Message));
}

#[test]
fn a_message_that_is_given_up_closes_the_connection() {
    let mut websocket = open();
    let options = SendOptions::default();
    websocket.start_message(MessageKind::Text, options).unwrap();
    assert_eq!(websocket.abandon_message(START), Ok(None));
    websocket.start_message(MessageKind::Text, options).unwrap();
    websocket.send_part(b"x", START).unwrap();
    let token = websocket.abandon_message(START).unwrap();
    assert_eq!(websocket.ready_state(), ReadyState::Closing);
    transmitted(&mut websocket);
    websocket.handle_input(b"\x88\x02\x03\xf3".to_vec(), START);
    websocket.handle_eof();
    let events = events(&mut websocket);
    assert!(
        matches!(&events[..], [Event::Close(closed)]
            if closed.was_clean && closed.code == 1011 && closed.token == token && token.is_some()),
        "{events:?}"
    );
}

/// A part of a binary message.
fn part(bytes: &[u8], is_first: bool, is_last: bool) -> Option<MessagePart> {
    Some(MessagePart {
        kind: MessageKind::Binary,
        bytes: bytes.to_vec(),
        is_first,
        is_last,
    })
}

#[test]
fn a_message_is_taken_by_parts_and_the_next_as_an_event() {
    let mut websocket = open();
    assert_eq!(websocket.poll_part(START), None);
    websocket.handle_input(b"\x02\x02ab\x89\x00\x80\x01c\x82\x01d".to_vec(), START);
    assert_eq!(websocket.poll_part(START), part(b"ab", true, false));
    // The ping comes before what follows it.
    assert_eq!(websocket.poll_part(START), None);
    assert_eq!(websocket.poll_event(START), Some(Event::Ping(Vec::new())));
    assert_eq!(websocket.poll_event(START), None);
    assert!(websocket.has_part());
    assert_eq!(websocket.poll_part(START), part(b"c", false, true));
    assert!(!websocket.has_part());
    assert_eq!(events(&mut websocket), [binary(b"d")]);
}

#[test]
fn what_is_to_be_taken_by_parts_stops_the_input() {
    let mut websocket = open();
    assert_eq!(websocket.poll_part(START), None);
    let payload = vec![7; 100_000];
    let mut frame = b"\x82\x7f\0\0\0\0\0\x01\x86\xa0".to_vec();
    frame.extend_from_slice(&payload);
    websocket.handle_input(frame, START);
    websocket.handle_eof();
    assert_eq!(events(&mut websocket), []);
    assert!(!websocket.wants_input());
    // More arrived, but nothing can be done before a part is taken.
    assert!(!websocket.has_pending());
    assert_eq!(
        websocket.poll_part(START),
        part(&payload[..64 << 10], true, false)
    );
    assert!(websocket.has_pending());
    assert_eq!(
        websocket.poll_part(START),
        part(&payload[64 << 10..], false, true)
    );
    assert!(
        matches!(&events(&mut websocket)[..], [Event::Error(error), Event::Close(_)]
            if error.kind == ErrorKind::ConnectionEnded)
    );
}

#[test]
fn a_message_that_is_cut_off_has_no_last_part() {
    let mut websocket = open();
    assert_eq!(websocket.poll_part(START), None);
    websocket.handle_input(b"\x82\x05ab".to_vec(), START);
    websocket.handle_lost(transport_error(TransportErrorKind::ConnectionLost));
    assert_fails(&mut websocket, START, Step::Open, ErrorKind::ConnectionLost);
    assert_eq!(websocket.poll_part(START), part(b"ab", true, false));
    assert_eq!(websocket.poll_part(START), None);
}

#[test]
fn waiting_for_parts_can_be_undone() {
    let mut websocket = open();
    assert_eq!(websocket.poll_part(START), None);
    websocket.cancel_parts(START);
    websocket.handle_input(b"\x82\x01a".to_vec(), START);
    assert!(!websocket.has_part());
    assert_eq!(events(&mut websocket), [binary(b"a")]);
}

#[test]
fn without_a_stream_there_are_no_parts() {
    let mut websocket = connecting();
    assert_eq!(websocket.poll_part(START), None);
    assert!(!websocket.has_part());
    websocket.cancel_parts(START);
}
