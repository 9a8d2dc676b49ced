//! What options do to a connection.

use std::fs;
use std::io::Write;

use integration_tests::{Authority, Bystander, Echo, Scripted, close_payload, frame, run};
use tempfile::{NamedTempFile, TempDir};

use crate::folder::Folder;
use crate::tool::{Ended, Tool, command, wasocket};

#[test]
fn the_request_has_what_was_asked_for() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let request = stream.accept().await;
            assert!(request.head.starts_with("GET /chat?room=1 HTTP/1.1\r\n"));
            assert_eq!(request.values("X-First"), ["1: one"]);
            assert_eq!(request.values("X-Empty"), [""]);
            assert_eq!(request.values("Cookie"), ["a=1", "b=2"]);
            assert_eq!(request.values("Origin"), ["https://example.org"]);
            // "user:pass word"
            assert_eq!(
                request.values("Authorization"),
                ["Basic dXNlcjpwYXNzIHdvcmQ="]
            );
            stream.expect_close(1000, "").await;
        })
        .await;
        let url = format!(
            "ws://user:pass%20word@localhost:{}/chat?room=1",
            peer.port()
        );
        let arguments = [
            "-H",
            "X-First:1: one ",
            "--header",
            "X-Empty:",
            "-HCookie: a=1",
            "-HCookie: b=2",
            "--origin",
            "https://example.org",
            &url,
        ];
        wasocket(&arguments, b"").await.assert_success("");
        peer.finish().await;
    });
}

/// They would be for all on the machine to see as arguments.
#[test]
fn header_fields_are_taken_from_a_file() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let request = stream.accept().await;
            assert_eq!(request.values("Authorization"), ["Bearer a:b"]);
            assert_eq!(request.values("X-Order"), ["1", "2", "3"]);
            stream.expect_close(1000, "").await;
        })
        .await;
        let file = b"Authorization: Bearer a:b\r\n\nX-Order: 2\n";
        let folder = Folder::with(&[("fields", file)]);
        let arguments = ["-HX-Order: 1", "-H@fields", "-H", "X-Order: 3", &peer.url()];
        folder.wasocket(&arguments).await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn a_file_of_header_fields_that_cannot_be_used_is_named_without_its_secrets() {
    run(async {
        let server = Bystander::start().await;
        let url = server.url("ws");
        let folder = Folder::with(&[("fields", b"X-A: b\nsecret\n")]);
        for (argument, message) in [
            (
                "-H@fields",
                "fields:2: there is no colon between name and value",
            ),
            (
                "-H@nowhere",
                "nowhere: No such file or directory (os error 2)",
            ),
        ] {
            let ended = folder.wasocket(&[argument, &url]).await;
            ended.assert_failure(2, message);
        }
        server.assert_untouched().await;
    });
}

#[test]
fn only_what_is_granted_is_reached() {
    run(async {
        let server = Bystander::start().await;
        let url = server.url("ws");
        let arguments = ["--grant=localhost:1", "--grant=[::1]:2", &url];
        let ended = wasocket(&arguments, b"").await;
        ended.assert_code(3);
        assert!(ended.stderr.contains("Grants::host"), "{ended:?}");
        server.assert_untouched().await;

        let echo = Echo::start().await;
        let url = echo.url();
        let authority = url.trim_start_matches("ws://").trim_end_matches('/');
        for grant in [
            &format!("--grant={authority}"),
            "--grant=localhost:1-65535",
            "--grant-private=*:*",
        ] {
            let ended = wasocket(&[grant, &url], b"Hello\n").await;
            ended.assert_success("Hello\n");
        }
        let url = format!("ws://127.0.0.1:{}/", echo.port());
        let ended = wasocket(&["--grant-network=127.0.0.0/8", &url], b"Hello\n").await;
        ended.assert_success("Hello\n");
    });
}

#[test]
fn offers_of_compression_are_made_as_they_are_written() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let request = stream.accept().await;
            assert_eq!(
                request.values("Sec-WebSocket-Extensions"),
                [
                    "permessage-deflate; server_no_context_takeover; client_max_window_bits=10, \
                  permessage-deflate"
                ]
            );
            stream.expect_close(1000, "").await;
        })
        .await;
        let arguments = [
            "--deflate-offer=server_no_context_takeover; client_max_window_bits=10",
            "--deflate-offer=",
            "--compression-level=9",
            "--compression-threshold=0",
            &peer.url(),
        ];
        wasocket(&arguments, b"").await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn payloads_travel_unchanged_if_that_is_wanted() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect(b"\x81\x85\0\0\0\0Hello").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let arguments = ["--unmasked", &peer.url()];
        wasocket(&arguments, b"Hello\n").await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn subprotocols_are_offered_in_their_order_and_the_choice_is_told() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let request = stream.request().await;
            assert_eq!(request.values("Sec-WebSocket-Protocol"), ["new, old"]);
            let answer = String::from_utf8(request.answer()).expect("ASCII");
            let chosen = answer.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: old\r\n\r\n");
            stream.send(chosen.as_bytes()).await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let arguments = ["-v", "-s", "new", "--subprotocol", "old", &peer.url()];
        let ended = wasocket(&arguments, b"").await;
        ended.assert_code(0);
        assert_eq!(ended.stderr, "open, subprotocol old\nclose, code 1000\n");
        peer.finish().await;
    });
}

#[test]
fn compression_is_offered_unless_that_is_not_wanted() {
    run(async {
        for (arguments, offered) in [
            (&[][..], &["permessage-deflate; client_max_window_bits"][..]),
            (&["--no-compression"], &[]),
        ] {
            let peer = Scripted::start(async move |mut stream| {
                let request = stream.accept().await;
                assert_eq!(request.values("Sec-WebSocket-Extensions"), offered);
                stream.expect_close(1000, "").await;
            })
            .await;
            let ended = wasocket(&[arguments, &[&peer.url()]].concat(), b"").await;
            ended.assert_code(0);
            peer.finish().await;
        }
    });
}

/// Says hello to an echo server over TLS that has its certificate from `authority`.
async fn hello(authority: &Authority, options: &[&str]) -> Ended {
    let echo = Echo::start_tls(&authority.issue()).await;
    wasocket(&[options, &[&echo.url()]].concat(), b"Hello\n").await
}

fn pem_file(authority: &Authority) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(authority.pem().as_bytes())
        .expect("room in it");
    file
}

#[test]
fn roots_from_files_are_trusted() {
    run(async {
        let [first, second] = [Authority::new(), Authority::new()];
        let files = [pem_file(&first), pem_file(&second)];
        let paths = files
            .each_ref()
            .map(|file| file.path().to_str().expect("UTF-8"));
        let roots = ["--roots", paths[0], "--roots", paths[1]];
        hello(&first, &roots).await.assert_success("Hello\n");
        hello(&second, &roots).await.assert_success("Hello\n");
        let only = [&roots[..], &["--no-built-in-roots"]].concat();
        hello(&second, &only).await.assert_success("Hello\n");
    });
}

#[test]
fn silence_is_broken_by_pings() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            for _ in 0..2 {
                let (first, payload) = stream.frame().await;
                assert_eq!(first, 0x89);
                stream.send(&frame(0x8a, &payload)).await;
            }
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
        })
        .await;
        let tool = Tool::start(&["--ping-interval", "0.02", &peer.url()]);
        tool.ended().await.assert_success("");
        peer.finish().await;
    });
}

#[test]
fn a_ping_without_an_answer_ends_the_connection() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.drain().await;
        })
        .await;
        let tool = Tool::start(&["-p0.02", "--pong-timeout=0.02", &peer.url()]);
        tool.ended()
            .await
            .assert_failure(1, "connection: the peer did not answer a ping in time");
        peer.finish().await;
    });
}

#[test]
fn a_server_that_does_not_answer_in_time_is_given_up() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.drain().await;
        })
        .await;
        let ended = wasocket(&["--connect-timeout", "0.2", &peer.url()], b"").await;
        ended.assert_failure(
            5,
            "opening handshake: the opening handshake was not done within the connect timeout",
        );
        peer.finish().await;
    });
}

#[test]
fn a_message_over_the_limit_ends_the_connection() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"four")).await;
            stream.send(&frame(0x81, b"fives")).await;
            let (first, payload) = stream.frame().await;
            assert_eq!((first, &payload[..2]), (0x88, &1009_u16.to_be_bytes()[..]));
            stream.end().await;
        })
        .await;
        let tool = Tool::start(&["--max-message-size", "4", &peer.url()]);
        let ended = tool.ended().await;
        ended.assert_code(1);
        assert_eq!(ended.stdout(), "four\n");
        assert_eq!(
            ended.stderr,
            "wasocket: connection: a message is longer than 4 bytes\n"
        );
        peer.finish().await;
    });
}

#[test]
fn other_limits_end_the_connection_too() {
    run(async {
        for (option, frames, message) in [
            (
                "--max-frame-size=4",
                frame(0x81, b"fives"),
                "connection: a frame is longer than 4 bytes",
            ),
            (
                "--max-fragments=2",
                [frame(0x01, b"1"), frame(0x00, b"2"), frame(0x80, b"3")].concat(),
                "connection: a message has more than 2 fragments",
            ),
        ] {
            let peer = Scripted::start(async move |mut stream| {
                stream.accept().await;
                stream.send(&frames).await;
                let (first, _) = stream.frame().await;
                assert_eq!(first, 0x88);
                stream.end().await;
            })
            .await;
            let tool = Tool::start(&[option, &peer.url()]);
            tool.ended().await.assert_failure(1, message);
            peer.finish().await;
        }
    });
}

/// The limit of frames was in the way.
#[test]
fn the_limit_of_messages_can_be_raised() {
    run(async {
        let echo = Echo::start().await;
        let input = vec![b'x'; (16 << 20) + 1];
        let url = echo.url();
        let arguments = ["--one", "--max-message-size", "16777217", &url];
        let ended = wasocket(&arguments, &input).await;
        ended.assert_code(0);
        assert_eq!(ended.stdout.len(), input.len() + 1);
        assert_eq!(ended.stderr, "");
    });
}

/// Says hello to an echo server, with caches in `folder`.
async fn hello_from(folder: &TempDir, options: &[&str]) -> Ended {
    let echo = Echo::start().await;
    let mut command = command(&[options, &[&echo.url()]].concat());
    let mut tool = Tool::start_as(command.env("XDG_CACHE_HOME", folder.path()));
    tool.write(b"Hello\n").await;
    tool.end_input();
    tool.ended().await
}

#[cfg(not(any(windows, target_os = "macos")))]
#[test]
fn the_compiled_component_is_kept_unless_that_is_not_wanted() {
    run(async {
        let folder = TempDir::new().expect("a folder");
        let ended = hello_from(&folder, &["--no-cache"]).await;
        ended.assert_success("Hello\n");
        let kept = || fs::read_dir(folder.path().join("wasocket"));
        assert!(kept().is_err());

        hello_from(&folder, &[]).await.assert_success("Hello\n");
        assert_eq!(kept().expect("a folder").count(), 1);
        // From what was kept.
        hello_from(&folder, &[]).await.assert_success("Hello\n");
        assert_eq!(kept().expect("a folder").count(), 1);
    });
}

/// It was a failure.
#[cfg(not(any(windows, target_os = "macos")))]
#[test]
fn a_cache_that_cannot_be_used_is_done_without() {
    run(async {
        let folder = TempDir::new().expect("a folder");
        let in_the_way = folder.path().join("wasocket");
        fs::write(&in_the_way, "").expect("a file");
        let ended = hello_from(&folder, &[]).await;
        ended.assert_success("Hello\n");
    });
}
