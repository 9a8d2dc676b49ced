//! How failures exit, and what is told of them. See also the other files.

use integration_tests::{Authority, ClosedPort, Echo, Scripted, close_payload, frame, run};

use crate::tool::{Ended, Tool, wasocket};

#[test]
fn a_refused_connection_exits_with_3() {
    run(async {
        let port = ClosedPort::take();
        let address = port.address();
        let ended = wasocket(&[&format!("ws://{address}/")], b"").await;
        ended.assert_failure(3, &format!("TCP connection: {address}: connection refused"));
    });
}

#[test]
fn a_name_that_does_not_exist_exits_with_3() {
    run(async {
        let ended = wasocket(&["ws://something.invalid/"], b"").await;
        ended.assert_failure(
            3,
            "name lookup: something.invalid does not exist, or has no address",
        );
    });
}

#[test]
fn a_certificate_that_is_not_trusted_exits_with_4() {
    run(async {
        let echo = Echo::start_tls(&Authority::new().issue()).await;
        let ended = wasocket(&[&echo.url()], b"").await;
        ended.assert_failure(
            4,
            "TLS: the server's certificate is not accepted: no authority that is trusted has \
             issued it",
        );
    });
}

#[test]
fn a_server_without_tls_exits_with_4() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&[&format!("wss://localhost:{}/", peer.port())], b"").await;
        ended.assert_failure(
            4,
            "TLS: the server does not speak TLS (should the URL start with ws?)",
        );
        peer.finish().await;
    });
}

#[test]
fn a_refusal_exits_with_5() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
            stream.send(answer).await;
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&[&peer.url()], b"").await;
        ended.assert_failure(
            5,
            "opening handshake: the server refused with status 401 Unauthorized",
        );
        peer.finish().await;
    });
}

#[test]
fn a_server_that_does_not_speak_http_exits_with_5() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.send(b"220 mail.example.org ESMTP\r\n\r\n").await;
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&[&peer.url()], b"").await;
        ended.assert_failure(5, "opening handshake: the answer is not HTTP/1");
        peer.finish().await;
    });
}

/// How the tool ends when the server closes with this payload.
async fn closed_with(payload: &'static [u8]) -> Ended {
    let peer = Scripted::start(async |mut stream| {
        stream.accept().await;
        stream.send(&frame(0x88, payload)).await;
        // The code comes back, if there is one.
        stream
            .expect_frame(0x88, &payload[..payload.len().min(2)])
            .await;
        stream.end().await;
    })
    .await;
    let ended = Tool::start(&[&peer.url()]).ended().await;
    peer.finish().await;
    ended
}

#[test]
fn closures_in_order_exit_with_0() {
    run(async {
        for payload in [&b""[..], b"\x03\xe8", b"\x03\xe9going"] {
            closed_with(payload).await.assert_success("");
        }
    });
}

#[test]
fn other_closures_exit_with_1_and_are_told() {
    run(async {
        for (payload, told) in [
            (&b"\x03\xf0"[..], "close, code 1008\n"),
            (
                b"\x0f\xa1with \x1b[31mreason",
                "close, code 4001 (with \\u{1b}[31mreason)\n",
            ),
        ] {
            let ended = closed_with(payload).await;
            ended.assert_code(1);
            assert_eq!(ended.stdout(), "");
            assert_eq!(ended.stderr, told);
        }
    });
}

#[test]
fn a_lost_connection_exits_with_1() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"then nothing")).await;
            stream.end().await;
            stream.drain().await;
        })
        .await;
        let ended = Tool::start(&[&peer.url()]).ended().await;
        ended.assert_code(1);
        assert_eq!(ended.stdout(), "then nothing\n");
        assert_eq!(
            ended.stderr,
            "wasocket: connection: the stream ended without a close frame\n"
        );
        peer.finish().await;
    });
}

#[test]
fn a_server_that_breaks_a_rule_exits_with_1() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(b"\x81\x80\x00\x00\x00\x00").await;
            let (first, payload) = stream.frame().await;
            assert_eq!((first, &payload[..2]), (0x88, &close_payload(1002, "")[..]));
            stream.end().await;
        })
        .await;
        let ended = Tool::start(&[&peer.url()]).ended().await;
        ended.assert_failure(1, "connection: the server masked a frame");
        peer.finish().await;
    });
}
