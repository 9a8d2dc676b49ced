//! The opening handshake: the request as it is sent, and refusals as they are told. Which answers
//! are taken, the corpus asks.

use std::net::Ipv6Addr;

use integration_tests::{
    Authority, Bystander, Request, Scripted, assert_failure, connect_failure, run, runtime,
};
use tokio::sync::oneshot;
use wasocket::{Error, FailureKind, Options, Refusal, Step};

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
                 Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
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
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
             Sec-WebSocket-Protocol: chat, superchat\r\n\
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

/// Connects to a server with this answer, which refuses; returns what is told of it.
async fn refusal(answer: String) -> (Refusal, String) {
    let peer = Scripted::start(async move |mut stream| {
        stream.request().await;
        stream.send(answer.as_bytes()).await;
        stream.drain().await;
    })
    .await;
    let failure = connect_failure(&peer.url(), &Options::new()).await;
    assert_eq!(failure.step, Step::Handshake);
    let text = failure.to_string();
    match failure.kind {
        FailureKind::Refused(refusal) => (*refusal, text),
        other => panic!("{other:?}"),
    }
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
