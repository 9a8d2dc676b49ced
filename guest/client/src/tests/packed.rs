//! Messages in words.

use super::*;

/// Messages of these payloads that arrived.
fn arrived(payloads: &[&[u8]]) -> PackedMessages {
    let mut messages = PackedMessages::default();
    for payload in payloads {
        messages.push(Message::Binary(payload.to_vec()));
    }
    messages
}

fn binary_of(len: u64) -> PackedHeader {
    let kind = MessageKind::Binary;
    PackedHeader { kind, len }
}

#[test]
fn the_first_byte_is_the_least_significant_and_each_payload_starts_with_a_word() {
    let messages = arrived(&[
        b"\x01\x02\x03",
        b"",
        b"\x11\x12\x13\x14\x15\x16\x17\x18\x19",
    ]);
    assert_eq!(messages.headers, [3, 0, 9].map(binary_of));
    assert_eq!(messages.words, [0x03_0201, 0x1817_1615_1413_1211, 0x19]);
    assert_eq!(messages.payloads_len(), 24);
}

#[test]
fn a_text_that_arrived_is_packed_as_one() {
    let mut websocket = open();
    websocket.handle_input(b"\x81\x02\xc3\xa4".to_vec(), START);
    let mut messages = PackedMessages::default();
    for event in events(&mut websocket) {
        let Event::Message(message) = event else {
            panic!("{event:?}");
        };
        messages.push(message);
    }
    assert_eq!(messages.outgoing(), Ok(vec![Outgoing::Text("ä")]));
}

#[test]
fn what_is_packed_is_unpacked_at_every_length_around_the_edges_of_words() {
    let bytes: Vec<u8> = (1..=17).collect();
    let payloads: Vec<&[u8]> = (0..=bytes.len()).map(|len| &bytes[..len]).collect();
    let messages = arrived(&payloads);
    let expected: Vec<_> = payloads.into_iter().map(Outgoing::Binary).collect();
    assert_eq!(messages.outgoing(), Ok(expected));
}

#[test]
fn lengths_that_do_not_make_the_words_are_refused() {
    for (lens, word_count) in [
        (&[1][..], 0),
        (&[8, 1], 1),
        (&[9], 1),
        (&[u64::MAX], 1),
        (&[], 1),
        (&[0], 1),
        (&[8], 2),
    ] {
        let messages = PackedMessages {
            headers: lens.iter().copied().map(binary_of).collect(),
            words: vec![0; word_count],
        };
        let refused = messages.outgoing().map_err(|error| error.part);
        assert_eq!(refused, Err(Part::Message), "{lens:?}");
    }
}
