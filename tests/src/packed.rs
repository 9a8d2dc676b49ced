//! `packed-messages`, written from what the WIT says of it.

/// The words of these payloads.
pub(crate) fn words<'a>(payloads: impl IntoIterator<Item = &'a [u8]>) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        let bytes = bytes.iter().rev();
        bytes.fold(0, |word, byte| (word << 8) | u64::from(*byte))
    };
    payloads
        .into_iter()
        .flat_map(|payload| payload.chunks(8).map(word))
        .collect()
}

/// Defines functions that make, pack and unpack the messages of the generated module `types`, which must
/// be in scope.
macro_rules! packing {
    () => {
        /// Messages of both kinds, whose lengths are those around the edges of words.
        #[must_use]
        pub fn around_the_edges() -> Vec<types::Message> {
            let text: String = ('a'..).take(17).collect();
            (0..=text.len())
                .map(|len| &text[..len])
                .flat_map(|text| {
                    [
                        types::Message::Text(text.to_owned()),
                        types::Message::Binary(text.into()),
                    ]
                })
                .collect()
        }

        /// The first byte of the frame that the message is, and its payload.
        #[must_use]
        pub fn frame_of(message: &types::Message) -> (u8, &[u8]) {
            match message {
                types::Message::Text(text) => (0x81, text.as_bytes()),
                types::Message::Binary(bytes) => (0x82, bytes),
            }
        }

        /// The messages, packed.
        #[must_use]
        pub fn packed(messages: &[types::Message]) -> types::PackedMessages {
            let payload = |message: &types::Message| match message {
                types::Message::Text(text) => (types::MessageKind::Text, text.clone().into_bytes()),
                types::Message::Binary(bytes) => (types::MessageKind::Binary, bytes.clone()),
            };
            let payloads: Vec<_> = messages.iter().map(payload).collect();
            let header = |(kind, payload): &(_, Vec<u8>)| types::PackedHeader {
                kind: *kind,
                len: payload.len() as u64,
            };
            types::PackedMessages {
                headers: payloads.iter().map(header).collect(),
                words: $crate::packed::words(payloads.iter().map(|(_, payload)| &payload[..])),
            }
        }

        /// The messages by themselves.
        ///
        /// # Panics
        ///
        /// If they are not packed as they have to be.
        #[must_use]
        pub fn unpacked(packed: &types::PackedMessages) -> Vec<types::Message> {
            let bytes = packed.words.iter().flat_map(|word| word.to_le_bytes());
            let mut bytes = bytes.collect::<Vec<u8>>();
            let message = |header: &types::PackedHeader| {
                let len = usize::try_from(header.len).expect("a length");
                let rest = bytes.split_off(len.next_multiple_of(8));
                let mut payload = std::mem::replace(&mut bytes, rest);
                payload.truncate(len);
                match header.kind {
                    types::MessageKind::Text => {
                        types::Message::Text(String::from_utf8(payload).expect("UTF-8"))
                    }
                    types::MessageKind::Binary => types::Message::Binary(payload),
                }
            };
            let messages: Vec<_> = packed.headers.iter().map(message).collect();
            assert_eq!(self::packed(&messages), *packed);
            messages
        }
    };
}
pub(crate) use packing;
