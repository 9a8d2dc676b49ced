//! Taking messages by parts (RFC 6455, sections 5.4 and 8.1).

use super::*;

fn part(kind: MessageKind, bytes: &[u8], is_first: bool, is_last: bool) -> MessagePart {
    MessagePart {
        kind,
        bytes: bytes.to_vec(),
        is_first,
        is_last,
    }
}

pub(super) fn text_part(text: &str, is_first: bool, is_last: bool) -> MessagePart {
    part(MessageKind::Text, text.as_bytes(), is_first, is_last)
}

/// An open connection of which the next message is awaited by parts.
pub(super) fn awaiting_parts(mut connection: Connection) -> Connection {
    assert_eq!(connection.poll_part(START), None);
    connection
}

/// An open connection that holds this many bytes of a message by parts.
fn open_with_window(untaken_len: usize) -> Connection {
    awaiting_parts(open_with(Config {
        limits: Limits {
            untaken_len,
            ..Limits::default()
        },
        ..Config::default()
    }))
}

/// Gives all of `bytes`, which nothing holds up.
pub(super) fn give(connection: &mut Connection, bytes: &[u8]) {
    assert_eq!(connection.handle_input(bytes, START), bytes.len());
}

#[test]
fn a_message_is_taken_as_it_arrives() {
    let mut connection = awaiting_parts(open());
    give(&mut connection, b"\x01\x03He");
    assert!(connection.has_part());
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("He", true, false))
    );
    assert!(!connection.has_part());
    assert_eq!(connection.poll_part(START), None);
    give(&mut connection, b"l\x80\x03lo");
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("llo", false, false)),
    );
    give(&mut connection, b"!");
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("!", false, true))
    );
    assert_eq!(events(&mut connection), []);
}

#[test]
fn the_message_after_one_by_parts_comes_as_an_event() {
    let mut connection = awaiting_parts(open());
    give(&mut connection, b"\x82\x01a");
    assert_eq!(
        connection.poll_part(START),
        Some(part(MessageKind::Binary, b"a", true, true))
    );
    assert_eq!(feed(&mut connection, b"\x82\x01b"), [binary(b"b")]);
}

#[test]
fn an_end_without_bytes_is_a_part() {
    let mut connection = awaiting_parts(open());
    give(&mut connection, b"\x02\x01a");
    connection.poll_part(START).unwrap();
    give(&mut connection, b"\x80\x00");
    assert_eq!(
        connection.poll_part(START),
        Some(part(MessageKind::Binary, b"", false, true))
    );
    assert_eq!(connection.poll_part(START), None);
    give(&mut connection, b"\x81\x00");
    assert_eq!(connection.poll_part(START), Some(text_part("", true, true)));
}

#[test]
fn a_message_that_waits_as_an_event_is_one_part() {
    let mut connection = open();
    give(&mut connection, b"\x81\x05Hello");
    connection.handle_eof();
    assert!(connection.has_part());
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("Hello", true, true))
    );
    assert!(matches!(
        events(&mut connection)[..],
        [Event::Error(_), Event::Closed(_)]
    ));
}

#[test]
fn a_message_that_has_begun_to_arrive_can_be_taken_by_parts() {
    let mut connection = open();
    assert_eq!(feed(&mut connection, b"\x02\x03ab"), []);
    assert_eq!(
        connection.poll_part(START),
        Some(part(MessageKind::Binary, b"ab", true, false))
    );
    give(&mut connection, b"c");
    assert_eq!(events(&mut connection), []);
}

#[test]
fn no_character_is_split_between_parts() {
    let mut connection = awaiting_parts(open());
    // Two characters of two and four bytes, in frames that split both.
    give(&mut connection, b"\x01\x01\xc3");
    assert!(!connection.has_part());
    assert_eq!(connection.poll_part(START), None);
    give(&mut connection, b"\x00\x03\xa9\xf0\x9f");
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("é", true, false))
    );
    give(&mut connection, b"\x80\x02\xa6\x80");
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("🦀", false, true))
    );
}

#[test]
fn control_frames_may_stand_between_parts() {
    let mut connection = awaiting_parts(open());
    let bytes = b"\x02\x01a\x89\x04ping\x80\x01b";
    assert_eq!(connection.handle_input(bytes, START), 9);
    assert_eq!(
        events(&mut connection),
        [Event::Ping(b"ping".to_vec())],
        "events do not wait for parts"
    );
    give(&mut connection, &bytes[9..]);
    assert_eq!(
        connection.poll_part(START),
        Some(part(MessageKind::Binary, b"ab", true, true))
    );
    assert_eq!(transmitted(&mut connection), masked(0x8a, b"ping"));
}

#[test]
fn no_more_than_the_limit_waits_to_be_taken() {
    let mut connection = open_with_window(4);
    let bytes = frame(0x82, b"abcdefghij");
    assert_eq!(connection.handle_input(&bytes, START), 6);
    assert!(connection.awaits_poll_part());
    assert!(!connection.has_event());
    assert_eq!(connection.handle_input(&bytes[6..], START), 0);
    assert_eq!(connection.poll_part(START).unwrap().bytes, b"abcd");
    assert_eq!(connection.handle_input(&bytes[6..], START), 4);
    assert_eq!(connection.poll_part(START).unwrap().bytes, b"efgh");
    assert_eq!(connection.handle_input(&bytes[10..], START), 2);
    assert_eq!(
        connection.poll_part(START),
        Some(part(MessageKind::Binary, b"ij", false, true))
    );
}

#[test]
fn a_limit_shorter_than_a_character_does_not_stop_the_message() {
    for untaken_len in 0..4 {
        let mut connection = open_with_window(untaken_len);
        let bytes = frame(0x81, "é🦀é".as_bytes());
        let mut rest = &bytes[..];
        let mut taken = Vec::new();
        while !rest.is_empty() {
            let consumed = connection.handle_input(rest, START);
            rest = &rest[consumed..];
            let part = connection.poll_part(START).unwrap();
            taken.extend_from_slice(&part.bytes);
            assert_eq!(part.is_last, rest.is_empty());
        }
        assert_eq!(taken, "é🦀é".as_bytes());
    }
}

#[test]
fn what_follows_a_message_waits_until_its_last_part_is_taken() {
    let mut connection = awaiting_parts(open());
    let bytes = b"\x82\x01a\x89\x00";
    assert_eq!(connection.handle_input(bytes, START), 3);
    assert!(connection.awaits_poll_part());
    connection.poll_part(START).unwrap();
    assert!(!connection.awaits_poll_part());
    give(&mut connection, &bytes[3..]);
    assert_eq!(events(&mut connection), [Event::Ping(Vec::new())]);
}

#[test]
fn pongs_are_not_overdue_while_parts_have_to_be_taken() {
    let mut connection = open_with_window(1);
    connection.ping(b"", false, START).unwrap();
    assert_eq!(connection.poll_timeout(), Some(at(30_000)));
    assert_eq!(connection.handle_input(b"\x82\x02ab", START), 3);
    assert_eq!(connection.poll_timeout(), None);
    connection.handle_timeout(at(60_000));
    assert_eq!(events(&mut connection), []);
    connection.poll_part(at(60_000)).unwrap();
    assert_eq!(connection.poll_timeout(), Some(at(90_000)));
}

#[test]
fn a_pause_outlasts_the_wait_for_parts() {
    let mut connection = open_with_window(1);
    connection.ping(b"", false, START).unwrap();
    connection.pause();
    assert_eq!(connection.handle_input(b"\x82\x02ab", START), 3);
    connection.poll_part(START).unwrap();
    assert_eq!(connection.poll_timeout(), None);
    connection.resume(at(1_000));
    assert_eq!(connection.poll_timeout(), Some(at(31_000)));
}

#[test]
fn limits_count_the_whole_message() {
    let limits = Limits {
        message_len: 10,
        fragment_count: 3,
        ..Limits::default()
    };
    for (bytes, error, code) in [
        (
            &b"\x00\x05aaaaa\x00\x01a"[..],
            ProtocolError::MessageTooBig { limit: 10 },
            1009,
        ),
        (
            b"\x00\x00\x00\x00\x00\x00",
            ProtocolError::TooManyFragments { limit: 3 },
            1008,
        ),
    ] {
        let mut connection = awaiting_parts(open_with(Config {
            limits: limits.clone(),
            ..Config::default()
        }));
        give(&mut connection, b"\x02\x05aaaaa");
        connection.poll_part(START).unwrap();
        assert_fails(&mut connection, bytes, error, code);
    }
}

#[test]
fn what_came_before_a_failure_can_be_taken_even_after_the_end() {
    let mut connection = awaiting_parts(open());
    assert_fails(
        &mut connection,
        b"\x81\x07caf\xc3\xa9\xe1\xff",
        ProtocolError::MessageNotUtf8,
        1007,
    );
    assert!(connection.has_part());
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("café", true, false))
    );
    assert!(!connection.has_part());
    assert_eq!(connection.poll_part(START), None);
}

#[test]
fn text_that_ends_inside_of_a_character_fails_with_1007() {
    let mut connection = awaiting_parts(open());
    give(&mut connection, b"\x01\x02a\xc3");
    assert_eq!(
        connection.poll_part(START),
        Some(text_part("a", true, false))
    );
    assert_fails(
        &mut connection,
        b"\x80\x00",
        ProtocolError::MessageNotUtf8,
        1007,
    );
    assert_eq!(connection.poll_part(START), None);
}

#[test]
fn a_message_that_is_cut_off_has_no_last_part() {
    let close = frame(0x88, &close_payload(1001, ""));
    for end in ["close frame", "end of stream", "pong timeout"] {
        let mut connection = awaiting_parts(open());
        connection.ping(b"", false, START).unwrap();
        give(&mut connection, b"\x02\x03ab");
        connection.poll_part(START).unwrap();
        give(&mut connection, b"c");
        match end {
            "close frame" => give(&mut connection, &close),
            "end of stream" => connection.handle_eof(),
            _ => connection.handle_timeout(at(30_000)),
        }
        connection.handle_stream_lost();
        assert!(matches!(
            events(&mut connection).last(),
            Some(Event::Closed(_))
        ));
        assert_eq!(
            connection.poll_part(START),
            Some(part(MessageKind::Binary, b"c", false, false)),
            "{end}"
        );
        assert_eq!(connection.poll_part(START), None);
    }
}

#[test]
fn messages_can_be_taken_by_parts_after_our_close_frame() {
    let mut connection = awaiting_parts(open());
    give(&mut connection, b"\x02\x01a");
    connection.close(&normal_closure(), START).unwrap();
    give(&mut connection, b"\x80\x01b");
    assert_eq!(
        connection.poll_part(START),
        Some(part(MessageKind::Binary, b"ab", true, true))
    );
}

/// As of a message that came whole: see *Last answers* in the contract.
#[test]
fn a_message_by_parts_can_be_answered_though_a_close_frame_came_with_it() {
    let mut connection = awaiting_parts(open());
    let bytes = [&b"\x82\x02ok"[..], &frame(0x88, &close_payload(1000, ""))].concat();
    assert_eq!(connection.handle_input(&bytes, START), 4);
    assert!(connection.poll_part(START).unwrap().is_last);
    give(&mut connection, &bytes[4..]);
    assert_eq!(connection.state(), ConnectionState::Open);
    connection
        .send(Outgoing::Binary(b"ok"), MASKED, START)
        .unwrap();
    connection.handle_timeout(at(20));
    assert_eq!(connection.state(), ConnectionState::Closing);
}

#[test]
fn awaiting_parts_can_be_undone_until_the_first_is_taken() {
    let mut connection = open_with_window(2);
    assert_eq!(connection.handle_input(b"\x82\x03abc", START), 4);
    connection.cancel_parts(START);
    assert!(!connection.awaits_poll_part());
    assert_eq!(feed(&mut connection, b"c"), [binary(b"abc")]);

    // Complete, and waiting.
    connection.poll_part(START);
    give(&mut connection, b"\x82\x01a");
    connection.cancel_parts(START);
    assert_eq!(events(&mut connection), [binary(b"a")]);

    connection.poll_part(START);
    give(&mut connection, b"\x02\x01a");
    connection.poll_part(START).unwrap();
    connection.cancel_parts(START);
    assert_eq!(feed(&mut connection, b"\x80\x01b"), []);
    assert!(connection.poll_part(START).unwrap().is_last);
}

#[test]
fn a_message_that_waits_for_parts_is_not_lost_with_the_stream() {
    for taken in 0..3 {
        let mut connection = awaiting_parts(open());
        give(&mut connection, b"\x82\x01a");
        connection.handle_eof();
        for _ in 0..taken {
            connection.poll_event().unwrap();
        }
        connection.cancel_parts(START);
        // `Closed` is the last event, so a part is all that can come after it.
        let event = connection.poll_event();
        assert_eq!(event == Some(binary(b"a")), taken < 2);
        let part = connection.poll_part(START);
        assert_eq!(part.is_some_and(|part| part.is_last), taken == 2);
    }
}

#[test]
fn without_a_call_for_parts_what_is_cut_off_is_not_kept() {
    let mut connection = open();
    feed(&mut connection, b"\x82\x05ab");
    connection.handle_eof();
    assert_eq!(connection.poll_part(START), None);
}
