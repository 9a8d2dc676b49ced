//! Sending messages (RFC 6455, sections 5.3 and 6.1).

use super::*;

#[test]
fn the_masked_text_message_of_the_rfc() {
    let mut connection = open();
    connection
        .send(Outgoing::Text("Hello"), MASKED, START)
        .unwrap();
    // Section 5.7.
    assert_eq!(
        transmitted(&mut connection),
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    );
}

#[test]
fn the_payload_of_a_text_has_to_be_utf_8() {
    let new = Outgoing::new;
    assert_eq!(
        new(MessageKind::Text, "déjà".as_bytes()),
        Ok(Outgoing::Text("déjà"))
    );
    assert_eq!(
        new(MessageKind::Text, b"d\xc3"),
        Err(SendError::NotUtf8 { valid_len: 1 })
    );
    assert_eq!(
        new(MessageKind::Binary, b"d\xc3"),
        Ok(Outgoing::Binary(b"d\xc3"))
    );
}

#[test]
fn an_unmasked_payload_travels_under_a_key_of_zero() {
    let mut connection = open();
    connection
        .send(Outgoing::Text("Hello"), UNMASKED, START)
        .unwrap();
    connection.ping(b"hey", true, START).unwrap();
    assert_eq!(
        transmitted(&mut connection),
        b"\x81\x85\0\0\0\0Hello\x89\x83\0\0\0\0hey"
    );
}

#[test]
fn empty_messages_are_sent() {
    let mut connection = open();
    connection.send(Outgoing::Text(""), MASKED, START).unwrap();
    connection
        .send(Outgoing::Binary(b""), MASKED, START)
        .unwrap();
    assert_eq!(
        transmitted(&mut connection),
        b"\x81\x80\x37\xfa\x21\x3d\x82\x80\x37\xfa\x21\x3d"
    );
}

#[test]
fn lengths_are_written_in_the_shortest_form() {
    for (len, header) in [
        (125, &b"\x82\xfd"[..]),
        (126, b"\x82\xfe\x00\x7e"),
        (65_535, b"\x82\xfe\xff\xff"),
        (65_536, b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00"),
    ] {
        let mut connection = open();
        let payload = vec![0; len];
        connection
            .send(Outgoing::Binary(&payload), MASKED, START)
            .unwrap();
        let bytes = transmitted(&mut connection);
        assert!(bytes.starts_with(header), "{len}");
        assert_eq!(bytes.len(), header.len() + 4 + len);
    }
}

#[test]
fn a_message_counts_as_sent_once_its_last_byte_is_written() {
    let mut connection = open();
    let first = connection
        .send(Outgoing::Text("one"), MASKED, START)
        .unwrap();
    let second = connection
        .send(Outgoing::Text("two"), MASKED, START)
        .unwrap();
    assert!(first < second);
    connection.advance_transmit(8);
    assert_eq!(events(&mut connection), []);
    connection.advance_transmit(1);
    assert_eq!(events(&mut connection), [Event::Sent(first)]);
    connection.advance_transmit(9);
    assert_eq!(events(&mut connection), [Event::Sent(second)]);
}

#[test]
fn messages_that_are_sent_together_count_as_sent_with_the_last_of_them() {
    let mut connection = open();
    let messages = [Outgoing::Text("one"), Outgoing::Binary(b"two")];
    let token = connection.send_all(messages, UNMASKED, START).unwrap();
    assert_eq!(
        connection.poll_transmit(),
        b"\x81\x83\0\0\0\0one\x82\x83\0\0\0\0two"
    );
    connection.advance_transmit(17);
    assert_eq!(events(&mut connection), []);
    connection.advance_transmit(1);
    assert_eq!(events(&mut connection), [Event::Sent(token)]);
}

#[test]
fn no_messages_count_as_sent_behind_what_is_queued() {
    let mut connection = open();
    let none = connection.send_all([], MASKED, START).unwrap();
    assert_eq!(events(&mut connection), [Event::Sent(none)]);
    let message = connection
        .send(Outgoing::Text("one"), MASKED, START)
        .unwrap();
    let none = connection.send_all([], MASKED, START).unwrap();
    assert_eq!(events(&mut connection), []);
    connection.advance_transmit(9);
    assert_eq!(
        events(&mut connection),
        [Event::Sent(message), Event::Sent(none)]
    );
}

#[test]
fn what_is_written_in_pieces_is_written_in_order() {
    let mut connection = open();
    let payload: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
    let mut written = Vec::new();
    let mut sent = 0;
    for piece in payload.chunks(10_000) {
        connection
            .send(Outgoing::Binary(piece), UNMASKED, START)
            .unwrap();
        let len = connection.poll_transmit().len().min(7_000);
        written.extend_from_slice(&connection.poll_transmit()[..len]);
        connection.advance_transmit(len);
        sent += events(&mut connection).len();
    }
    written.extend(transmitted(&mut connection));
    sent += events(&mut connection).len();
    let frames = 300_000 / 10_000;
    assert_eq!(sent, frames);
    assert_eq!(written.len(), payload.len() + frames * 8);
    for (frame, piece) in written.chunks(10_008).zip(payload.chunks(10_000)) {
        assert_eq!(&frame[8..], piece);
    }
}

#[test]
fn commands_after_the_close_frame_are_refused() {
    let mut connection = closing();
    assert_eq!(
        connection.send(Outgoing::Text("x"), MASKED, START),
        Err(SendError::NotOpen)
    );
    assert_eq!(connection.ping(b"", false, START), Err(SendError::NotOpen));
    assert_eq!(connection.poll_transmit(), b"");
}
