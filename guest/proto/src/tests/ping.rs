//! Pings and pongs (RFC 6455, sections 5.5.2 and 5.5.3).

use super::*;

fn pong(token: Option<Token>, payload: &[u8], round_trip: Option<Duration>) -> Event {
    Event::Pong(Pong {
        token,
        payload: payload.to_vec(),
        round_trip,
    })
}

#[test]
fn a_ping_is_answered_with_its_payload() {
    let mut connection = open();
    for payload in [&b""[..], b"Hello", &[0xff; 125]] {
        assert_eq!(
            feed(&mut connection, &frame(0x89, payload)),
            [Event::Ping(payload.to_vec())]
        );
        assert_eq!(transmitted(&mut connection), masked(0x8a, payload));
    }
}

#[test]
fn a_ping_completes_with_its_pong() {
    let mut connection = open();
    let token = connection.ping(b"\xff\xfe", false, at(0)).unwrap();
    assert_eq!(transmitted(&mut connection), masked(0x89, b"\xff\xfe"));
    assert_eq!(
        feed_at(&mut connection, &frame(0x8a, b"\xff\xfe"), at(120)),
        [pong(
            Some(token),
            b"\xff\xfe",
            Some(Duration::from_millis(120))
        )]
    );
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn a_ping_completes_with_its_pong_behind_our_close_frame() {
    // Its token was forgotten with our Close frame, so that nobody was told: a pong that comes in
    // time looked like one that nobody asked for.
    let mut connection = open();
    let token = connection.ping(b"Hello", false, at(0)).unwrap();
    connection.close(&normal_closure(), at(10)).unwrap();
    transmitted(&mut connection);
    assert_eq!(
        feed_at(&mut connection, &frame(0x8a, b"Hello"), at(20)),
        [pong(Some(token), b"Hello", Some(Duration::from_millis(20)))]
    );
}

#[test]
fn a_ping_of_more_than_125_bytes_is_refused() {
    let mut connection = open();
    assert_eq!(
        connection.ping(&[0; 126], false, START),
        Err(SendError::PingTooLong { len: 126 })
    );
    assert_eq!(connection.poll_transmit(), b"");
    connection.ping(&[0; 125], false, START).unwrap();
}

#[test]
fn pings_that_are_alike_are_answered_in_order() {
    let mut connection = open();
    let first = connection.ping(b"", false, at(0)).unwrap();
    let second = connection.ping(b"", false, at(10)).unwrap();
    transmitted(&mut connection);
    let round_trip = Some(Duration::from_millis(20));
    assert_eq!(
        feed_at(&mut connection, b"\x8a\x00", at(20)),
        [pong(Some(first), b"", round_trip)]
    );
    assert_eq!(
        feed_at(&mut connection, b"\x8a\x00", at(30)),
        [pong(Some(second), b"", round_trip)]
    );
}

#[test]
fn a_pong_answers_all_pings_before_its_own() {
    let mut connection = open();
    let tokens: Vec<Token> = [b"a", b"b", b"c"]
        .map(|payload| connection.ping(payload, false, START).unwrap())
        .into();
    transmitted(&mut connection);
    let none = Some(Duration::ZERO);
    assert_eq!(
        feed(&mut connection, b"\x8a\x01b"),
        [
            pong(Some(tokens[0]), b"b", none),
            pong(Some(tokens[1]), b"b", none)
        ]
    );
    assert_eq!(
        feed(&mut connection, b"\x8a\x01c"),
        [pong(Some(tokens[2]), b"c", none)]
    );
}

#[test]
fn a_pong_that_answers_nothing_is_told() {
    let mut connection = open();
    connection.ping(b"mine", false, START).unwrap();
    transmitted(&mut connection);
    assert_eq!(
        feed(&mut connection, b"\x8a\x05other"),
        [pong(None, b"other", None)]
    );
}

#[test]
fn an_unanswered_ping_fails_the_connection() {
    let mut connection = open();
    connection.ping(b"anyone?", false, at(1_000)).unwrap();
    transmitted(&mut connection);
    assert_eq!(connection.poll_timeout(), Some(at(31_000)));
    connection.handle_timeout(at(30_999));
    assert_eq!(events(&mut connection), []);
    connection.handle_timeout(at(31_000));
    assert_eq!(
        events(&mut connection),
        [Event::Error(TimeoutError::Pong.into())]
    );
    assert!(transmitted(&mut connection).starts_with(&[0x88]));
    assert_eq!(connection.poll_timeout(), Some(at(41_000)));
    connection.handle_timeout(at(41_000));
    assert_eq!(events(&mut connection), [closed(1006, "", false, None)]);
}

#[test]
fn a_peer_that_answers_only_the_newest_of_pings_that_are_alike_is_not_given_up() {
    let mut connection = open();
    let first = connection.ping(b"", false, at(0)).unwrap();
    let second = connection.ping(b"", false, at(1)).unwrap();
    transmitted(&mut connection);
    let answered = feed_at(&mut connection, b"\x8a\x00", at(50));
    assert_eq!(
        answered,
        [pong(Some(first), b"", Some(Duration::from_millis(50)))]
    );
    connection.handle_timeout(at(30_001));
    assert!(
        matches!(&events(&mut connection)[..], [Event::Pong(pong)] if pong.token == Some(second))
    );
    assert_eq!(connection.state(), ConnectionState::Open);
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn a_flood_of_pings_is_answered_in_bounded_memory() {
    let mut connection = open();
    let mut bytes = b"\x89\x00".repeat(10_000);
    bytes.extend_from_slice(b"\x89\x04last");
    assert_eq!(feed(&mut connection, &bytes).len(), 10_001);
    let answers = masked(0x8a, b"").repeat(64);
    assert_eq!(connection.poll_transmit(), answers);
    // Once there is room again, the newest ping is answered.
    connection.advance_transmit(answers.len());
    assert_eq!(connection.poll_transmit(), masked(0x8a, b"last"));
}

#[test]
fn keepalive_pings_are_sent_after_silence_and_not_told() {
    let mut connection = open_with(Config {
        timeouts: Timeouts {
            ping_interval: Some(seconds(20)),
            ..Timeouts::default()
        },
        ..Config::default()
    });
    assert_eq!(connection.poll_timeout(), Some(at(20_000)));
    // Input puts it off.
    feed_at(&mut connection, b"\x82\x00", at(5_000));
    assert_eq!(connection.poll_timeout(), Some(at(25_000)));
    connection.handle_timeout(at(25_000));
    let ping = masked(0x89, &1_u64.to_be_bytes());
    assert_eq!(transmitted(&mut connection), ping);
    // While one is unanswered, no other is sent.
    connection.handle_timeout(at(45_000));
    assert_eq!(transmitted(&mut connection), b"");
    let answer = frame(0x8a, &1_u64.to_be_bytes());
    assert_eq!(feed_at(&mut connection, &answer, at(46_000)), []);
    connection.handle_timeout(at(66_000));
    assert_eq!(
        transmitted(&mut connection),
        masked(0x89, &2_u64.to_be_bytes())
    );
    connection.handle_timeout(at(96_000));
    assert_eq!(
        events(&mut connection),
        [Event::Error(TimeoutError::Pong.into())]
    );
}

#[test]
fn a_paused_connection_does_not_give_up_on_pongs() {
    let mut connection = open();
    let token = connection.ping(b"x", false, at(0)).unwrap();
    transmitted(&mut connection);
    connection.pause();
    assert_eq!(connection.poll_timeout(), None);
    connection.handle_timeout(at(100_000));
    assert_eq!(events(&mut connection), []);
    connection.resume(at(100_000));
    assert_eq!(connection.poll_timeout(), Some(at(130_000)));
    let answered = feed_at(&mut connection, b"\x8a\x01x", at(100_001));
    assert!(matches!(&answered[..], [Event::Pong(pong)] if pong.token == Some(token)));
}

#[test]
fn pings_are_answered_until_the_peer_sends_a_close_frame() {
    let mut connection = closing();
    assert_eq!(
        feed(&mut connection, b"\x89\x01x"),
        [Event::Ping(b"x".to_vec())]
    );
    assert_eq!(transmitted(&mut connection), masked(0x8a, b"x"));
    assert_eq!(feed(&mut connection, b"\x88\x00\x89\x01y"), []);
    assert_eq!(transmitted(&mut connection), b"");
}

#[test]
fn a_flood_of_pings_is_answered_in_bounded_memory_behind_our_close_frame() {
    let mut connection = open();
    let flood = b"\x89\x00".repeat(100);
    feed(&mut connection, &flood);
    connection.close(&normal_closure(), START).unwrap();
    feed(&mut connection, &flood);
    feed(&mut connection, b"\x89\x04last");
    let owed = [
        masked(0x8a, b"").repeat(64),
        masked(0x88, &close_payload(1000, "")),
    ]
    .concat();
    assert_eq!(connection.poll_transmit(), owed);
    connection.advance_transmit(owed.len());
    assert_eq!(transmitted(&mut connection), masked(0x8a, b"last"));
}

#[test]
fn a_ping_that_waits_for_room_is_not_answered_after_the_peers_close_frame() {
    let mut connection = closing();
    feed(&mut connection, &b"\x89\x00".repeat(65));
    feed(&mut connection, b"\x88\x00");
    assert_eq!(transmitted(&mut connection), masked(0x8a, b"").repeat(64));
}
