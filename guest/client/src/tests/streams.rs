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
    websocket.handle_input(b"\x88\x02\x03\xf3".to_vec());
    websocket.handle_eof();
    let events = events(&mut websocket);
    assert!(
        matches!(&events[..], [Event::Close(closed)]
            if closed.was_clean && closed.code == 1011 && closed.token == token && token.is_some()),
        "{events:?}"
    );
}
