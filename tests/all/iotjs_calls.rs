//! What the calls of the `websocket` module of IoT.js promise, and do wrong: each test is of a fault
//! of it, and says how it is done right. What a server sends is in `iotjs.rs`.

use std::pin::pin;

use futures_util::FutureExt;
use integration_tests::{
    Bystander, Scripted, assert_failure, close_payload, failure, frame, open, open_with, run,
    runtime, scaled,
};
use tokio::sync::{mpsc, oneshot};
use wasocket::callback::Websocket;
use wasocket::{Error, Event, FailureKind, Options, Part, ReadyState, Step, Timeout};

/// Bytes that are not UTF-8, with a NUL among them.
const NOT_UTF_8: &[u8] = b"\xff\x00\xfe\xed\xa0\x80";

/// Connects by the seed's `connect`; returns what is told to the handlers of `open`, `error` and
/// `close`, up to the last.
async fn connect(host: Option<&str>, port: Option<u16>, path: Option<&str>) -> Vec<String> {
    let mut websocket = Websocket::new(runtime());
    let (told, mut telling) = mpsc::unbounded_channel();
    let (errors, closes) = (told.clone(), told.clone());
    websocket.on_error(move |_, error| errors.send(format!("error: {error}")).unwrap());
    websocket.on_close(move |_, closed| closes.send(format!("close: {}", closed.code)).unwrap());
    websocket
        .connect(host, port, path, move |_| {
            told.send("open".to_owned()).unwrap()
        })
        .closed()
        .await;
    let mut all = Vec::new();
    while let Some(one) = telling.recv().await {
        all.push(one);
    }
    all
}

/// Connects by the seed's `connect` to a server that asserts how the request starts.
async fn assert_request(host: Option<&str>, path: Option<&str>, start: &'static str) {
    let peer = Scripted::start(async move |mut stream| {
        let head = stream.accept().await.head;
        assert!(head.starts_with(start), "{head}");
        stream.send(&frame(0x88, b"")).await;
        stream.expect_frame(0x88, b"").await;
    })
    .await;
    assert_eq!(
        connect(host, Some(peer.port()), path).await,
        ["open", "close: 1005"]
    );
    peer.finish().await;
}

#[test]
fn connect_without_a_host_goes_to_localhost() {
    run(async {
        for host in [None, Some("")] {
            for path in [None, Some("")] {
                assert_request(host, path, "GET / HTTP/1.1\r\nHost: localhost:").await;
            }
        }
    });
}

#[test]
fn connect_takes_host_port_and_path_one_by_one() {
    run(async {
        for host in ["127.0.0.1", "ws://127.0.0.1", "WS://127.0.0.1/"] {
            for path in ["chat?x=1", "/chat?x=1"] {
                let start = "GET /chat?x=1 HTTP/1.1\r\nHost: 127.0.0.1:";
                assert_request(Some(host), Some(path), start).await;
            }
        }
    });
}

#[test]
fn ports_out_of_range_are_told_to_error_and_then_close() {
    run(async {
        let refused = [
            "error: invalid port: the port is not a number from 1 to 65535",
            "close: 1006",
        ];
        assert_eq!(connect(Some("localhost"), Some(0), None).await, refused);
        for port in ["0", "65536", "4294967376", "-1", "8o", " 80"] {
            let url = format!("ws://localhost:{port}/");
            assert_eq!(connect(Some(&url), None, None).await, refused, "{port}");
        }
    });
}

/// Connects to `url` with `options`; asserts that this part of them is refused.
async fn assert_refused(url: &str, options: &Options, refused: Part) {
    match runtime().connect_with(url, options).await {
        Err(Error::InvalidArgument { part, .. }) => assert_eq!(part, refused, "{url} {options:?}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn line_breaks_in_a_path_are_refused_before_any_connection() {
    run(async {
        let server = Bystander::start().await;
        for injected in ["a\r\nX: y", "a\nX: y", "a\rX: y", "a b", "a\0"] {
            let url = format!("{}{injected}", server.url("ws"));
            assert_refused(&url, &Options::new(), Part::Path).await;
            let refused = [
                "error: invalid path: the path or query has a character that must be \
                 percent-encoded",
                "close: 1006",
            ];
            let told = connect(Some("localhost"), Some(server.port()), Some(injected)).await;
            assert_eq!(told, refused);
        }
        server.assert_untouched().await;
    });
}

#[test]
fn line_breaks_in_a_header_field_are_refused_before_any_connection() {
    run(async {
        let server = Bystander::start().await;
        for injected in ["a\r\nX: y", "a\nX: y", "a\rX: y", "a\0"] {
            let new = Options::new;
            for (options, part) in [
                (new().header(injected, "value"), Part::HeaderName),
                (new().header("X-Name", injected), Part::HeaderValue),
                (new().subprotocol(injected), Part::Subprotocol),
                (new().origin(injected), Part::Origin),
            ] {
                assert_refused(&server.url("ws"), &options, part).await;
            }
        }
        server.assert_untouched().await;
    });
}

#[test]
fn a_ping_of_the_server_may_have_any_bytes() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            for payload in [NOT_UTF_8, &[0xff; 125], b""] {
                stream.send(&frame(0x89, payload)).await;
                stream.expect_frame(0x8a, payload).await;
            }
            stream.end().await;
        })
        .await;
        for payload in [NOT_UTF_8, &[0xff; 125], b""] {
            let ping = websocket.event().await;
            assert_eq!(ping, Some(Event::Ping(payload.to_vec())));
        }
        peer.finish().await;
    });
}

#[test]
fn a_ping_to_the_server_may_have_any_bytes() {
    run(async {
        let (websocket, peer) = open(async |mut stream| {
            for payload in [NOT_UTF_8, &[0xff; 125], b""] {
                stream.expect_frame(0x89, payload).await;
                stream.send(&frame(0x8a, payload)).await;
            }
            stream.expect_close(1000, "").await;
        })
        .await;
        for payload in [NOT_UTF_8, &[0xff; 125], b""] {
            let pong = websocket.ping(payload).await.unwrap();
            assert_eq!(pong.payload, payload);
        }
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_ping_whose_pong_nobody_waits_for_does_no_harm() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            stream.expect_frame(0x89, b"left alone").await;
            stream.send(&frame(0x8a, b"left alone")).await;
            stream.send(&frame(0x81, b"still here")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        // Polled once, so that it is sent.
        let _ = websocket.ping("left alone").now_or_never();
        assert_eq!(websocket.receive().await, Ok(Some("still here".into())));
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn a_ping_over_125_bytes_is_refused_and_sends_nothing() {
    run(async {
        let (websocket, peer) = open(async |mut stream| stream.expect_close(1000, "").await).await;
        let error = websocket.ping([0; 126]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid payload of a ping: a ping of 126 bytes is too long (at most 125)"
        );
        websocket.close(1000, "").await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn an_unanswered_ping_ends_the_connection_with_error_and_then_close() {
    run(async {
        let options = Options::new().pong_timeout(scaled(200));
        let (mut websocket, peer) = open_with(&options, async |mut stream| {
            stream.expect_frame(0x89, b"anyone?").await;
            let reason = "the peer did not answer a ping in time";
            stream
                .expect_frame(0x88, &close_payload(1011, reason))
                .await;
            stream.expect_end().await;
        })
        .await;
        let error = websocket.ping("anyone?").await.unwrap_err();
        let failure = failure(&mut websocket).await;
        assert_failure(
            &failure,
            Step::Open,
            FailureKind::Timeout(Timeout::Pong),
            "connection: the peer did not answer a ping in time",
        );
        assert_eq!(error, Error::Failed(failure));
        peer.finish().await;
    });
}

#[test]
fn close_is_done_when_the_connection_is_closed_and_not_when_the_frame_is_sent() {
    run(async {
        let (seen, was_seen) = oneshot::channel();
        let (mut websocket, peer) = open(async |mut stream| {
            stream
                .expect_frame(0x88, &close_payload(1000, "done"))
                .await;
            stream.send(&frame(0x81, b"your close was read")).await;
            was_seen.await.unwrap();
            stream
                .send(&frame(0x88, &close_payload(1000, "so be it")))
                .await;
            stream.end().await;
        })
        .await;
        let sender = websocket.sender();
        let mut closing = pin!(sender.close(1000, "done"));
        assert!(closing.as_mut().now_or_never().is_none());
        let late = websocket.receive().await;
        assert_eq!(late, Ok(Some("your close was read".into())));
        assert!(closing.as_mut().now_or_never().is_none());
        seen.send(()).unwrap();
        assert_eq!(closing.await.unwrap().reason, "so be it");
        peer.finish().await;
    });
}

#[test]
fn nothing_is_sent_after_close() {
    run(async {
        let (seen, was_seen) = oneshot::channel();
        let (websocket, peer) = open(async |mut stream| {
            was_seen.await.unwrap();
            stream.expect_close(1000, "").await;
        })
        .await;
        let sender = websocket.sender();
        let mut closing = pin!(websocket.close(1000, ""));
        assert!(closing.as_mut().now_or_never().is_none());
        let refused = Err(Error::InvalidState(ReadyState::Closing));
        assert_eq!(sender.send("too late").await, refused);
        seen.send(()).unwrap();
        closing.await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn close_codes_and_reasons_that_may_not_be_sent_are_refused_and_send_nothing() {
    run(async {
        let (mut websocket, peer) = open(async |mut stream| {
            // The first frame that comes.
            stream.expect_frame(0x81, b"still open").await;
            stream.send(&frame(0x81, b"so it is")).await;
            stream.expect_close(3000, &"r".repeat(123)).await;
        })
        .await;
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
            let error = websocket.close(code, "").await.unwrap_err();
            let Error::InvalidArgument { part, message } = error else {
                panic!("{error:?}");
            };
            assert_eq!(part, Part::CloseCode);
            assert!(message.contains(&code.to_string()), "{message}");
        }
        let error = websocket.close(1000, &"r".repeat(124)).await.unwrap_err();
        let Error::InvalidArgument { part, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(part, Part::CloseReason);
        websocket.send("still open").await.unwrap();
        assert_eq!(websocket.receive().await, Ok(Some("so it is".into())));
        let closed = websocket.close(3000, &"r".repeat(123)).await.unwrap();
        assert_eq!(closed.code, 3000);
        peer.finish().await;
    });
}
