//! What goes from standard input to the server, and from the server to standard output.

use integration_tests::{Echo, Scripted, close_payload, frame, run};

use crate::tool::{Tool, wasocket};

#[test]
fn each_line_is_a_message_and_each_message_a_line() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"one").await;
            stream.expect_frame(0x81, b"").await;
            stream.expect_frame(0x81, b" two ").await;
            stream.expect_frame(0x81, "drei\u{1f980}".as_bytes()).await;
            stream.send(&frame(0x81, b"")).await;
            stream.send(&frame(0x81, "vier \u{e4}".as_bytes())).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let input = "one\n\n two \r\ndrei\u{1f980}";
        let ended = wasocket(&[&peer.url()], input.as_bytes()).await;
        ended.assert_success("\nvier \u{e4}\n");
        peer.finish().await;
    });
}

#[test]
fn a_conversation_goes_on_line_by_line() {
    run(async {
        let echo = Echo::start().await;
        let mut tool = Tool::start(&[&echo.url()]);
        for line in ["first\n", "second\n", "third\n"] {
            tool.write(line.as_bytes()).await;
            assert_eq!(tool.line().await, line);
        }
        tool.end_input();
        tool.ended().await.assert_success("");
    });
}

/// Escape sequences were taken out of them.
#[test]
fn messages_to_a_pipe_are_not_changed_and_have_no_colours() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"\x1b[31mred\x1b[0m\t\x07")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ended = wasocket(&[&peer.url()], b"").await;
        ended.assert_success("\x1b[31mred\x1b[0m\t\x07\n");
        peer.finish().await;
    });
}

#[test]
fn binary_messages_among_text_are_written_in_hexadecimal() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x82, b"\x00\xca\xfe")).await;
            stream.send(&frame(0x82, b"")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ended = wasocket(&[&peer.url()], b"").await;
        ended.assert_success("binary 00cafe\nbinary \n");
        peer.finish().await;
    });
}

#[test]
fn in_binary_mode_nothing_is_added_to_payloads_or_taken_away() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x82, b"a\r\n\xff\n").await;
            stream.send(&frame(0x82, b"\x00\xff\n")).await;
            stream.send(&frame(0x81, b"text")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ended = wasocket(&["--binary", &peer.url()], b"a\r\n\xff\n").await;
        ended.assert_code(0);
        assert_eq!(ended.stdout, b"\x00\xff\ntext");
        assert_eq!(ended.stderr, "");
        peer.finish().await;
    });
}

#[test]
fn in_one_shot_mode_all_of_the_input_is_one_message_and_one_is_printed() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"several\nlines").await;
            let answers = [frame(0x81, b"answer"), frame(0x81, b"not asked for")];
            stream.send(&answers.concat()).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ended = wasocket(&["--one", &peer.url()], b"several\nlines\n").await;
        ended.assert_success("answer\n");
        peer.finish().await;
    });
}

#[test]
fn in_one_shot_mode_binary_input_is_one_message_too() {
    run(async {
        let echo = Echo::start().await;
        // Far more than is read at once.
        let input: Vec<u8> = (0..=u8::MAX).cycle().take(300_000).collect();
        let ended = wasocket(&["-1", "-b", &echo.url()], &input).await;
        ended.assert_code(0);
        assert!(ended.stdout == input);
        assert_eq!(ended.stderr, "");
    });
}

/// It closed the connection, and the input was not sent.
#[test]
fn in_one_shot_mode_the_input_is_sent_though_the_server_speaks_first() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"greeting")).await;
            stream.expect_frame(0x81, b"late").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let mut tool = Tool::start(&["--one", &peer.url()]);
        assert_eq!(tool.line().await, "greeting\n");
        tool.write(b"late\n").await;
        tool.end_input();
        tool.ended().await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn in_one_shot_mode_no_answer_is_a_failure() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"question").await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
        })
        .await;
        let ended = wasocket(&["--one", &peer.url()], b"question\n").await;
        ended.assert_failure(1, "the connection was closed without an answer");
        peer.finish().await;
    });
}

#[test]
fn a_very_long_line_is_one_message() {
    run(async {
        let echo = Echo::start().await;
        let line = format!("{}\n", "0123456789abcdef".repeat(512 << 10));
        let mut tool = Tool::start(&[&echo.url()]);
        tool.write(line.as_bytes()).await;
        assert!(tool.line().await == line);
        tool.end_input();
        tool.ended().await.assert_success("");
    });
}

#[test]
fn input_that_is_not_utf_8_is_an_error_in_text_mode() {
    run(async {
        for mode in [&[][..], &["--one"]] {
            let peer = Scripted::start(async |mut stream| {
                stream.accept().await;
                stream.expect_close(1000, "").await;
            })
            .await;
            let ended = wasocket(&[mode, &[&peer.url()]].concat(), b"\xff\xfe\n").await;
            ended.assert_failure(
                2,
                "standard input: not UTF-8, as text has to be; --binary sends any bytes",
            );
            peer.finish().await;
        }
    });
}

#[test]
fn what_stands_before_input_that_is_not_utf_8_is_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"good").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ended = wasocket(&[&peer.url()], b"good\nbad \xff\nunread\n").await;
        ended.assert_code(2);
        peer.finish().await;
    });
}

#[test]
fn in_binary_mode_a_message_may_be_longer_than_the_memory_of_the_sandbox() {
    run(async {
        let content: Vec<u8> = (0..251).cycle().take(40 << 20).collect();
        let message = frame(0x82, &content);
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            stream.send(&message).await;
            stream.send(&frame(0x81, b"text")).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let url = peer.url();
        let limits = ["--max-memory=33554432", "--max-message-size=67108864"];
        let mut tool = Tool::start(&[&limits[..], &["--binary", &url]].concat());
        let received = tool.bytes(content.len() + 4).await;
        assert!(received[..content.len()] == content);
        assert_eq!(&received[content.len()..], b"text");
        tool.end_input();
        tool.ended().await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn in_binary_mode_what_has_arrived_of_a_long_message_is_written() {
    run(async {
        let content = vec![b'x'; 2 << 20];
        let fragment = frame(0x02, &content);
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            stream.send(&fragment).await;
            stream.end().await;
            stream.drain().await;
        })
        .await;
        let ended = Tool::start(&["--binary", &peer.url()]).ended().await;
        ended.assert_code(1);
        assert!(ended.stdout == content);
        assert_eq!(
            ended.stderr,
            "wasocket: a message was cut off: connection: the stream ended without a close frame\n\
             wasocket: connection: the stream ended without a close frame\n"
        );
        peer.finish().await;
    });
}

#[test]
fn in_one_shot_mode_a_long_answer_is_written_to_its_end_and_another_is_not() {
    run(async {
        let content = vec![b'x'; 2 << 20];
        let answer = frame(0x82, &content);
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x82, b"question").await;
            stream.send(&answer).await;
            stream.send(&answer).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let ended = wasocket(&["-1b", &peer.url()], b"question").await;
        ended.assert_code(0);
        assert!(ended.stdout == content);
        assert_eq!(ended.stderr, "");
        peer.finish().await;
    });
}
