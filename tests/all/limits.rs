//! Limits: what a server may make the client hold or do, and what is held for a server.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::try_join_all;
use integration_tests::{
    Bystander, Scripted, Stream, assert_failure, close_payload, connect_failure, failure, frame,
    open_with, run, runtime, runtime_of,
};
use tokio::sync::oneshot;
use wasocket::{Error, Event, FailureKind, Marks, Options, Part, Step, WebSocket};

/// A mebibyte.
const MIB: usize = 1 << 20;

/// Asserts that the client fails the connection with this code and reason.
async fn expect_failing(stream: &mut Stream, code: u16, reason: &str) {
    stream
        .expect_frame(0x88, &close_payload(code, reason))
        .await;
    stream.expect_end().await;
}

/// Asserts that `within` is one message under `options`, and that the connection fails on
/// `beyond`, with this code and reason.
async fn assert_bounded(
    options: Options,
    within: Vec<u8>,
    beyond: Vec<u8>,
    (code, reason): (u16, &'static str),
) {
    let kind = match code {
        1008 => FailureKind::TooManyFragments,
        1009 => FailureKind::MessageTooBig,
        other => panic!("{other}"),
    };
    let (mut websocket, peer) = open_with(&options, async move |mut stream| {
        stream.send(&within).await;
        stream.send(&beyond).await;
        expect_failing(&mut stream, code, reason).await;
    })
    .await;
    let event = websocket.event().await;
    assert!(matches!(event, Some(Event::Message(_))), "{event:?}");
    let text = format!("connection: {reason}");
    assert_failure(&failure(&mut websocket).await, Step::Open, kind, &text);
    peer.finish().await;
}

#[test]
fn a_message_over_the_limit_fails_with_1009() {
    run(async {
        let options = || Options::new().max_message_size(1000);
        let reason = "a message is longer than 1000 bytes";
        let within = frame(0x82, &[0; 1000]);
        // On the header.
        let beyond = b"\x82\x7e\x03\xe9".to_vec();
        assert_bounded(options(), within, beyond, (1009, reason)).await;
        // On the header of the fragment that is too much.
        let within = [frame(0x02, &[0; 999]), frame(0x80, &[0])].concat();
        let beyond = [frame(0x02, &[0; 999]), b"\x80\x02".to_vec()].concat();
        assert_bounded(options(), within, beyond, (1009, reason)).await;
    });
}

#[test]
fn by_default_a_message_over_16_mebibytes_fails_with_1009() {
    run(async {
        let within = frame(0x82, &vec![0; 16 * MIB]);
        let beyond = [frame(0x02, &vec![0; 16 * MIB]), b"\x80\x01".to_vec()].concat();
        let reason = "a message is longer than 16777216 bytes";
        assert_bounded(Options::new(), within, beyond, (1009, reason)).await;
    });
}

#[test]
fn a_frame_over_the_limit_fails_with_1009() {
    run(async {
        let options = Options::new().max_frame_size(125);
        let within = [frame(0x02, &[0; 125]), frame(0x80, &[0; 125])].concat();
        let beyond = b"\x82\x7e\x00\x7e".to_vec();
        let reason = "a frame is longer than 125 bytes";
        assert_bounded(options, within, beyond, (1009, reason)).await;
    });
}

#[test]
fn a_server_that_announces_2_to_the_62_bytes_fails_at_once() {
    run(async {
        let runtime = runtime_of(8 * MIB);
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(b"\x82\x7f\x40\0\0\0\0\0\0\0").await;
            expect_failing(&mut stream, 1009, "a frame is longer than 1073741824 bytes").await;
        })
        .await;
        let options = Options::new()
            .max_message_size(1 << 30)
            .max_frame_size(1 << 30);
        let mut websocket = runtime.connect_with(&peer.url(), &options).await.unwrap();
        let failure = failure(&mut websocket).await;
        assert_eq!(failure.kind, FailureKind::MessageTooBig);
        peer.finish().await;
    });
}

#[test]
fn a_frame_that_is_announced_takes_no_memory_before_it_arrives() {
    run(async {
        let runtime = runtime_of(8 * MIB);
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // 16 MiB of which none comes.
            stream.send(b"\x82\x7f\0\0\0\0\x01\0\0\0").await;
            stream.until_read().await;
            stream.end().await;
            stream.expect_end().await;
        })
        .await;
        let mut websocket = runtime.connect(&peer.url()).await.unwrap();
        let failure = failure(&mut websocket).await;
        assert_eq!(failure.kind, FailureKind::ConnectionEnded);
        peer.finish().await;
    });
}

/// A message of so many fragments of a byte each.
fn fragments(count: usize) -> Vec<u8> {
    let mut frames = frame(0x02, b"x");
    for _ in 2..count {
        frames.extend(frame(0x00, b"x"));
    }
    frames.extend(frame(0x80, b"x"));
    frames
}

#[test]
fn a_message_of_more_fragments_than_the_limit_fails_with_1008() {
    run(async {
        let options = Options::new().max_fragments(3);
        let reason = "a message has more than 3 fragments";
        assert_bounded(options, fragments(3), fragments(4), (1008, reason)).await;
    });
}

#[test]
fn by_default_a_message_may_have_131_072_fragments() {
    run(async {
        let (within, beyond) = (fragments(131_072), fragments(131_073));
        let reason = "a message has more than 131072 fragments";
        assert_bounded(Options::new(), within, beyond, (1008, reason)).await;
    });
}

/// An answer whose head has `len` bytes.
fn answer_of(len: usize, accept: &str) -> Vec<u8> {
    let start = format!(
        "HTTP/1.1 101 ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nX-Padding: "
    );
    let padding = ".".repeat(len - start.len() - 4);
    format!("{start}{padding}\r\n\r\n").into_bytes()
}

/// Connects to a server whose answer has a head of `len` bytes.
async fn start_with_head(len: usize) -> Scripted {
    Scripted::start(async move |mut stream| {
        let accept = stream.request().await.accept;
        // The client may end the stream before it has all.
        let _ = stream.try_send(&answer_of(len, &accept)).await;
        stream.drain().await;
    })
    .await
}

#[test]
fn an_answer_over_the_limit_fails_the_opening_handshake() {
    run(async {
        for (options, limit) in [
            (Options::new(), 16_384),
            (Options::new().max_response_head(200), 200),
        ] {
            let peer = start_with_head(limit).await;
            runtime().connect_with(&peer.url(), &options).await.unwrap();
            let peer = start_with_head(limit + 1).await;
            assert_failure(
                &connect_failure(&peer.url(), &options).await,
                Step::Handshake,
                FailureKind::HandshakeInvalid,
                &format!("opening handshake: the head of the answer is longer than {limit} bytes"),
            );
        }
    });
}

/// Sends 64 messages of a mebibyte at once: far more than the buffers of TCP take.
async fn send_64_mebibytes(websocket: &WebSocket) -> Result<(), Error> {
    try_join_all((0..64).map(|_| websocket.send(vec![0; MIB])))
        .await
        .map(drop)
}

#[test]
fn what_waits_for_a_server_that_does_not_read_is_bounded() {
    run(async {
        for limit in [1, MIB as u64] {
            let (read, may_read) = oneshot::channel();
            let peer = Scripted::start(async |mut stream| {
                stream.accept().await;
                may_read.await.unwrap();
                for _ in 0..64 {
                    let (first, payload) = stream.frame().await;
                    assert_eq!((first, payload.len()), (0x82, MIB));
                }
            })
            .await;
            // Only the component bounds it.
            let options = Options::new()
                .max_buffered_amount(limit)
                .send_marks(Marks::new(1 << 30, 1_000));
            let websocket = runtime_of(16 * MIB)
                .connect_with(&peer.url(), &options)
                .await
                .unwrap();
            let mut sends = pin!(send_64_mebibytes(&websocket));
            assert!(sends.as_mut().now_or_never().is_none());
            read.send(()).unwrap();
            assert_eq!(sends.await, Ok(()));
            peer.finish().await;
        }
    });
}

#[test]
fn what_waits_traps_the_instance_if_its_limit_is_more_than_the_instance_holds() {
    run(async {
        let (read, may_read) = oneshot::channel::<()>();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            assert!(may_read.await.is_err());
        })
        .await;
        let options = Options::new()
            .max_buffered_amount(1 << 30)
            .send_marks(Marks::new(1 << 30, 1_000));
        let websocket = runtime_of(16 * MIB)
            .connect_with(&peer.url(), &options)
            .await
            .unwrap();
        let Err(Error::Failed(failure)) = send_64_mebibytes(&websocket).await else {
            panic!("64 MiB fit 16 MiB");
        };
        assert!(matches!(failure.kind, FailureKind::Trap(_)), "{failure}");
        drop(read);
        peer.finish().await;
    });
}

#[test]
fn a_flood_of_pings_is_answered_in_bounded_memory() {
    const COUNT: u32 = 100_000;

    /// The payload of the ping of this number, as long as one can be.
    fn payload(number: u32) -> [u8; 125] {
        let mut payload = [0; 125];
        payload[..4].copy_from_slice(&number.to_be_bytes());
        payload
    }

    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // It does not read meanwhile: what is not answered for want of room must not pile up.
            for numbers in (0..COUNT).collect::<Vec<_>>().chunks(1000) {
                let pings = numbers.iter().map(|&number| frame(0x89, &payload(number)));
                stream.send(&pings.collect::<Vec<_>>().concat()).await;
            }
            stream.send(&frame(0x81, b"that was it")).await;
            let mut answered = None;
            while answered != Some(COUNT - 1) {
                let (first, pong) = stream.frame().await;
                let number = u32::from_be_bytes(*pong.first_chunk().unwrap());
                assert_eq!((first, pong), (0x8a, payload(number).to_vec()));
                // Not each has to be answered, but none out of its turn, and the newest.
                assert!(answered < Some(number), "{number} after {answered:?}");
                answered = Some(number);
            }
            stream.expect_close(1000, "").await;
        })
        .await;
        let mut websocket = runtime_of(8 * MIB).connect(&peer.url()).await.unwrap();
        let mut pings = 0;
        loop {
            match websocket.event().await {
                Some(Event::Ping(ping)) => {
                    assert_eq!(ping, payload(pings));
                    pings += 1;
                }
                other => {
                    assert_eq!(other, Some(Event::Message("that was it".into())));
                    break;
                }
            }
        }
        assert_eq!(pings, COUNT);
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn options_that_cannot_be_used_are_named_before_any_connection() {
    run(async {
        let server = Bystander::start().await;
        let new = Options::new;
        let none = Duration::ZERO;
        for (options, part, text) in [
            (
                new().max_message_size(0),
                Part::Limit,
                "invalid limit: the limit of the message size is 0, not 1 to 1073741824",
            ),
            (
                new().max_message_size((1 << 30) + 1),
                Part::Limit,
                "invalid limit: the limit of the message size is 1073741825, not 1 to 1073741824",
            ),
            (
                new().max_frame_size(0),
                Part::Limit,
                "invalid limit: the limit of the frame size is 0, not 1 to 1073741824",
            ),
            (
                new().max_fragments(0),
                Part::Limit,
                "invalid limit: the limit of the fragment count is 0, not 1 to 4294967295",
            ),
            (
                new().max_response_head(63),
                Part::Limit,
                "invalid limit: the limit of the response head is 63, not 64 to 1048576",
            ),
            (
                new().max_response_head((1 << 20) + 1),
                Part::Limit,
                "invalid limit: the limit of the response head is 1048577, not 64 to 1048576",
            ),
            (
                new().max_buffered_amount(0),
                Part::Limit,
                "invalid limit: the limit of the buffered amount is 0, not 1 to 1073741824",
            ),
            (
                new().connect_timeout(none),
                Part::Timeout,
                "invalid timeout: the connect timeout is 0",
            ),
            (
                new().close_timeout(none),
                Part::Timeout,
                "invalid timeout: the close timeout is 0",
            ),
            (
                new().pong_timeout(none),
                Part::Timeout,
                "invalid timeout: the pong timeout is 0",
            ),
            (
                new().ping_interval(none),
                Part::Timeout,
                "invalid timeout: the ping interval is 0",
            ),
            (
                new().header("X-A B", "value"),
                Part::HeaderName,
                "invalid name of a header field: \"X-A B\" is not the name of a header field",
            ),
            (
                new().header("Host", "value"),
                Part::HeaderName,
                "invalid name of a header field: the opening handshake sets the header field Host \
                 itself",
            ),
            (
                new().subprotocol("chat").subprotocol("chat"),
                Part::Subprotocol,
                "invalid subprotocol: the subprotocol chat is offered twice",
            ),
            (
                new().origin(""),
                Part::Origin,
                "invalid origin: the origin is empty, or has a character in it that is not visible \
                 ASCII",
            ),
            (
                new().roots("no PEM"),
                Part::Roots,
                "invalid root certificates: there is no certificate in PEM",
            ),
            (
                new().without_built_in_roots(),
                Part::Roots,
                "invalid root certificates: the built-in roots are removed and no others are added",
            ),
        ] {
            let refused = runtime().connect_with(&server.url("wss"), &options).await;
            let error = refused.unwrap_err();
            assert_eq!(error.to_string(), text);
            assert!(
                matches!(&error, Error::InvalidArgument { part: named, .. } if *named == part),
                "{error:?}"
            );
        }
        server.assert_untouched().await;
    });
}
