//! Sending messages by parts (RFC 6455, section 5.4).

use super::*;

fn started(connection: &mut Connection, kind: MessageKind) -> Token {
    connection.start_message(kind, MASKED).unwrap()
}

#[test]
fn each_part_is_a_frame_and_an_empty_one_ends_the_message() {
    let mut connection = open();
    let token = started(&mut connection, MessageKind::Text);
    assert!(connection.is_message_in_progress());
    assert_eq!(connection.poll_transmit(), b"");
    connection.send_part(b"Hel", START).unwrap();
    connection.send_part(b"", START).unwrap();
    connection.send_part(b"l", START).unwrap();
    connection.send_part(b"o", START).unwrap();
    connection.finish_message(START).unwrap();
    assert!(!connection.is_message_in_progress());
    let expected = [
        masked(0x01, b"Hel"),
        masked(0x00, b"l"),
        masked(0x00, b"o"),
        masked(0x80, b""),
    ];
    assert_eq!(connection.poll_transmit(), expected.concat());
    connection.advance_transmit(expected.concat().len() - 1);
    assert_eq!(events(&mut connection), []);
    connection.advance_transmit(1);
    assert_eq!(events(&mut connection), [Event::Sent(token)]);
}

#[test]
fn a_message_without_parts_is_one_empty_frame() {
    let mut connection = open();
    for (kind, first) in [(MessageKind::Text, 0x81), (MessageKind::Binary, 0x82)] {
        let token = started(&mut connection, kind);
        connection.finish_message(START).unwrap();
        assert_eq!(transmitted(&mut connection), masked(first, b""));
        assert_eq!(events(&mut connection), [Event::Sent(token)]);
    }
}

#[test]
fn options_hold_for_every_part() {
    let mut connection = open();
    connection
        .start_message(MessageKind::Binary, UNMASKED)
        .unwrap();
    connection.send_part(b"Hello", START).unwrap();
    connection.finish_message(START).unwrap();
    assert_eq!(
        transmitted(&mut connection),
        b"\x02\x85\0\0\0\0Hello\x80\x80\0\0\0\0"
    );
}

#[test]
fn a_character_may_be_split_between_parts() {
    let mut connection = open();
    started(&mut connection, MessageKind::Text);
    for byte in "κόσμε 🦀".as_bytes() {
        connection.send_part(&[*byte], START).unwrap();
    }
    connection.finish_message(START).unwrap();
}

#[test]
fn a_part_that_is_not_utf_8_is_refused_and_another_can_take_its_place() {
    let mut connection = open();
    started(&mut connection, MessageKind::Text);
    connection.send_part(b"caf\xc3", START).unwrap();
    let queued = connection.poll_transmit().to_vec();
    assert_eq!(
        connection.send_part(b"\xa9 \xff", START),
        Err(SendError::NotUtf8 { valid_len: 6 })
    );
    assert_eq!(
        connection.send_part(b"e", START),
        Err(SendError::NotUtf8 { valid_len: 3 })
    );
    assert_eq!(
        connection.finish_message(START),
        Err(SendError::NotUtf8 { valid_len: 3 })
    );
    assert_eq!(connection.poll_transmit(), queued);
    connection.send_part(b"\xa9", START).unwrap();
    connection.finish_message(START).unwrap();
    assert_eq!(
        transmitted(&mut connection),
        [
            masked(0x01, b"caf\xc3"),
            masked(0x00, b"\xa9"),
            masked(0x80, b"")
        ]
        .concat()
    );
}

#[test]
fn binary_parts_may_be_any_bytes() {
    let mut connection = open();
    started(&mut connection, MessageKind::Binary);
    connection.send_part(b"\xff", START).unwrap();
    connection.finish_message(START).unwrap();
}

#[test]
fn other_messages_wait_until_the_message_is_finished() {
    let mut connection = open();
    started(&mut connection, MessageKind::Binary);
    assert_eq!(
        connection.send(Outgoing::Text("x"), MASKED, START),
        Err(SendError::MessageInProgress)
    );
    assert_eq!(
        connection.start_message(MessageKind::Text, MASKED),
        Err(SendError::MessageInProgress)
    );
    connection.finish_message(START).unwrap();
    connection.send(Outgoing::Text("x"), MASKED, START).unwrap();
}

#[test]
fn parts_without_a_message_are_refused() {
    let mut connection = open();
    let refused = Err(SendError::NoMessageInProgress);
    assert_eq!(connection.send_part(b"x", START), refused);
    assert_eq!(connection.finish_message(START), refused);
    assert_eq!(
        connection.abandon_message(START),
        Err(SendError::NoMessageInProgress)
    );
    assert_eq!(connection.poll_transmit(), b"");
}

#[test]
fn pings_and_pongs_may_stand_between_parts() {
    let mut connection = open();
    started(&mut connection, MessageKind::Text);
    connection.send_part(b"Hel", START).unwrap();
    connection.ping(b"ping", false, START).unwrap();
    feed(&mut connection, b"\x89\x01?");
    connection.send_part(b"lo", START).unwrap();
    connection.finish_message(START).unwrap();
    let expected = [
        masked(0x01, b"Hel"),
        masked(0x89, b"ping"),
        masked(0x8a, b"?"),
        masked(0x00, b"lo"),
        masked(0x80, b""),
    ];
    assert_eq!(transmitted(&mut connection), expected.concat());
}

#[test]
fn a_full_queue_refuses_parts_but_not_the_end() {
    let mut connection = open_with(Config {
        limits: Limits {
            outgoing_len: 10,
            ..Limits::default()
        },
        ..Config::default()
    });
    let token = started(&mut connection, MessageKind::Binary);
    connection.send_part(b"Hello", START).unwrap();
    assert_eq!(
        connection.send_part(b"x", START),
        Err(SendError::QueueFull {
            queued: 11,
            limit: 10
        })
    );
    connection.finish_message(START).unwrap();
    assert!(matches!(
        connection.start_message(MessageKind::Binary, MASKED),
        Err(SendError::QueueFull { queued: 17, .. })
    ));
    transmitted(&mut connection);
    assert_eq!(events(&mut connection), [Event::Sent(token)]);
}

#[test]
fn a_close_frame_cuts_the_message_off() {
    let mut connection = open();
    started(&mut connection, MessageKind::Text);
    connection.send_part(b"Hel", START).unwrap();
    let token = connection.close(&normal_closure(), START).unwrap();
    assert!(!connection.is_message_in_progress());
    assert_eq!(connection.send_part(b"lo", START), Err(SendError::NotOpen));
    assert_eq!(connection.finish_message(START), Err(SendError::NotOpen));
    assert_eq!(
        transmitted(&mut connection),
        [masked(0x01, b"Hel"), masked(0x88, &close_payload(1000, ""))].concat()
    );
    feed(&mut connection, &frame(0x88, &close_payload(1000, "")));
    connection.handle_eof();
    // No `Sent`: the message was not.
    assert_eq!(
        events(&mut connection),
        [closed(1000, "", true, Some(token))]
    );
}

#[test]
fn a_message_that_is_given_up_ends_the_connection_with_1011() {
    let mut connection = open();
    started(&mut connection, MessageKind::Text);
    connection.send_part(b"Hel", START).unwrap();
    let token = connection.abandon_message(START).unwrap();
    assert!(token.is_some());
    assert_eq!(connection.state(), ConnectionState::Closing);
    let close = close_payload(1011, "a message was given up");
    assert_eq!(
        transmitted(&mut connection),
        [masked(0x01, b"Hel"), masked(0x88, &close)].concat()
    );
    feed(&mut connection, &frame(0x88, &close_payload(1011, "")));
    connection.handle_eof();
    assert_eq!(events(&mut connection), [closed(1011, "", true, token)]);
    assert_eq!(connection.abandon_message(START), Err(SendError::NotOpen));
}

#[test]
fn a_message_that_is_given_up_before_its_first_part_was_never_started() {
    let mut connection = open();
    started(&mut connection, MessageKind::Text);
    assert_eq!(connection.abandon_message(START), Ok(None));
    assert_eq!(connection.state(), ConnectionState::Open);
    connection.send(Outgoing::Text("x"), MASKED, START).unwrap();
    assert_eq!(transmitted(&mut connection), masked(0x81, b"x"));
}

#[test]
fn parts_need_an_open_connection() {
    let mut connection = opening();
    assert_eq!(
        connection.start_message(MessageKind::Text, MASKED),
        Err(SendError::NotOpen)
    );
    assert_eq!(connection.send_part(b"", START), Err(SendError::NotOpen));
    assert_eq!(connection.finish_message(START), Err(SendError::NotOpen));
}
