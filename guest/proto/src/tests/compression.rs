//! Compressed messages that we send (RFC 7692, section 7.2.1).

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::*;

const ALWAYS: SendOptions = SendOptions {
    unmasked: true,
    compress: Compress::Always,
};

const NEVER: SendOptions = SendOptions {
    unmasked: true,
    compress: Compress::Never,
};

/// The server's side: an inflater of another implementation, which remembers no more than its
/// window, so that what refers to more becomes something else.
pub(super) struct Peer {
    inflater: DecompressorOxide,
    window: Vec<u8>,
    position: usize,
}

impl Peer {
    pub(super) fn new(bits: u8) -> Self {
        Self {
            inflater: DecompressorOxide::new(),
            window: vec![0; 1 << bits],
            position: 0,
        }
    }

    pub(super) fn inflate(&mut self, payload: &[u8]) -> Vec<u8> {
        let payload = [payload, &[0x00, 0x00, 0xff, 0xff]].concat();
        let mut rest = &payload[..];
        let mut message = Vec::new();
        loop {
            let (status, taken, written) = decompress(
                &mut self.inflater,
                rest,
                &mut self.window,
                self.position,
                TINFL_FLAG_HAS_MORE_INPUT,
            );
            rest = &rest[taken..];
            message.extend_from_slice(&self.window[self.position..self.position + written]);
            self.position = (self.position + written) % self.window.len();
            match status {
                TINFLStatus::NeedsMoreInput => return message,
                TINFLStatus::HasMoreOutput => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

/// The only frame that is owed, which is not masked: its first octet and its payload.
fn sent(connection: &mut Connection) -> (u8, Vec<u8>) {
    let bytes = transmitted(connection);
    events(connection);
    let (len, start) = match bytes[1] & 0x7f {
        126 => (u16::from_be_bytes([bytes[2], bytes[3]]).into(), 4),
        127 => (
            u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize,
            10,
        ),
        len => (len.into(), 2),
    };
    assert_eq!(bytes[start..start + 4], [0; 4]);
    let payload = &bytes[start + 4..];
    assert_eq!(payload.len(), len);
    (bytes[0], payload.to_vec())
}

fn send(connection: &mut Connection, payload: &[u8], options: SendOptions) -> (u8, Vec<u8>) {
    connection
        .send(Outgoing::Binary(payload), options, START)
        .unwrap();
    sent(connection)
}

/// Words that repeat at all distances, and noise.
fn prose(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_769) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    };
    let mut out = Vec::new();
    while out.len() < len {
        match next() % 8 {
            0 => out.extend_from_slice(&next().to_le_bytes()),
            1 if !out.is_empty() => {
                // What stood at some distance before, again.
                let distance = 1 + next() as usize % out.len().min(40_000);
                for _ in 0..3 + next() % 300 {
                    out.push(out[out.len() - distance]);
                }
            }
            word => out.extend_from_slice(&b"{\"value\": [socket, frame, mask]}"[word as usize..]),
        }
    }
    out.truncate(len);
    out
}

#[test]
fn a_message_of_the_least_length_is_compressed_and_a_shorter_one_is_not() {
    let mut connection = compressing();
    let mut peer = Peer::new(15);
    let message = [b'a'; 1024];
    let (first, payload) = send(&mut connection, &message, UNMASKED);
    assert_eq!(first, 0xc2);
    assert!(payload.len() < 30);
    assert_eq!(peer.inflate(&payload), message);
    assert_eq!(
        send(&mut connection, &message[1..], UNMASKED),
        (0x82, message[1..].to_vec())
    );
}

#[test]
fn each_message_may_say_whether_it_is_compressed() {
    let mut connection = compressing();
    let mut peer = Peer::new(15);
    let (first, payload) = send(&mut connection, b"Hello", ALWAYS);
    assert_eq!((first, &peer.inflate(&payload)[..]), (0xc2, &b"Hello"[..]));
    let message = [b'a'; 2000];
    assert_eq!(
        send(&mut connection, &message, NEVER),
        (0x82, message.to_vec())
    );
    // It is no part of what later messages refer to.
    let (first, payload) = send(&mut connection, b"Hello", ALWAYS);
    assert_eq!((first, &peer.inflate(&payload)[..]), (0xc2, &b"Hello"[..]));
}

#[test]
fn text_is_compressed_too_and_masked() {
    let mut connection = compressing();
    let options = SendOptions {
        unmasked: false,
        ..ALWAYS
    };
    connection
        .send(Outgoing::Text("Hello"), options, START)
        .unwrap();
    assert_eq!(transmitted(&mut connection), masked(0xc1, HELLO));
}

#[test]
fn an_empty_message_is_never_compressed() {
    assert_eq!(send(&mut compressing(), b"", ALWAYS), (0x82, vec![]));
}

#[test]
fn nothing_is_compressed_for_a_server_that_does_not_take_it() {
    assert_eq!(
        send(&mut open(), b"Hello", ALWAYS),
        (0x82, b"Hello".to_vec())
    );
}

#[test]
fn control_frames_are_not_compressed() {
    let mut connection = compressing();
    connection.ping(&[b'a'; 125], true, START).unwrap();
    assert_eq!(sent(&mut connection), (0x89, vec![b'a'; 125]));
    feed(&mut connection, &frame(0x89, &[b'a'; 125]));
    assert_eq!(transmitted(&mut connection), masked(0x8a, &[b'a'; 125]));
}

#[test]
fn messages_refer_to_those_before_them_with_context_takeover_only() {
    let message = prose(1, 300);
    for (parameters, takes_over) in [("", true), ("; client_no_context_takeover", false)] {
        let mut connection = compressing_with(Config::default(), parameters);
        let mut peer = Peer::new(15);
        let (_, once) = send(&mut connection, &message, ALWAYS);
        assert_eq!(peer.inflate(&once), message);
        let (_, again) = send(&mut connection, &message, ALWAYS);
        if takes_over {
            assert!(again.len() < 20, "{}", again.len());
            assert_eq!(peer.inflate(&again), message);
        } else {
            assert_eq!(again, once);
        }
    }
}

#[test]
fn what_compression_makes_longer_is_sent_as_it_is_unless_later_messages_refer_to_it() {
    let noise: Vec<u8> = (0..200_u32).map(|i| ((i * i * 7919) >> 5) as u8).collect();
    let mut connection = compressing_with(Config::default(), "; client_no_context_takeover");
    assert_eq!(send(&mut connection, &noise, ALWAYS), (0x82, noise.clone()));
    let mut connection = compressing();
    let mut peer = Peer::new(15);
    let (first, payload) = send(&mut connection, &noise, ALWAYS);
    assert_eq!(first, 0xc2);
    assert!(payload.len() <= noise.len() + 6);
    assert_eq!(peer.inflate(&payload), noise);
    let (_, again) = send(&mut connection, &noise, ALWAYS);
    assert!(again.len() < 20);
    assert_eq!(peer.inflate(&again), noise);
}

/// zlib cannot compress for a window of 256 bytes, and has one of 512 instead. Does it refer to
/// more than the peer remembers? It must not, with any level.
#[test]
fn no_window_is_exceeded_at_any_level() {
    for bits in 8..=15 {
        for level in 1..=9 {
            let config = Config {
                compression: Compression {
                    level: CompressionLevel::new(level).unwrap(),
                    ..Compression::default()
                },
                ..Config::default()
            };
            let parameters = alloc::format!("; client_max_window_bits={bits}");
            let mut connection = compressing_with(config, &parameters);
            let mut peer = Peer::new(bits);
            for (seed, len) in [1, 5, 100, 250, 257, 600, 1500, 40_000, 3, 70_000]
                .into_iter()
                .enumerate()
            {
                let message = prose(seed as u32, len);
                let (first, payload) = send(&mut connection, &message, ALWAYS);
                assert_eq!(first, 0xc2);
                assert!(
                    peer.inflate(&payload) == message,
                    "{bits} bits, level {level}, {len} bytes"
                );
            }
        }
    }
}

#[test]
fn long_messages_are_compressed_whole() {
    let mut connection = compressing();
    let mut peer = Peer::new(15);
    for len in [1 << 16, (1 << 20) + 1, 3 << 20] {
        let message = prose(len as u32, len);
        let (first, payload) = send(&mut connection, &message, UNMASKED);
        assert_eq!(first, 0xc2);
        assert!(payload.len() < len);
        assert!(peer.inflate(&payload) == message, "{len}");
    }
}

#[test]
fn the_compressor_is_given_back_after_a_while_without_use() {
    let message = prose(1, 300);
    let mut connection = compressing();
    let mut peer = Peer::new(15);
    let (_, once) = send(&mut connection, &message, ALWAYS);
    assert_eq!(connection.poll_timeout(), Some(at(10_000)));
    let sending = |connection: &mut Connection, now| {
        connection
            .send(Outgoing::Binary(&message), ALWAYS, now)
            .unwrap();
        sent(connection).1
    };
    // Use puts it off.
    let again = sending(&mut connection, at(9_000));
    assert!(again.len() < once.len());
    assert_eq!(connection.poll_timeout(), Some(at(19_000)));
    connection.handle_timeout(at(19_000));
    assert_eq!(connection.poll_timeout(), None);
    // The next refers to nothing, as the first did.
    let fresh = sending(&mut connection, at(19_000));
    assert_eq!(fresh, once);
    for payload in [once, again, fresh] {
        assert_eq!(peer.inflate(&payload), message);
    }
}

#[test]
fn without_context_takeover_there_is_nothing_to_give_back() {
    let mut connection = compressing_with(Config::default(), "; client_no_context_takeover");
    send(&mut connection, &prose(1, 2000), ALWAYS);
    assert_eq!(connection.poll_timeout(), None);
}
