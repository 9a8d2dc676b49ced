//! Files: those that are sent as they are read, and those that cannot be sent.

use std::fs::File;
use std::process::Stdio;

use integration_tests::{Bystander, Echo, Scripted, Stream, close_payload, frame, run};
use tokio::process::Command;
use tokio::sync::oneshot;

use crate::folder::Folder;
use crate::tool::Tool;

/// Longer than what is sent in one frame.
const LONG: usize = 3 << 20;

/// Bytes that are no text, and do not repeat where pieces or fragments begin.
fn bytes(len: usize) -> Vec<u8> {
    (0..251).cycle().take(len).collect()
}

/// Receives a message in several frames, the first of which begins with this.
async fn expect_fragments(stream: &mut Stream, first: u8, content: &[u8]) {
    let (begin, mut message) = stream.frame().await;
    assert_eq!(begin, first);
    loop {
        let (begin, fragment) = stream.frame().await;
        message.extend(fragment);
        match begin {
            0x00 => {}
            0x80 => break,
            _ => panic!("{begin:#04x} is not the start of a continuation frame"),
        }
    }
    assert!(message == content);
}

/// Receives what is there of a message that does not end, and then this Close frame.
async fn expect_given_up(stream: &mut Stream, code: u16) {
    loop {
        match stream.frame().await {
            (0x00..=0x02, _) => {}
            (0x88, payload) => {
                assert_eq!(payload[..2], close_payload(code, ""));
                break;
            }
            (begin, _) => {
                panic!("{begin:#04x} is not the start of a fragment that is not the last")
            }
        }
    }
    stream.send(&frame(0x88, &close_payload(code, ""))).await;
    stream.end().await;
}

#[test]
fn a_file_may_be_longer_than_the_memory_of_the_sandbox() {
    run(async {
        let content = bytes(40 << 20);
        let expected = content.clone();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"before").await;
            expect_fragments(&mut stream, 0x02, &expected).await;
            stream.expect_frame(0x81, b"after").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let folder = Folder::with(&[("long", &content)]);
        let arguments = [
            "--max-memory=33554432",
            "-xbefore",
            "--binary-file=long",
            "-xafter",
            &peer.url(),
        ];
        folder.wasocket(&arguments).await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn a_short_file_is_one_frame() {
    run(async {
        let content = bytes(1 << 20);
        let expected = content.clone();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x82, &expected).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let folder = Folder::with(&[("short", &content)]);
        let arguments = ["--binary-file=short", &peer.url()];
        folder.wasocket(&arguments).await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn a_long_file_is_one_message() {
    run(async {
        let echo = Echo::start().await;
        let content = bytes(LONG);
        let folder = Folder::with(&[("long", &content)]);
        let url = echo.url();
        let arguments = ["--one", "--binary", "--binary-file=long", &url];
        let ended = folder.wasocket(&arguments).await;
        ended.assert_code(0);
        assert!(ended.stdout == content);
        assert_eq!(ended.stderr, "");
    });
}

#[test]
fn a_long_file_may_come_through_a_pipe() {
    run(async {
        // Each of the characters is cut in two by the end of some piece.
        let text = format!("x{}", "\u{e4}".repeat(LONG / 2));
        for file in ["-", "/dev/stdin"] {
            let expected = text.clone();
            let peer = Scripted::start(async move |mut stream| {
                stream.accept().await;
                expect_fragments(&mut stream, 0x01, expected.as_bytes()).await;
                stream.expect_close(1000, "").await;
            })
            .await;
            let mut tool = Tool::start(&["--text-file", file, &peer.url()]);
            tool.write(text.as_bytes()).await;
            tool.end_input();
            tool.ended().await.assert_success("");
            peer.finish().await;
        }
    });
}

#[cfg(unix)]
#[test]
fn a_file_may_be_a_pipe_with_a_name() {
    run(async {
        let content = bytes(LONG);
        let expected = content.clone();
        let peer = Scripted::start(async move |mut stream| {
            stream.accept().await;
            expect_fragments(&mut stream, 0x02, &expected).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let folder = Folder::with(&[("content", &content)]);
        let made = Command::new("mkfifo").arg(folder.path("pipe")).status();
        assert!(made.await.expect("mkfifo").success());
        let mut writer = Command::new("cat")
            .arg(folder.path("content"))
            .stdout(Stdio::from({
                // Opened for both, it does not wait for a reader.
                let mut options = File::options();
                let pipe = options.read(true).write(true).open(folder.path("pipe"));
                pipe.expect("a pipe")
            }))
            .kill_on_drop(true)
            .spawn()
            .expect("cat");
        let arguments = ["--binary-file=pipe", &peer.url()];
        let (ended, written) = tokio::join!(folder.wasocket(&arguments), writer.wait());
        assert!(written.expect("an end").success());
        ended.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn files_that_cannot_be_opened_are_named_before_anybody_is_connected_to() {
    run(async {
        let server = Bystander::start().await;
        let url = server.url("ws");
        let folder = Folder::with(&[]);
        for (file, message) in [
            ("nowhere", "nowhere: No such file or directory (os error 2)"),
            (".", ".: is a directory"),
        ] {
            for option in ["--text-file", "--binary-file"] {
                let ended = folder.wasocket(&[option, file, &url]).await;
                ended.assert_failure(2, message);
            }
        }
        server.assert_untouched().await;
    });
}

#[test]
fn of_a_short_file_that_cannot_be_sent_nothing_is() {
    run(async {
        let folder = Folder::with(&[("bytes", b"a\xff")]);
        for (arguments, message) in [
            (
                ["--text-file", "bytes"],
                "bytes: not UTF-8, as text has to be; --binary-file sends any bytes",
            ),
            #[cfg(target_os = "linux")]
            (
                ["--binary-file", "/proc/self/mem"],
                "/proc/self/mem: Input/output error (os error 5)",
            ),
        ] {
            let peer = Scripted::start(async |mut stream| {
                stream.accept().await;
                stream.expect_close(1000, "").await;
            })
            .await;
            let url = peer.url();
            let ended = folder.wasocket(&[&arguments[..], &[&url]].concat()).await;
            ended.assert_failure(2, message);
            peer.finish().await;
        }
    });
}

#[test]
fn a_long_text_that_is_not_utf_8_is_given_up_and_named() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            expect_given_up(&mut stream, 1011).await;
        })
        .await;
        let mut content = vec![b'x'; LONG];
        content.extend(b"\xffyz");
        let folder = Folder::with(&[("long", &content)]);
        let arguments = ["--text-file=long", "-xnever", &peer.url()];
        folder.wasocket(&arguments).await.assert_failure(
            2,
            "long: not UTF-8, as text has to be; --binary-file sends any bytes\n\
             close, code 1011\n\
             wasocket: 1 message not sent",
        );
        peer.finish().await;
    });
}

#[test]
fn a_file_that_becomes_shorter_meanwhile_is_given_up_and_named() {
    run(async {
        let (sending_tx, sending_rx) = oneshot::channel();
        let (cut_tx, cut_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect(b"\x02").await;
            // There is no room for all of it.
            sending_tx.send(()).expect("a test");
            cut_rx.await.expect("a test");
            stream.drain().await;
        })
        .await;
        let folder = Folder::with(&[]);
        let file = File::create(folder.path("long")).expect("a file");
        file.set_len(64 << 20).expect("room");
        let tool = folder.start(&["--binary-file=long", "--close-timeout=1", &peer.url()]);
        sending_rx.await.expect("the start of a message");
        file.set_len(1).expect("a file");
        cut_tx.send(()).expect("a script");
        let ended = tool.ended().await;
        ended.assert_code(2);
        let told = &ended.stderr;
        assert!(
            told.starts_with("wasocket: long: became shorter while it was read: "),
            "{ended:?}"
        );
        assert!(told.contains(" bytes of 67108864\n"), "{ended:?}");
        assert!(
            told.ends_with("wasocket: 1 message not sent\n"),
            "{ended:?}"
        );
        peer.finish().await;
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_gives_a_file_up() {
    run(async {
        let (sending_tx, sending_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            let (begin, _) = stream.frame().await;
            assert_eq!(begin, 0x02);
            sending_tx.send(()).expect("a test");
            expect_given_up(&mut stream, 1011).await;
        })
        .await;
        // It has no end.
        let tool = Tool::start(&["--binary-file=/dev/zero", &peer.url()]);
        sending_rx.await.expect("a fragment");
        tool.interrupt().await;
        let ended = tool.ended().await;
        ended.assert_code(1);
        assert!(
            ended.stderr.contains("wasocket: 1 message not sent\n"),
            "{ended:?}"
        );
        peer.finish().await;
    });
}

/// It was waited for.
#[test]
fn the_end_of_the_connection_is_the_end_though_a_file_is_not_read_to_its_end() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            let (begin, _) = stream.frame().await;
            assert_eq!(begin, 0x02);
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.end().await;
            stream.drain().await;
        })
        .await;
        let mut tool = Tool::start(&["--binary-file=-", &peer.url()]);
        // No more than is read before the first fragment leaves.
        tool.write(&bytes((1 << 20) + 1)).await;
        let ended = tool.ended().await;
        ended.assert_code(1);
        assert!(
            ended.stderr.ends_with("wasocket: 1 message not sent\n"),
            "{ended:?}"
        );
        peer.finish().await;
    });
}
