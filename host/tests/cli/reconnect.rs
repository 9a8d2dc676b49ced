//! `--reconnect`.

use std::net::Ipv4Addr;

use integration_tests::{ClosedPort, Stream, close_payload, frame, run};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::tool::{Tool, wasocket};

/// A server of several connections, one after another.
struct Server(TcpListener);

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self(listener.expect("a port"))
    }

    fn url(&self) -> String {
        let address = self.0.local_addr().expect("an address");
        format!("ws://localhost:{}/", address.port())
    }

    /// Runs the tool with these arguments, which connects again without much delay.
    fn tool(&self, arguments: &[&str]) -> Tool {
        let url = self.url();
        let reconnect = ["--reconnect", "--first-delay=0.01", &url];
        Tool::start(&[arguments, &reconnect].concat())
    }

    /// The next connection, of which nothing was read yet.
    async fn next(&self) -> Stream {
        let (stream, _) = self.0.accept().await.expect("a client");
        stream.set_nodelay(true).expect("an option of TCP");
        Stream::Plain(stream)
    }

    /// The next connection, which is open.
    async fn opened(&self) -> Stream {
        let mut stream = self.next().await;
        stream.accept().await;
        stream
    }
}

/// Receives a message and answers the ping that follows it.
async fn expect_confirming(stream: &mut Stream, text: &str) {
    stream.expect_frame(0x81, text.as_bytes()).await;
    let (begin, payload) = stream.frame().await;
    assert_eq!(begin, 0x89);
    stream.send(&frame(0x8a, &payload)).await;
}

/// The next line of JSON of the tool.
async fn event(tool: &mut Tool) -> Value {
    let line = tool.line().await;
    serde_json::from_str(&line).expect(&line)
}

/// Takes events up to one of this name.
async fn until(tool: &mut Tool, name: &str) -> Value {
    loop {
        let event = event(tool).await;
        if event["event"] == name {
            return event;
        }
    }
}

#[test]
fn lines_wait_for_the_next_connection() {
    run(async {
        let server = Server::start().await;
        let mut tool = server.tool(&[]);
        let mut first = server.opened().await;
        tool.write(b"one\n").await;
        expect_confirming(&mut first, "one").await;
        first.send(&frame(0x81, b"first")).await;
        assert_eq!(tool.line().await, "first\n");
        first.end().await;
        let lost = tool.told().await;
        let cause = "wasocket: connection: the stream ended without a close frame";
        let lost = lost.strip_prefix(cause).expect(&lost);
        assert!(lost.starts_with("; next attempt in "), "{lost}");
        tool.write(b"two\n").await;
        tool.end_input();
        let mut second = server.opened().await;
        expect_confirming(&mut second, "two").await;
        second.expect_close(1000, "").await;
        let ended = tool.ended().await;
        ended.assert_code(0);
        assert_eq!(
            (ended.stdout(), ended.stderr.as_str()),
            ("", "open again\n")
        );
    });
}

/// Each waited for the pong that confirmed the one before.
#[test]
fn lines_do_not_wait_for_one_another() {
    run(async {
        let server = Server::start().await;
        let mut tool = server.tool(&[]);
        let mut stream = server.opened().await;
        tool.write(b"one\n").await;
        stream.expect_frame(0x81, b"one").await;
        let (begin, payload) = stream.frame().await;
        assert_eq!(begin, 0x89);
        tool.write(b"two\n").await;
        stream.expect_frame(0x81, b"two").await;
        stream.send(&frame(0x8a, &payload)).await;
        let (begin, payload) = stream.frame().await;
        assert_eq!(begin, 0x89);
        stream.send(&frame(0x8a, &payload)).await;
        tool.end_input();
        stream.expect_close(1000, "").await;
        tool.ended().await.assert_success("");
    });
}

#[test]
fn what_may_have_been_sent_is_told_and_not_sent_again() {
    run(async {
        let server = Server::start().await;
        let mut tool = server.tool(&[]);
        let mut first = server.opened().await;
        tool.write(b"doubtful\n").await;
        first.expect_frame(0x81, b"doubtful").await;
        first.end().await;
        first.drain().await;
        let lost = tool.told().await;
        assert!(lost.contains("; next attempt in "), "{lost}");
        let returned = "wasocket: message 1 (8 bytes): may have been sent\n";
        assert_eq!(tool.told().await, returned);
        let mut second = server.opened().await;
        assert_eq!(tool.told().await, "open again\n");
        tool.end_input();
        second.expect_close(1000, "").await;
        tool.ended()
            .await
            .assert_failure(1, "1 message may have been sent or not");
    });
}

/// There is nothing left to connect for.
#[test]
fn when_all_is_sent_or_told_there_is_no_further_attempt() {
    run(async {
        let server = Server::start().await;
        let tool = server.tool(&["-x", "doubtful"]);
        let mut first = server.opened().await;
        first.expect_frame(0x81, b"doubtful").await;
        first.end().await;
        first.drain().await;
        let ended = tool.ended().await;
        ended.assert_code(1);
        let end = "wasocket: message 1 (8 bytes): may have been sent\n\
                   wasocket: 1 message may have been sent or not\n";
        assert!(ended.stderr.ends_with(end), "{ended:?}");
    });
}

#[test]
fn what_may_have_been_sent_is_sent_again_if_that_is_wanted() {
    run(async {
        let server = Server::start().await;
        let tool = server.tool(&["-x", "doubtful", "--resend"]);
        let mut first = server.opened().await;
        first.expect_frame(0x81, b"doubtful").await;
        first.end().await;
        first.drain().await;
        let mut second = server.opened().await;
        expect_confirming(&mut second, "doubtful").await;
        second.expect_close(1000, "").await;
        tool.ended().await.assert_code(0);
    });
}

#[test]
fn a_server_that_answers_no_pings_can_be_sent_to() {
    run(async {
        let server = Server::start().await;
        let tool = server.tool(&["-x", "text", "--confirm=transport"]);
        let mut stream = server.opened().await;
        stream.expect_frame(0x81, b"text").await;
        stream.expect_close(1000, "").await;
        tool.ended().await.assert_success("");
    });
}

#[test]
fn attempts_are_made_until_there_were_as_many_as_may_be() {
    run(async {
        let port = ClosedPort::take();
        let url = format!("ws://{}/", port.address());
        let arguments = ["--reconnect", "--first-delay=0.01", "--max-attempts=2"];
        let ended = wasocket(&[&arguments[..], &[&url]].concat(), b"").await;
        ended.assert_code(3);
        let refused = format!(
            "wasocket: TCP connection: {}: connection refused",
            port.address()
        );
        let told: Vec<&str> = ended.stderr.lines().collect();
        let [first, second, end] = told[..] else {
            panic!("{ended:?}");
        };
        let first = first.strip_prefix(&refused).expect(first);
        assert!(first.starts_with("; next attempt in "), "{first}");
        assert_eq!(second, refused);
        assert_eq!(end, "wasocket: no further attempt: --max-attempts");
    });
}

#[test]
fn no_attempt_is_made_later_than_it_may_be() {
    run(async {
        let port = ClosedPort::take();
        let url = format!("ws://{}/", port.address());
        let times = [
            "--first-delay=3600",
            "--max-delay=3600",
            "--max-elapsed=0.001",
        ];
        let ended = wasocket(&[&times[..], &["--reconnect", &url]].concat(), b"").await;
        ended.assert_code(3);
        let end = "wasocket: no further attempt: --max-elapsed\n";
        assert!(ended.stderr.ends_with(end), "{ended:?}");
    });
}

#[test]
fn after_a_refusal_there_is_no_further_attempt() {
    run(async {
        let server = Server::start().await;
        let tool = server.tool(&[]);
        let mut stream = server.next().await;
        stream.request().await;
        let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
        stream.send(answer).await;
        stream.drain().await;
        tool.ended().await.assert_failure(
            5,
            "opening handshake: the server refused with status 401 Unauthorized",
        );
    });
}

#[test]
fn a_server_that_closes_in_order_is_not_connected_to_again_and_one_that_goes_away_is() {
    run(async {
        let server = Server::start().await;
        let mut tool = server.tool(&["--no-close"]);
        for (code, reason) in [(1001, ""), (1012, "update")] {
            let mut stream = server.opened().await;
            let payload = close_payload(code, reason);
            stream.send(&frame(0x88, &payload)).await;
            stream.expect_frame(0x88, &close_payload(code, "")).await;
            stream.end().await;
        }
        let mut stream = server.opened().await;
        stream.send(&frame(0x88, &close_payload(1000, ""))).await;
        stream.expect_frame(0x88, &close_payload(1000, "")).await;
        stream.end().await;
        for lost in ["close, code 1001", "close, code 1012 (update)"] {
            let told = tool.told().await;
            let start = format!("wasocket: {lost}; next attempt in ");
            assert!(told.starts_with(&start), "{told}");
            assert_eq!(tool.told().await, "open again\n");
        }
        tool.ended().await.assert_success("");
    });
}

#[test]
fn a_message_that_is_too_long_is_told_and_not_sent() {
    run(async {
        let server = Server::start().await;
        let mut tool = server.tool(&["--max-memory=67108864"]);
        let mut stream = server.opened().await;
        tool.write(format!("{}\n", "x".repeat((16 << 20) + 1)).as_bytes())
            .await;
        stream.expect_close(1000, "").await;
        tool.ended().await.assert_failure(
            2,
            "message 1 (16777217 bytes): not sent: invalid message: 16777217 bytes are more than \
             the memory of the instance allows (16777216 bytes)\n\
             wasocket: 1 message not sent",
        );
    });
}

#[test]
fn a_file_that_cannot_be_kept_is_named_before_anybody_is_connected_to() {
    run(async {
        let folder = crate::folder::Folder::with(&[("long", &[b'x'; 1001])]);
        let arguments = ["--reconnect", "--binary-file=long", "--max-memory=4000"];
        let url = "ws://localhost:1/";
        let ended = folder.wasocket(&[&arguments[..], &[url]].concat()).await;
        ended.assert_failure(
            2,
            "long: longer than a message can be (1000 bytes); --max-memory allows more",
        );
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_wait_for_the_next_attempt() {
    run(async {
        let server = Server::start().await;
        let url = server.url();
        let delays = ["--first-delay=3600", "--max-delay=3600"];
        let mut tool = Tool::start(&[&delays[..], &["--reconnect", "--json", &url]].concat());
        server.opened().await.end().await;
        let lost = until(&mut tool, "disconnected").await;
        assert!(lost["retry_in"].is_number(), "{lost}");
        tool.interrupt().await;
        let ended = until(&mut tool, "ended").await;
        assert_eq!(ended, json!({"event": "ended", "because": "closed"}));
        tool.ended().await.assert_code(130);
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_an_attempt() {
    run(async {
        let server = Server::start().await;
        let tool = server.tool(&[]);
        let mut stream = server.next().await;
        stream.request().await;
        tool.interrupt().await;
        let ended = tool.ended().await;
        ended.assert_code(130);
        assert_eq!(ended.stderr, "");
    });
}

#[test]
fn with_json_attempts_and_their_ends_are_events() {
    run(async {
        let server = Server::start().await;
        let mut tool = server.tool(&["--json"]);
        assert_eq!(
            event(&mut tool).await,
            json!({"event": "connecting", "attempt": 1})
        );
        let mut first = server.opened().await;
        tool.write(b"doubtful\n").await;
        first.expect_frame(0x81, b"doubtful").await;
        first.end().await;
        first.drain().await;
        assert_eq!(event(&mut tool).await["event"], "open");
        let mut lost = event(&mut tool).await;
        assert!(lost["retry_in"].take().is_number(), "{lost}");
        assert_eq!(
            lost,
            json!({
                "event": "disconnected",
                "attempt": 1,
                "was_open": true,
                "retry_in": null,
                "error": {
                    "step": "open",
                    "message": "the stream ended without a close frame",
                },
            })
        );
        assert_eq!(
            event(&mut tool).await,
            json!({
                "event": "undelivered",
                "id": 1,
                "fate": "maybe sent",
                "type": "text",
                "data": "doubtful",
            })
        );
        assert_eq!(
            event(&mut tool).await,
            json!({"event": "connecting", "attempt": 2})
        );
        let mut second = server.opened().await;
        assert_eq!(event(&mut tool).await["event"], "open");
        tool.end_input();
        second.expect_close(1000, "").await;
        assert_eq!(
            event(&mut tool).await,
            json!({
                "event": "ended",
                "because": "closed",
                "close": {"code": 1000, "reason": "", "clean": true},
            })
        );
        let ended = tool.ended().await;
        ended.assert_code(1);
        assert_eq!(
            ended.stderr,
            "wasocket: 1 message may have been sent or not\n"
        );
    });
}
