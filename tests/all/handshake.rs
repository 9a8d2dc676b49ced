//! The opening handshake: the request as it is sent, and the answers that are taken or refused.

use std::net::Ipv6Addr;

use integration_tests::{
    Authority, Bystander, Request, Scripted, assert_failure, close_payload, connect_failure, frame,
    rest, run, runtime,
};
use tokio::sync::oneshot;
use wasocket::{Error, Event, FailureKind, Options, Refusal, Step, WebSocket};

/// Connects to a server with the URL that `url` makes of its port; returns the request that it
/// got.
async fn request(url: impl FnOnce(u16) -> String, options: &Options) -> Request {
    let (got, request) = oneshot::channel();
    let peer = Scripted::start(async move |mut stream| {
        got.send(stream.accept().await).unwrap();
        stream.drain().await;
    })
    .await;
    let connected = runtime().connect_with(&url(peer.port()), options).await;
    connected.unwrap();
    request.await.unwrap()
}

#[test]
fn the_least_request() {
    run(async {
        let mut port = 0;
        let url = |number| {
            port = number;
            format!("ws://LocalHost:{port}")
        };
        let request = request(url, &Options::new()).await;
        let [key] = request.values("Sec-WebSocket-Key")[..] else {
            panic!("{request:?}");
        };
        assert_eq!(
            request.head,
            format!(
                "GET / HTTP/1.1\r\n\
                 Host: localhost:{port}\r\n\
                 Upgrade: websocket\r\n\
                 Connection: Upgrade\r\n\
                 Sec-WebSocket-Key: {key}\r\n\
                 Sec-WebSocket-Version: 13\r\n\
                 \r\n"
            )
        );
    });
}

#[test]
fn a_request_with_everything_has_it_in_this_order() {
    run(async {
        let options = Options::new()
            .header("X-One", "1")
            .origin("https://example.org")
            .subprotocol("chat")
            .header("x-one", b"t\tw\xc3\xb6")
            .subprotocol("superchat");
        let url = |port| format!("ws://user:p%40ss@127.0.0.1:{port}/a/b;c?x=1&y=%20?");
        let request = request(url, &options).await;
        let (start, end) = request
            .head
            .split_once("Sec-WebSocket-Version: 13\r\n")
            .unwrap();
        assert!(
            start.starts_with("GET /a/b;c?x=1&y=%20? HTTP/1.1\r\nHost: 127.0.0.1:"),
            "{start}"
        );
        assert_eq!(
            end,
            "Sec-WebSocket-Protocol: chat, superchat\r\n\
             Origin: https://example.org\r\n\
             Authorization: Basic dXNlcjpwQHNz\r\n\
             X-One: 1\r\n\
             x-one: t\tw\u{f6}\r\n\
             \r\n"
        );
    });
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    run(async {
        let peer = Scripted::start_on(Ipv6Addr::LOCALHOST, async |mut stream| {
            let request = stream.accept().await;
            let [host] = request.values("Host")[..] else {
                panic!("{request:?}");
            };
            assert!(host.starts_with("[::1]:"), "{host}");
            stream.drain().await;
        })
        .await;
        let url = format!("ws://[0:0::0001]:{}/", peer.port());
        runtime().connect(&url).await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn an_authorization_of_the_caller_takes_the_place_of_the_urls() {
    run(async {
        let options = Options::new().header("authorization", "Bearer x");
        let url = |port| format!("ws://user:password@localhost:{port}/");
        let request = request(url, &options).await;
        assert_eq!(request.values("Authorization"), ["Bearer x"]);
    });
}

#[test]
fn no_two_keys_are_alike() {
    run(async {
        let mut keys = Vec::new();
        for _ in 0..20 {
            let url = |port| format!("ws://localhost:{port}/");
            let request = request(url, &Options::new()).await;
            let key = request.values("Sec-WebSocket-Key")[0].to_owned();
            // 16 bytes in base64 (RFC 6455, section 4.1).
            assert_eq!((key.len(), &key[22..]), (24, "=="));
            assert!(!keys.contains(&key));
            keys.push(key);
        }
    });
}

/// Starts a server that gives the answer that `answer` makes of a Sec-WebSocket-Accept, and
/// `frames` in one piece with it.
async fn start(answer: impl FnOnce(&str) -> String + Send + 'static, frames: Vec<u8>) -> Scripted {
    Scripted::start(async move |mut stream| {
        let accept = stream.request().await.accept;
        let answer = answer(&accept).into_bytes();
        stream.send(&[answer, frames].concat()).await;
        stream.drain().await;
    })
    .await
}

/// An answer that opens the connection, with these header fields beside those that it must have.
fn with(fields: &str) -> impl FnOnce(&str) -> String + Send + 'static {
    let fields = fields.to_owned();
    move |accept| {
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
        )
    }
}

/// Connects to a server with this answer.
async fn connect(
    options: &Options,
    answer: impl FnOnce(&str) -> String + Send + 'static,
) -> WebSocket {
    let peer = start(answer, vec![]).await;
    let connected = runtime().connect_with(&peer.url(), options).await;
    connected.unwrap()
}

/// Asserts that a server with this answer is told to break a rule of the opening handshake.
async fn assert_invalid(
    options: &Options,
    answer: impl FnOnce(&str) -> String + Send + 'static,
    text: &str,
) {
    let peer = start(answer, vec![]).await;
    assert_failure(
        &connect_failure(&peer.url(), options).await,
        Step::Handshake,
        FailureKind::HandshakeInvalid,
        &format!("opening handshake: {text}"),
    );
}

/// Offers two subprotocols.
fn offering() -> Options {
    Options::new().subprotocol("chat").subprotocol("superchat")
}

#[test]
fn the_subprotocol_is_the_one_that_the_server_chose() {
    run(async {
        for chosen in ["chat", "superchat"] {
            let fields = format!("Sec-WebSocket-Protocol: {chosen}\r\n");
            let websocket = connect(&offering(), with(&fields)).await;
            assert_eq!(websocket.subprotocol(), Some(chosen));
        }
    });
}

#[test]
fn a_server_may_choose_no_subprotocol() {
    run(async {
        let websocket = connect(&offering(), with("")).await;
        assert_eq!(websocket.subprotocol(), None);
    });
}

#[test]
fn a_subprotocol_that_was_not_offered_fails() {
    run(async {
        for (options, chosen) in [
            (offering(), "Chat"),
            (offering(), "chat, superchat"),
            (offering(), ""),
            (Options::new(), "chat"),
        ] {
            let fields = format!("Sec-WebSocket-Protocol: {chosen}\r\n");
            let text =
                format!("the server chose the subprotocol {chosen:?}, which was not offered");
            assert_invalid(&options, with(&fields), &text).await;
        }
    });
}

#[test]
fn an_extension_that_was_not_offered_fails() {
    run(async {
        assert_invalid(
            &Options::new(),
            with("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
            "the server chose the extension \"permessage-deflate\", which was not offered",
        )
        .await;
    });
}

#[test]
fn header_fields_of_the_answer_are_told_in_their_order() {
    run(async {
        let websocket = connect(
            &Options::new(),
            with("Set-Cookie: a=1\r\nX-Folded: one\r\n\t two\r\nset-cookie:b=2 \r\n"),
        )
        .await;
        let opened = websocket.handshake().unwrap();
        let told: Vec<_> = opened.headers[3..]
            .iter()
            .map(|header| (header.name.as_str(), header.value.as_slice()))
            .collect();
        let expected: [(_, &[u8]); 3] = [
            ("Set-Cookie", b"a=1"),
            // Line break and tab are spaces now (RFC 9112, section 5.2).
            ("X-Folded", b"one  \t two"),
            ("set-cookie", b"b=2"),
        ];
        assert_eq!(told, expected);
        assert_eq!(opened.extensions, [""; 0]);
    });
}

#[test]
fn interim_answers_are_passed_over() {
    run(async {
        let websocket = connect(&Options::new(), |accept| {
            let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 \r\n\r\n";
            format!("{interim}{}", with("X-Last: yes\r\n")(accept))
        })
        .await;
        let last = websocket.handshake().unwrap().headers.last().cloned();
        assert_eq!(last.unwrap().name, "X-Last");
    });
}

#[test]
fn answers_that_are_not_http_1_1_fail() {
    run(async {
        let old = |accept: &str| with("")(accept).replace("HTTP/1.1", "HTTP/1.0");
        assert_invalid(&Options::new(), old, "the answer is not HTTP/1.1").await;
        for other in [
            "SSH-2.0-OpenSSH_9.2p1\r\n",
            "HTTP/2 101\r\n\r\n",
            "\r\n",
            "h",
        ] {
            let answer = |_: &str| other.to_owned();
            assert_invalid(&Options::new(), answer, "the answer is not HTTP/1").await;
        }
    });
}

#[test]
fn answers_that_do_not_accept_fail() {
    run(async {
        for (from, to, text) in [
            (
                "Upgrade: websocket\r\n",
                "",
                "the answer has no header field `Upgrade: websocket`",
            ),
            (
                "Upgrade: websocket",
                "Upgrade: h2c",
                "the answer has no header field `Upgrade: websocket`",
            ),
            (
                "Connection: Upgrade",
                "Connection: close",
                "the answer has no header field `Connection: Upgrade`",
            ),
            (
                "Sec-WebSocket-Accept: ",
                "Sec-WebSocket-Accept: x",
                "the header field Sec-WebSocket-Accept is not the answer to our key",
            ),
            (
                "Sec-WebSocket-Accept: ",
                "Sec-WebSocket-Accept: \r\nSec-WebSocket-Accept: ",
                "the header field Sec-WebSocket-Accept stands more than once",
            ),
            (
                "Connection: Upgrade",
                "Connection: Upgrade\r\nno colon",
                "the answer is malformed: name of a header field",
            ),
        ] {
            let answer = move |accept: &str| with("")(accept).replacen(from, to, 1);
            assert_invalid(&Options::new(), answer, text).await;
        }
    });
}

#[test]
fn an_answer_may_have_128_header_fields_and_no_more() {
    run(async {
        // Three are there already.
        let most = "X: y\r\n".repeat(125);
        let websocket = connect(&Options::new(), with(&most)).await;
        assert_eq!(websocket.handshake().unwrap().headers.len(), 128);
        let text = "the answer has more than 128 header fields";
        assert_invalid(&Options::new(), with(&format!("{most}X: y\r\n")), text).await;
    });
}

#[test]
fn frames_in_one_piece_with_the_answer_are_received() {
    run(async {
        let frames = [
            frame(0x81, b"first"),
            frame(0x89, b""),
            frame(0x88, &close_payload(1000, "last")),
        ];
        let peer = start(with(""), frames.concat()).await;
        let mut websocket = runtime().connect(&peer.url()).await.unwrap();
        let first = websocket.event().await;
        assert_eq!(first, Some(Event::Message("first".into())));
        assert_eq!(websocket.event().await, Some(Event::Ping(vec![])));
        let last = websocket.event().await;
        assert!(
            matches!(&last, Some(Event::Close(closed)) if closed.reason == "last"),
            "{last:?}"
        );
        assert_eq!(rest(&mut websocket).await, []);
    });
}

/// Connects to a server with this answer, which refuses; returns what is told of it.
async fn refusal(answer: String) -> (Refusal, String) {
    let peer = start(|_| answer, vec![]).await;
    let failure = connect_failure(&peer.url(), &Options::new()).await;
    assert_eq!(failure.step, Step::Handshake);
    let text = failure.to_string();
    match failure.kind {
        FailureKind::Refused(refusal) => (*refusal, text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refusal_is_told_with_its_status() {
    run(async {
        for status in [
            "200 OK",
            "301 Moved Permanently",
            "401 Unauthorized",
            "403 Forbidden",
        ]
        .into_iter()
        .chain([
            "404 Not Found",
            "426 Upgrade Required",
            "500 Internal Server Error",
        ]) {
            let (refusal, text) = refusal(format!("HTTP/1.1 {status}\r\n\r\n")).await;
            let told = format!("{} {}", refusal.status, refusal.reason_phrase);
            assert_eq!(told, status);
            let expected = format!("opening handshake: the server refused with status {status}");
            assert_eq!(text, expected);
        }
    });
}

#[test]
fn a_refusal_is_told_with_its_header_fields_and_the_start_of_its_body() {
    run(async {
        let (refusal, text) = refusal(format!(
            "HTTP/1.1 503 \r\nRetry-After: 120\r\nContent-Length: 5000\r\n\r\n{}",
            "closed for today ".repeat(300)
        ))
        .await;
        assert_eq!((refusal.status, refusal.reason_phrase.as_str()), (503, ""));
        assert_eq!(refusal.headers[0].name, "Retry-After");
        assert_eq!(refusal.headers[0].value, b"120");
        assert_eq!(refusal.body.len(), 4096);
        assert!(refusal.body.starts_with(b"closed for today closed"));
        let expected = format!(
            "opening handshake: the server refused with status 503: {}",
            &"closed for today ".repeat(300)[..200]
        );
        assert_eq!(text, expected);
    });
}

#[test]
fn a_redirection_is_not_followed() {
    run(async {
        let elsewhere = Bystander::start().await;
        let location = elsewhere.url("ws");
        let answer = format!("HTTP/1.1 301 Moved Permanently\r\nLocation: {location}\r\n\r\n");
        let (refusal, _) = refusal(answer).await;
        assert_eq!(refusal.headers[0].value, location.as_bytes());
        elsewhere.assert_untouched().await;
    });
}

#[test]
fn a_refusal_whose_body_is_cut_off_is_a_refusal() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            stream
                .send(b"HTTP/1.1 403 no\r\nContent-Length: 99\r\n\r\nbecause")
                .await;
            stream.end().await;
        })
        .await;
        assert_eq!(
            connect_failure(&peer.url(), &Options::new())
                .await
                .to_string(),
            "opening handshake: the server refused with status 403 no: because"
        );
    });
}

#[test]
fn a_tls_server_behind_a_ws_url_is_told_so() {
    run(async {
        let acceptor = Authority::new().issue().acceptor();
        let peer = Scripted::start_tls(acceptor, async |_| panic!("that was TLS")).await;
        let url = format!("ws://localhost:{}/", peer.port());
        assert_failure(
            &connect_failure(&url, &Options::new()).await,
            Step::Handshake,
            FailureKind::HandshakeInvalid,
            "opening handshake: the answer is TLS and not HTTP (should the URL start with wss?)",
        );
        peer.finish().await;
    });
}

#[test]
fn a_plain_server_behind_a_wss_url_is_told_so() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            // What servers say to what is not HTTP.
            stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            stream.drain().await;
        })
        .await;
        let url = format!("wss://localhost:{}/", peer.port());
        assert_failure(
            &connect_failure(&url, &Options::new()).await,
            Step::Tls,
            FailureKind::TlsFailed,
            "TLS: the server does not speak TLS (should the URL start with ws?)",
        );
        peer.finish().await;
    });
}

#[test]
fn urls_that_cannot_be_used_are_refused() {
    run(async {
        for (url, text) in [
            (
                "http://localhost/",
                "invalid scheme: the scheme is not ws:// or wss://",
            ),
            ("ws:///chat", "invalid host: the host is empty"),
            (
                "::1",
                "invalid host: the host is an IPv6 address without brackets around it",
            ),
            (
                "ws://localhost/#part",
                "invalid fragment: a WebSocket URL has no fragment (a # in a path is written as \
                 %23)",
            ),
            (
                "ws://a%3ab:c@localhost/",
                "invalid credentials: the user name has a colon in it",
            ),
        ] {
            let error = runtime().connect(url).await.unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
            assert_eq!(error.to_string(), text);
        }
    });
}
