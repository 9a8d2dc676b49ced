//! What a connection counts.

use super::*;

/// What is counted since `before`.
fn since(before: Traffic, now: Traffic) -> Traffic {
    Traffic {
        bytes: now.bytes - before.bytes,
        frames: now.frames - before.frames,
        messages: now.messages - before.messages,
        pings: now.pings - before.pings,
        pongs: now.pongs - before.pongs,
    }
}

fn round_trip(connection: &Connection) -> Option<(Duration, Duration)> {
    let round_trip = connection.statistics().round_trip?;
    Some((round_trip.last, round_trip.smoothed))
}

/// Asks with a ping at `sent`, and answers it at `answered`, in milliseconds.
fn ping(connection: &mut Connection, sent: u64, answered: u64) {
    let payload = sent.to_be_bytes();
    connection.ping(&payload, false, at(sent)).unwrap();
    transmitted(connection);
    feed_at(connection, &frame(0x8a, &payload), at(answered));
}

#[test]
fn the_opening_handshake_is_bytes_and_no_frames() {
    let mut connection = opening();
    assert_eq!(connection.statistics(), Statistics::default());
    let request = transmitted(&mut connection);
    feed(&mut connection, ANSWER);
    let bytes = |bytes: &[u8]| Traffic {
        bytes: bytes.len() as u64,
        ..Traffic::default()
    };
    let expected = Statistics {
        sent: bytes(&request),
        received: bytes(ANSWER),
        round_trip: None,
    };
    assert_eq!(connection.statistics(), expected);
}

#[test]
fn what_is_sent_counts_once_it_is_written() {
    let mut connection = open();
    let before = connection.statistics().sent;
    let text = Outgoing::Text("Hello");
    connection.send(text, MASKED, START).unwrap();
    connection.ping(b"ping", false, START).unwrap();
    assert_eq!(connection.statistics().sent, before);

    connection.advance_transmit(6 + 4);
    let first = since(before, connection.statistics().sent);
    assert_eq!((first.bytes, first.frames, first.messages), (10, 0, 0));

    transmitted(&mut connection);
    let expected = Traffic {
        bytes: 6 + 5 + 6 + 4,
        frames: 2,
        messages: 1,
        pings: 1,
        pongs: 0,
    };
    assert_eq!(since(before, connection.statistics().sent), expected);
}

#[test]
fn a_message_by_parts_is_one_message_of_several_frames() {
    let mut connection = open();
    let before = connection.statistics().sent;
    connection.start_message(MessageKind::Text, MASKED).unwrap();
    connection.send_part(b"Hel", START).unwrap();
    connection.send_part(b"lo", START).unwrap();
    transmitted(&mut connection);
    let unfinished = since(before, connection.statistics().sent);
    assert_eq!((unfinished.frames, unfinished.messages), (2, 0));
    connection.finish_message(START).unwrap();
    transmitted(&mut connection);
    let finished = since(before, connection.statistics().sent);
    assert_eq!((finished.frames, finished.messages), (3, 1));
}

#[test]
fn what_arrives_counts_by_frames_and_by_what_they_are() {
    let mut connection = open();
    let before = connection.statistics();
    let input = [
        b"\x01\x03Hel".as_slice(),
        b"\x89\x01a",
        b"\x80\x02lo",
        b"\x82\x00",
        b"\x8a\x00",
        b"\x81\x7e",
    ]
    .concat();
    feed(&mut connection, &input);
    let expected = Traffic {
        bytes: input.len() as u64,
        frames: 5,
        messages: 2,
        pings: 1,
        pongs: 1,
    };
    assert_eq!(
        since(before.received, connection.statistics().received),
        expected
    );
    // The pong is owed, and not written yet.
    assert_eq!(connection.statistics().sent, before.sent);
    transmitted(&mut connection);
    let sent = since(before.sent, connection.statistics().sent);
    assert_eq!((sent.frames, sent.pongs), (1, 1));
}

#[test]
fn a_message_that_is_not_utf8_is_a_frame_and_no_message() {
    let mut connection = open();
    let before = connection.statistics().received;
    feed(&mut connection, b"\x81\x02\xce\xce");
    let received = since(before, connection.statistics().received);
    assert_eq!((received.bytes, received.messages), (4, 0));
}

#[test]
fn pongs_tell_the_round_trip() {
    let mut connection = open();
    assert_eq!(round_trip(&connection), None);
    let millis = Duration::from_millis;
    ping(&mut connection, 0, 80);
    assert_eq!(round_trip(&connection), Some((millis(80), millis(80))));
    ping(&mut connection, 100, 260);
    assert_eq!(round_trip(&connection), Some((millis(160), millis(90))));
}

#[test]
fn keepalive_pings_tell_the_round_trip_too() {
    let mut config = Config::default();
    config.timeouts.ping_interval = Some(seconds(1));
    let mut connection = open_with(config);
    connection.handle_timeout(at(1_000));
    let ping = transmitted(&mut connection);
    assert_eq!(connection.statistics().sent.pings, 1);
    let payload: Vec<u8> = ping[6..]
        .iter()
        .zip(MASKING_KEY.iter().cycle())
        .map(|(octet, key)| octet ^ key)
        .collect();
    feed_at(&mut connection, &frame(0x8a, &payload), at(1_030));
    let taken = Duration::from_millis(30);
    assert_eq!(round_trip(&connection), Some((taken, taken)));
}

/// RFC 6298, section 3, has the same rule for what was sent twice.
#[test]
fn a_pong_to_one_of_several_pings_that_are_alike_tells_no_round_trip() {
    let mut connection = open();
    for sent in [0, 50] {
        connection.ping(b"same", false, at(sent)).unwrap();
    }
    transmitted(&mut connection);
    for answered in [100, 150] {
        feed_at(&mut connection, &frame(0x8a, b"same"), at(answered));
        assert_eq!(round_trip(&connection), None);
    }
}

#[test]
fn the_count_is_kept_after_the_end() {
    let mut connection = open();
    connection.close(&normal_closure(), START).unwrap();
    transmitted(&mut connection);
    feed(&mut connection, &frame(0x88, &close_payload(1000, "")));
    connection.handle_eof();
    assert_eq!(connection.state(), ConnectionState::Closed);
    let counted = connection.statistics();
    assert_eq!((counted.sent.frames, counted.received.frames), (1, 1));
}
