//! What is sent in place of standard input, in which order, and what is told of what is not.

use integration_tests::{Scripted, close_payload, frame, run};

use crate::folder::Folder;
use crate::tool::{Tool, wasocket};

#[test]
fn texts_and_files_are_sent_in_the_order_of_the_command_line() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x82, b"\x00\xff\n").await;
            stream.expect_frame(0x81, b"one").await;
            stream.expect_frame(0x81, b"two\nlines\n").await;
            stream.expect_frame(0x81, b"/three").await;
            stream.expect_frame(0x82, b"piped\n").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let folder = Folder::with(&[("bytes", b"\x00\xff\n"), ("text", b"two\nlines\n")]);
        let arguments = [
            "--binary-file=bytes",
            "-x",
            "one",
            "--text-file",
            "text",
            "--send=/three",
            "--binary-file=-",
            &peer.url(),
        ];
        let mut tool = folder.start(&arguments);
        tool.write(b"piped\n").await;
        tool.end_input();
        tool.ended().await.assert_success("");
        peer.finish().await;
    });
}

/// Some overtook others.
#[test]
fn many_lines_are_sent_in_their_order() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for line in 0..20_000 {
                stream.expect_frame(0x81, line.to_string().as_bytes()).await;
            }
            stream.expect_close(1000, "").await;
        })
        .await;
        let lines: String = (0..20_000).map(|line| format!("{line}\n")).collect();
        let ended = wasocket(&[&peer.url()], lines.as_bytes()).await;
        ended.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn with_wait_messages_are_waited_for_when_all_is_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"question").await;
            // No Close frame comes in between, however long it takes.
            for payload in [b"still there? 1", b"still there? 2"] {
                stream.send(&frame(0x89, payload)).await;
                stream.expect_frame(0x8a, payload).await;
            }
            let answer = [
                frame(0x81, b"answer"),
                frame(0x88, &close_payload(1000, "")),
            ];
            stream.send(&answer.concat()).await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
        })
        .await;
        let arguments = ["-x", "question", "--wait", "3600", &peer.url()];
        wasocket(&arguments, b"").await.assert_success("answer\n");
        peer.finish().await;
    });
}

#[test]
fn with_wait_one_shot_mode_gives_up() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"question").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ended = wasocket(&["-1", "-w0.05", &peer.url()], b"question\n").await;
        ended.assert_failure(1, "the connection was closed without an answer");
        peer.finish().await;
    });
}

#[test]
fn a_message_that_is_too_long_is_told_and_not_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"short").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let input = format!("short\n{}\n", "x".repeat((16 << 20) + 1));
        let arguments = ["--max-memory=67108864", &peer.url()];
        let ended = wasocket(&arguments, input.as_bytes()).await;
        ended.assert_failure(
            2,
            "invalid message: 16777217 bytes are more than the memory of the instance allows \
             (16777216 bytes)\nwasocket: 1 message not sent",
        );
        peer.finish().await;
    });
}

#[test]
fn what_was_not_sent_when_the_server_closed_is_counted() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // The rest of it finds no room.
            stream.expect(b"\x81").await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.end().await;
            std::future::pending().await
        })
        .await;
        let mut tool = Tool::start(&["--close-timeout=0.1", &peer.url()]);
        let mut line = vec![b'x'; 32 << 20];
        line.push(b'\n');
        tool.write(&line).await;
        let ended = tool.ended().await;
        ended.assert_code(1);
        let told = "wasocket: 1 message not sent\n";
        assert!(ended.stderr.ends_with(told), "{ended:?}");
    });
}

#[test]
fn with_quiet_the_exit_code_tells_alone() {
    run(async {
        let ended = wasocket(&["--quiet", "ws://something.invalid/"], b"").await;
        ended.assert_code(3);
        assert_eq!((ended.stdout(), ended.stderr.as_str()), ("", ""));

        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"message")).await;
            stream.send(&frame(0x88, &close_payload(4001, "bye"))).await;
            stream.expect_frame(0x88, &close_payload(4001, "")).await;
        })
        .await;
        let ended = Tool::start(&["-q", &peer.url()]).ended().await;
        ended.assert_code(1);
        assert_eq!((ended.stdout(), ended.stderr.as_str()), ("message\n", ""));
        peer.finish().await;
    });
}
