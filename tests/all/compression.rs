//! permessage-deflate (RFC 7692), as far as callers have a say in it, and what comes of it. The
//! servers that others wrote are in `peers`.

use integration_tests::{Scripted, Stream, assert_failure, close_payload, failure, frame, run};
use integration_tests::{connect_failure, runtime};
use tokio::sync::oneshot;
use wasocket::{
    Compression, DeflateOffer, Error, FailureKind, Message, Options, Part, SendOptions, Step,
    WebSocket,
};

/// "Hello", compressed (section 7.2.3.1).
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

/// Connects to a server that accepts permessage-deflate with these parameters (`; ` before each),
/// and then plays `script`.
async fn open_compressing<F>(
    parameters: &str,
    options: &Options,
    script: impl FnOnce(Stream) -> F + Send + 'static,
) -> (WebSocket, Scripted)
where
    F: Future<Output = ()> + Send + 'static,
{
    let peer = accepting(parameters, script).await;
    let connected = runtime().connect_with(&peer.url(), options).await;
    (connected.expect("a connection"), peer)
}

async fn accepting<F>(
    parameters: &str,
    script: impl FnOnce(Stream) -> F + Send + 'static,
) -> Scripted
where
    F: Future<Output = ()> + Send + 'static,
{
    let accepted = format!("Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n\r\n");
    Scripted::start(async move |mut stream| {
        let mut answer = stream.request().await.answer();
        // Before the empty line.
        answer.truncate(answer.len() - 2);
        answer.extend_from_slice(accepted.as_bytes());
        stream.send(&answer).await;
        script(stream).await;
    })
    .await
}

/// The offer that a request with these options has.
async fn offered(compression: Compression) -> Option<String> {
    let (tell, told) = oneshot::channel();
    let peer = Scripted::start(async move |mut stream| {
        let request = stream.accept().await;
        let values = request.values("Sec-WebSocket-Extensions").join(" | ");
        tell.send(Some(values).filter(|values| !values.is_empty()))
            .unwrap();
        stream.drain().await;
    })
    .await;
    let options = Options::new().compression(compression);
    drop(runtime().connect_with(&peer.url(), &options).await.unwrap());
    peer.finish().await;
    told.await.unwrap()
}

#[test]
fn what_is_offered_is_what_the_options_say() {
    run(async {
        for (compression, offer) in [
            (
                Compression::new(),
                Some("permessage-deflate; client_max_window_bits"),
            ),
            (Compression::none(), None),
            (
                Compression::new().offer(
                    DeflateOffer::new()
                        .server_no_context_takeover()
                        .client_no_context_takeover()
                        .server_max_window_bits(8)
                        .client_max_window_bits(15),
                ),
                Some(
                    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
                     server_max_window_bits=8; client_max_window_bits=15",
                ),
            ),
            (
                Compression::new()
                    .offer(DeflateOffer::new().server_max_window_bits(10))
                    .offer(DeflateOffer::new().fixed_client_window()),
                Some(
                    "permessage-deflate; server_max_window_bits=10; client_max_window_bits, \
                     permessage-deflate",
                ),
            ),
        ] {
            assert_eq!(offered(compression).await.as_deref(), offer);
        }
    });
}

#[test]
fn compression_that_cannot_be_is_refused_before_anything_is_sent() {
    run(async {
        for (compression, text) in [
            (
                Compression::new().level(0),
                "the level of compression is 0, not 1 to 9",
            ),
            (
                Compression::new().level(10),
                "the level of compression is 10, not 1 to 9",
            ),
            (
                Compression::new().offer(DeflateOffer::new().server_max_window_bits(7)),
                "a window has 8 to 15 bits, not 7",
            ),
            (
                Compression::new().offer(DeflateOffer::new().client_max_window_bits(16)),
                "a window has 8 to 15 bits, not 16",
            ),
            (
                (0..9).fold(Compression::new(), |compression, _| {
                    compression.offer(DeflateOffer::new())
                }),
                "9 offers are more than 8",
            ),
        ] {
            let options = Options::new().compression(compression);
            let refused = runtime().connect_with("ws://localhost/", &options).await;
            assert_eq!(
                refused.map(|_| ()),
                Err(Error::InvalidArgument {
                    part: Part::Extension,
                    message: text.into(),
                })
            );
        }
    });
}

#[test]
fn what_was_agreed_is_told() {
    run(async {
        for (answer, agreed) in [
            (
                "",
                "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
            ),
            (
                "; client_max_window_bits=9; server_no_context_takeover",
                "permessage-deflate; server_no_context_takeover; server_max_window_bits=15; \
                 client_max_window_bits=9",
            ),
        ] {
            let (websocket, peer) =
                open_compressing(answer, &Options::new(), async |mut stream| {
                    stream.drain().await;
                })
                .await;
            assert_eq!(websocket.handshake().unwrap().extensions, [agreed]);
            drop(websocket);
            peer.finish().await;
        }
    });
}

#[test]
fn an_answer_that_was_not_offered_fails_the_opening_handshake() {
    run(async {
        let peer = accepting("; server_max_window_bits=16", async |mut stream| {
            stream.expect_eof().await;
        })
        .await;
        let failure = connect_failure(&peer.url(), &Options::new()).await;
        assert_eq!(
            (failure.step, failure.kind),
            (Step::Handshake, FailureKind::HandshakeInvalid)
        );
        peer.finish().await;
    });
}

#[test]
fn messages_are_compressed_by_their_length_or_as_each_says() {
    run(async {
        let long = "wasocket ".repeat(200);
        let (websocket, peer) = open_compressing("", &Options::new(), {
            let long = long.clone();
            async move |mut stream| {
                stream.expect_frame(0x81, b"Hello").await;
                stream.expect_frame(0xc1, HELLO).await;
                let (first, payload) = stream.frame().await;
                assert_eq!(first, 0xc2);
                assert!(payload.len() < 100, "{} bytes", payload.len());
                stream.expect_frame(0x82, long.as_bytes()).await;
                // Pings are never compressed (section 6: "Control frames are not").
                stream.expect_frame(0x89, b"Hello").await;
                stream.send(&frame(0x8a, b"Hello")).await;
                stream.drain().await;
            }
        })
        .await;
        let sender = websocket.sender();
        let compressed = SendOptions::new().compressed();
        sender.send("Hello").await.unwrap();
        sender.send_with("Hello", compressed).await.unwrap();
        sender.send(long.as_bytes()).await.unwrap();
        let uncompressed = SendOptions::new().uncompressed();
        let sent = sender.send_with(long.as_bytes(), uncompressed).await;
        sent.unwrap();
        sender.ping_with("Hello", compressed).await.unwrap();
        drop((sender, websocket));
        peer.finish().await;
    });
}

#[test]
fn the_threshold_is_the_length_from_which_on_messages_are_compressed() {
    run(async {
        let options = Options::new().compression(Compression::new().threshold(5));
        let (websocket, peer) = open_compressing("", &options, async |mut stream| {
            stream.expect_frame(0x81, b"Hell").await;
            stream.expect_frame(0xc1, HELLO).await;
            stream.drain().await;
        })
        .await;
        websocket.send("Hell").await.unwrap();
        websocket.send("Hello").await.unwrap();
        drop(websocket);
        peer.finish().await;
    });
}

#[test]
fn a_compressed_message_arrives_as_it_was() {
    run(async {
        let (mut websocket, peer) = open_compressing("", &Options::new(), async |mut stream| {
            stream.send(&frame(0xc1, HELLO)).await;
            // Refers to the one before (section 7.2.3.2), and comes in two fragments.
            stream.send(&frame(0x41, b"\xf2\x00")).await;
            stream.send(&frame(0x80, b"\x11\x00\x00")).await;
            stream.send(&frame(0x81, b"plain")).await;
            stream.drain().await;
        })
        .await;
        for text in ["Hello", "Hello", "plain"] {
            assert_eq!(websocket.receive().await, Ok(Some(Message::from(text))));
        }
        drop(websocket);
        peer.finish().await;
    });
}

#[test]
fn data_that_is_not_deflate_fails_the_connection() {
    run(async {
        let (mut websocket, peer) = open_compressing("", &Options::new(), async |mut stream| {
            stream.send(&frame(0xc2, b"\xff\xff\xff")).await;
            let reason = "a message cannot be decompressed";
            stream
                .expect_frame(0x88, &close_payload(1007, reason))
                .await;
            stream.drain().await;
        })
        .await;
        assert_failure(
            &failure(&mut websocket).await,
            Step::Open,
            FailureKind::CompressedDataInvalid,
            "connection: a message cannot be decompressed",
        );
        peer.finish().await;
    });
}

/// 32 MiB of zeros, in some 32 KB.
#[test]
fn a_bomb_costs_no_more_than_the_limits() {
    run(async {
        let ratio = Options::new().max_decompression_ratio(100);
        let ratio_text = "a compressed message becomes more than 100 times as long";
        let len = Options::new().max_decompression_ratio(u32::MAX);
        let len_text = "a message is longer than 16777216 bytes";
        for (options, text) in [(ratio, ratio_text), (len, len_text)] {
            let bomb = frame(0xc2, &zeros());
            let (mut websocket, peer) = open_compressing("", &options, async move |mut stream| {
                // It may end before it has all.
                let _ = stream.try_send(&bomb).await;
                stream.expect_frame(0x88, &close_payload(1009, text)).await;
                stream.drain().await;
            })
            .await;
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::MessageTooBig,
                &format!("connection: {text}"),
            );
            peer.finish().await;
        }
    });
}

/// DEFLATE of 32 MiB of zeros: a block with fixed codes that has a zero, and then repeats it by
/// matches of 258 bytes at a distance of 1 (RFC 1951, section 3.2.6).
fn zeros() -> Vec<u8> {
    let mut bits = Bits::default();
    // Not the last block, and fixed codes.
    bits.push(0b010, 3);
    // The literal 0 is 0x30 in 8 bits, most significant first, which reversed is 0x0c.
    bits.push(0x0c, 8);
    for _ in 0..(32 << 20) / 258 {
        // Length 258 is 285: 11000101, reversed; distance 1 is 00000.
        bits.push(0b1010_0011, 8);
        bits.push(0, 5);
    }
    // The end of the block, 0000000, and an empty one without compression, but for its length.
    bits.push(0, 7);
    bits.push(0, 3);
    bits.0
}

/// Bits, least significant first.
#[derive(Default)]
struct Bits(Vec<u8>, u32);

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.1 == 0 {
                self.0.push(0);
            }
            if let Some(last) = self.0.last_mut() {
                *last |= ((value >> bit & 1) << self.1) as u8;
            }
            self.1 = (self.1 + 1) % 8;
        }
    }
}
