//! How a connection ends: by the end of standard input, by the server, by Ctrl-C, by whoever reads
//! standard output.

use std::process::Stdio;

use integration_tests::{Echo, Scripted, close_payload, frame, run};
use tokio::sync::oneshot;

use crate::tool::{Tool, command, wasocket};

#[test]
fn the_end_of_standard_input_closes_after_what_was_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"last").await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            // What arrives until the end is still printed.
            stream.send(&frame(0x81, b"parting word")).await;
            stream.send(&frame(0x88, &close_payload(1000, "bye"))).await;
            stream.end().await;
            stream.expect_end().await;
        })
        .await;
        let ended = wasocket(&[&peer.url()], b"last\n").await;
        ended.assert_success("parting word\n");
        peer.finish().await;
    });
}

#[test]
fn with_no_close_only_the_server_closes() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"last").await;
            // No Close frame comes in between, however long it takes.
            for payload in [b"still there? 1", b"still there? 2", b"still there? 3"] {
                stream.send(&frame(0x89, payload)).await;
                stream.expect_frame(0x8a, payload).await;
            }
            stream.send(&frame(0x88, &close_payload(1001, ""))).await;
            stream.expect_frame(0x88, &close_payload(1001, "")).await;
        })
        .await;
        let ended = wasocket(&["--no-close", &peer.url()], b"last\n").await;
        ended.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn a_server_that_closes_ends_the_tool_though_its_input_stays_open() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"only this")).await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
        })
        .await;
        let tool = Tool::start(&[&peer.url()]);
        tool.ended().await.assert_success("only this\n");
        peer.finish().await;
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_does_the_closing_handshake() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"greeting")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let mut tool = Tool::start(&[&peer.url()]);
        assert_eq!(tool.line().await, "greeting\n");
        tool.interrupt().await;
        tool.ended().await.assert_success("");
        peer.finish().await;
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_again_does_not_wait_for_the_server() {
    run(async {
        let (closing_tx, closing_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"greeting")).await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            closing_tx.send(()).expect("a test");
            stream.drain().await;
        })
        .await;
        let mut tool = Tool::start(&["--close-timeout", "3600", &peer.url()]);
        assert_eq!(tool.line().await, "greeting\n");
        tool.interrupt().await;
        closing_rx.await.expect("a Close frame");
        tool.interrupt().await;
        let ended = tool.ended().await;
        ended.assert_code(130);
        assert_eq!(ended.stderr, "");
        peer.finish().await;
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_connection_that_is_not_yet_open() {
    run(async {
        let (asked_tx, asked_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.request().await;
            asked_tx.send(()).expect("a test");
            stream.drain().await;
        })
        .await;
        let tool = Tool::start(&[&peer.url()]);
        asked_rx.await.expect("a request");
        tool.interrupt().await;
        let ended = tool.ended().await;
        ended.assert_code(130);
        assert_eq!(ended.stderr, "");
        peer.finish().await;
    });
}

/// It was lost while a message was being sent.
#[cfg(unix)]
#[test]
fn ctrl_c_is_heard_though_the_server_does_not_read() {
    run(async {
        let (sending_tx, sending_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect(b"\x81").await;
            // There is no room for the rest.
            sending_tx.send(()).expect("a test");
            std::future::pending().await
        })
        .await;
        let mut tool = Tool::start(&["--close-timeout", "0.1", &peer.url()]);
        let mut line = vec![b'x'; 32 << 20];
        line.push(b'\n');
        tool.write(&line).await;
        sending_rx.await.expect("the start of a message");
        tool.interrupt().await;
        tool.ended().await.assert_failure(
            1,
            "closing handshake: the peer did not answer the close frame in time\n\
             wasocket: 1 message not sent",
        );
    });
}

#[test]
fn closed_standard_output_closes_the_connection_quietly() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"unread")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let mut tool = Tool::start(&[&peer.url()]);
        tool.close_output();
        tool.ended().await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn closed_standard_error_does_no_harm() {
    run(async {
        let echo = Echo::start().await;
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = command(&["--verbose", &echo.url()]);
        let mut tool = Tool::start_as(command.stderr(writer).stdout(Stdio::piped()));
        tool.write(b"Hello\n").await;
        assert_eq!(tool.line().await, "Hello\n");
        tool.end_input();
        tool.ended().await.assert_success("");
    });
}
