//! Options, commands, and the states in which they are possible.

use super::*;

#[test]
fn options_that_cannot_be_used_are_refused_by_part() {
    let mut options = Options::default();
    let zero = Duration::ZERO;
    for (result, part) in [
        (options.add_header("a b", b""), Part::HeaderName),
        (options.add_header("Host", b"x"), Part::HeaderName),
        (options.add_header("X", b"a\r\nb"), Part::HeaderValue),
        (options.set_subprotocols(&["a,b".into()]), Part::Subprotocol),
        (options.set_origin(Some("")), Part::Origin),
        (options.add_roots(b"not PEM").map(|_| ()), Part::Roots),
        (options.set_connect_timeout(zero), Part::Timeout),
        (options.set_close_timeout(zero), Part::Timeout),
        (options.set_pong_timeout(zero), Part::Timeout),
        (options.set_ping_interval(Some(zero)), Part::Timeout),
        (options.set_max_message_size(0), Part::Limit),
        (options.set_max_message_size((1 << 30) + 1), Part::Limit),
        (options.set_max_frame_size(0), Part::Limit),
        (options.set_max_fragments(0), Part::Limit),
        (options.set_max_response_head(63), Part::Limit),
        (options.set_max_buffered_amount(0), Part::Limit),
        (options.set_max_decompression_ratio(0), Part::Limit),
        (
            options.set_deflate_offers(vec![DeflateOffer::default(); 9]),
            Part::Extension,
        ),
        (options.set_deflate_level(0), Part::Extension),
        (options.set_deflate_level(10), Part::Extension),
        (window_bits(7).map(|_| ()), Part::Extension),
        (window_bits(16).map(|_| ()), Part::Extension),
    ] {
        assert_eq!(result.map_err(|error| error.part), Err(part));
    }
    options.set_max_message_size(1 << 30).unwrap();
    options.set_ping_interval(None).unwrap();
}

#[test]
fn options_reach_the_request_and_the_limits() {
    let mut options = Options::default();
    options.add_header("X-Test", b"1").unwrap();
    options.set_max_message_size(3).unwrap();
    let mut websocket = connected("ws://127.0.0.1/", &options);
    let request = String::from_utf8(transmitted(&mut websocket)).unwrap();
    assert!(request.contains("X-Test: 1\r\n"));
    websocket.handle_input([ANSWER, b"\x82\x04four"].concat(), START);
    let events = events(&mut websocket);
    assert!(
        matches!(&events[1], Event::Error(error) if error.kind == ErrorKind::MessageTooBig),
        "{events:?}"
    );
}

#[test]
fn commands_need_an_open_connection() {
    let mut websocket = connecting();
    let connecting = CommandError::InvalidState(ReadyState::Connecting);
    assert_eq!(
        websocket.send(Outgoing::Text("x"), SendOptions::default(), START),
        Err(connecting.clone())
    );
    assert_eq!(websocket.ping(b"", false, START), Err(connecting));

    let mut websocket = open();
    websocket.close(None, None, START).unwrap();
    let closing = CommandError::InvalidState(ReadyState::Closing);
    assert_eq!(
        websocket.send(Outgoing::Text("x"), SendOptions::default(), START),
        Err(closing.clone())
    );
    assert_eq!(websocket.ping(b"", false, START), Err(closing));
}

#[test]
fn arguments_that_cannot_be_used_are_refused_by_part_and_change_nothing() {
    let mut websocket = open();
    let part = |result: Result<Token, CommandError>| match result {
        Err(CommandError::InvalidArgument(argument)) => argument.part,
        other => panic!("{other:?}"),
    };
    let ping = websocket.ping(&[0; 126], false, START);
    assert_eq!(part(ping), Part::PingPayload);
    let close = websocket.close(Some(1005), None, START);
    assert_eq!(part(close), Part::CloseCode);
    let close = websocket.close(None, Some("x".repeat(124)), START);
    assert_eq!(part(close), Part::CloseReason);
    assert_eq!(websocket.ready_state(), ReadyState::Open);
    assert_eq!(websocket.poll_transmit(), b"");
}

#[test]
fn closing_sends_1000_unless_told_otherwise() {
    let mut websocket = open();
    let token = websocket.close(None, None, START).unwrap();
    assert_eq!(transmitted(&mut websocket), b"\x88\x82\0\0\0\0\x03\xe8");
    websocket.handle_input(b"\x88\x02\x03\xe8".to_vec(), START);
    websocket.handle_eof();
    let events = events(&mut websocket);
    assert!(
        matches!(&events[..], [Event::Close(closed)]
            if closed.was_clean && closed.code == 1000 && closed.token == Some(token)),
        "{events:?}"
    );
}

#[test]
fn what_waits_to_be_written_can_be_asked_for() {
    let mut websocket = open();
    assert_eq!(websocket.buffered_amount(), 0);
    websocket
        .send(Outgoing::Text("Hello"), SendOptions::default(), START)
        .unwrap();
    assert_eq!(websocket.buffered_amount(), 11);
    websocket.advance_transmit(4);
    assert_eq!(websocket.buffered_amount(), 7);
    transmitted(&mut websocket);
    assert_eq!(websocket.buffered_amount(), 0);
}

#[test]
fn an_event_that_waits_is_pending() {
    let mut websocket = open();
    let first = websocket
        .send(Outgoing::Text("x"), SendOptions::default(), START)
        .unwrap();
    let second = websocket
        .send(Outgoing::Text("y"), SendOptions::default(), START)
        .unwrap();
    assert!(!websocket.has_pending());
    transmitted(&mut websocket);
    assert_eq!(websocket.poll_event(START), Some(Event::Sent(first)));
    assert!(websocket.has_pending());
    assert_eq!(websocket.poll_event(START), Some(Event::Sent(second)));
    assert!(!websocket.has_pending());
}

#[test]
fn a_full_queue_refuses_and_loses_nothing() {
    let mut options = Options::default();
    options.set_max_buffered_amount(10).unwrap();
    let mut websocket = connected("ws://127.0.0.1/", &options);
    transmitted(&mut websocket);
    websocket.handle_input(ANSWER.to_vec(), START);
    events(&mut websocket);
    let token = websocket
        .send(Outgoing::Text("Hello"), SendOptions::default(), START)
        .unwrap();
    assert_eq!(
        websocket.send(Outgoing::Text("x"), SendOptions::default(), START),
        Err(CommandError::QueueFull(11))
    );
    transmitted(&mut websocket);
    assert_eq!(events(&mut websocket), [Event::Sent(token)]);
    websocket
        .send(Outgoing::Text("x"), SendOptions::default(), START)
        .unwrap();
}

#[test]
fn a_paused_websocket_wants_no_input_once_it_is_open() {
    let mut websocket = connected("ws://127.0.0.1/", &Options::default());
    websocket.pause();
    assert!(websocket.wants_input());
    websocket.handle_input(ANSWER.to_vec(), START);
    events(&mut websocket);
    assert!(!websocket.wants_input());
    websocket.resume(START);
    assert!(websocket.wants_input());
}

#[test]
fn a_paused_websocket_does_not_wait_for_pongs() {
    let mut websocket = open();
    websocket.ping(b"", false, START).unwrap();
    websocket.pause();
    assert_eq!(websocket.poll_timeout(), None);
    websocket.resume(at(60_000));
    assert_eq!(websocket.poll_timeout(), Some(at(90_000)));
}

/// Callers take events in batches, and can answer only what they have taken.
#[test]
fn a_message_can_be_answered_though_a_close_frame_came_with_it() {
    let mut websocket = open();
    websocket.handle_input(b"\x82\x02ok\x88\x02\x03\xe8".to_vec(), START);
    assert_eq!(events(&mut websocket), [binary(b"ok")]);
    assert_eq!(websocket.ready_state(), ReadyState::Open);
    websocket
        .send(Outgoing::Binary(b"ok"), SendOptions::default(), at(1))
        .unwrap();
    websocket.handle_timeout(at(20));
    assert_eq!(websocket.ready_state(), ReadyState::Closing);
    let sent = transmitted(&mut websocket);
    assert_eq!(sent[..2], [0x82, 0x82]);
    assert_eq!(sent[8..10], [0x88, 0x82]);
}
