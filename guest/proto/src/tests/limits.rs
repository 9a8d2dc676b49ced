//! Limits on what the peer controls, and on what waits to be sent.

use super::*;

fn limited(limits: Limits) -> Connection {
    open_with(Config {
        limits,
        ..Config::default()
    })
}

fn messages_of_at_most(message_len: u64) -> Connection {
    limited(Limits {
        message_len,
        ..Limits::default()
    })
}

#[test]
fn a_message_of_the_limit_is_received_and_one_byte_more_fails_with_1009() {
    let mut connection = messages_of_at_most(1000);
    assert_eq!(
        feed(&mut connection, &frame(0x82, &[7; 1000])),
        [binary(&[7; 1000])]
    );
    assert_fails(
        &mut connection,
        &frame(0x82, &[7; 1001]),
        ProtocolError::MessageTooBig { limit: 1000 },
        1009,
    );
}

#[test]
fn a_message_too_big_fails_on_its_header() {
    // The payload is announced, and never sent.
    assert_fails(
        &mut open(),
        b"\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x01",
        ProtocolError::FrameTooBig { limit: 16 << 20 },
        1009,
    );
}

#[test]
fn the_fragments_of_a_message_count_together() {
    let mut connection = messages_of_at_most(10);
    let bytes = b"\x02\x06aaaaaa\x00\x04aaaa";
    assert_eq!(feed(&mut connection, bytes), []);
    assert_fails(
        &mut connection,
        b"\x80\x01a",
        ProtocolError::MessageTooBig { limit: 10 },
        1009,
    );
}

#[test]
fn the_limit_is_for_each_message() {
    let mut connection = messages_of_at_most(10);
    for _ in 0..10 {
        assert_eq!(
            feed(&mut connection, &frame(0x82, &[1; 10])),
            [binary(&[1; 10])]
        );
    }
}

#[test]
fn a_frame_too_big_fails_with_1009() {
    let mut connection = limited(Limits {
        frame_payload_len: 5,
        ..Limits::default()
    });
    let bytes = b"\x02\x05aaaaa\x80\x05bbbbb";
    assert_eq!(feed(&mut connection, bytes), [binary(b"aaaaabbbbb")]);
    assert_fails(
        &mut connection,
        b"\x82\x06",
        ProtocolError::FrameTooBig { limit: 5 },
        1009,
    );
}

#[test]
fn too_many_fragments_fail_with_1008() {
    let mut connection = limited(Limits {
        fragment_count: 3,
        ..Limits::default()
    });
    assert_eq!(
        feed(&mut connection, b"\x02\x00\x00\x00\x80\x00"),
        [binary(b"")]
    );
    assert_fails(
        &mut connection,
        b"\x02\x00\x00\x00\x00\x00\x80\x00",
        ProtocolError::TooManyFragments { limit: 3 },
        1008,
    );
}

#[test]
fn control_frames_are_not_bounded_by_the_limits_of_messages() {
    let mut connection = limited(Limits {
        message_len: 1,
        frame_payload_len: 1,
        ..Limits::default()
    });
    assert_eq!(
        feed(&mut connection, &frame(0x89, &[1; 125])),
        [Event::Ping(vec![1; 125])]
    );
}

#[test]
fn sending_is_refused_while_too_much_waits_and_nothing_is_lost() {
    let mut connection = limited(Limits {
        outgoing_len: 100,
        ..Limits::default()
    });
    // One message may exceed the limit.
    let first = connection
        .send(Outgoing::Binary(&[0; 200]), MASKED, START)
        .unwrap();
    let queued = connection.poll_transmit().len() as u64;
    let full = SendError::QueueFull { queued, limit: 100 };
    assert_eq!(
        connection.send(Outgoing::Text("x"), MASKED, START),
        Err(full.clone())
    );
    assert_eq!(connection.ping(b"", false, START), Err(full));
    assert_eq!(connection.poll_transmit().len() as u64, queued);
    // A Close frame always has room.
    connection.advance_transmit(queued as usize - 99);
    let second = connection.send(Outgoing::Text("x"), MASKED, START).unwrap();
    connection.close(&normal_closure(), START).unwrap();
    transmitted(&mut connection);
    assert_eq!(
        events(&mut connection),
        [Event::Sent(first), Event::Sent(second)]
    );
}
