//! `--json` and `--verbose`.

use integration_tests::{Scripted, close_payload, frame, run};
use serde_json::{Value, json};

use crate::tool::{Ended, wasocket};

/// Each line of standard output.
#[track_caller]
fn events(ended: &Ended) -> Vec<Value> {
    ended
        .stdout()
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

/// A server that lets each kind of event happen.
async fn eventful() -> Scripted {
    Scripted::start(async |mut stream| {
        let request = stream.request().await;
        stream.send(&request.answer()).await;
        stream.send(&frame(0x81, b"\"two\nlines\"")).await;
        stream.send(&frame(0x82, b"\x00\xff")).await;
        stream.send(&frame(0x89, b"ping")).await;
        stream.expect_frame(0x8a, b"ping").await;
        stream.send(&frame(0x8a, b"unasked")).await;
        stream.send(&frame(0x88, &close_payload(4001, "bye"))).await;
        stream.expect_frame(0x88, &close_payload(4001, "")).await;
    })
    .await
}

#[test]
fn with_json_each_event_is_a_line() {
    run(async {
        let peer = eventful().await;
        let ended = wasocket(&["--json", "--no-close", &peer.url()], b"").await;
        peer.finish().await;
        ended.assert_code(1);
        assert_eq!(ended.stderr, "");
        let mut events = events(&ended);
        // It is another with each key.
        let accept = events[0]["headers"][2][1].take();
        assert_eq!(accept.as_str().map(str::len), Some(28), "{ended:?}");
        assert_eq!(
            events,
            [
                json!({
                    "event": "open",
                    "subprotocol": null,
                    "extensions": [],
                    "headers": [
                        ["Upgrade", "websocket"],
                        ["Connection", "Upgrade"],
                        ["Sec-WebSocket-Accept", null],
                    ],
                }),
                json!({"event": "message", "type": "text", "data": "\"two\nlines\""}),
                json!({"event": "message", "type": "binary", "base64": "AP8="}),
                json!({"event": "ping", "base64": "cGluZw=="}),
                json!({"event": "pong", "base64": "dW5hc2tlZA=="}),
                json!({"event": "close", "code": 4001, "reason": "bye", "clean": true}),
            ]
        );
    });
}

#[test]
fn with_json_a_refusal_is_an_event_with_what_the_server_said() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nnot me";
            stream.send(answer).await;
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&["--json", &peer.url()], b"").await;
        peer.finish().await;
        ended.assert_code(5);
        assert_eq!(ended.stderr, "");
        assert_eq!(
            events(&ended),
            [
                json!({
                    "event": "error",
                    "step": "handshake",
                    "message": "the server refused with status 403 Forbidden: not me",
                    "status": 403,
                    "headers": [["Content-Length", "6"]],
                    "body": "not me",
                }),
                json!({"event": "close", "code": 1006, "reason": "", "clean": false}),
            ]
        );
    });
}

#[test]
fn with_json_a_failure_comes_before_the_close() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // A frame of a server is not masked.
            stream.send(b"\x81\x80\x00\x00\x00\x00").await;
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&["--json", "--no-close", &peer.url()], b"").await;
        peer.finish().await;
        ended.assert_code(1);
        let events = events(&ended);
        let names: Vec<&str> = events
            .iter()
            .filter_map(|event| event["event"].as_str())
            .collect();
        assert_eq!(names, ["open", "error", "close"]);
        assert_eq!(events[1]["step"], "open");
        assert_eq!(events[2]["code"], 1006);
        assert_eq!(events[2]["clean"], false);
    });
}

#[test]
fn with_verbose_each_event_is_told_on_standard_error() {
    run(async {
        let peer = eventful().await;
        let ended = wasocket(&["--verbose", "--no-close", &peer.url()], b"").await;
        peer.finish().await;
        ended.assert_code(1);
        assert_eq!(ended.stdout(), "\"two\nlines\"\nbinary 00ff\n");
        assert_eq!(
            ended.stderr,
            "open\n\
             ping from the server: ping\n\
             pong from the server: unasked\n\
             close, code 4001 (bye)\n"
        );
    });
}
