//! On a terminal: lines that are edited, kept, and understood.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;

use integration_tests::{Echo, Scripted, Stream, Terminal, close_payload, frame, run};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::tool::Tool;

/// The keys.
const ENTER: &str = "\r";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const BACKSPACE: &str = "\x7f";
const LEFT: &str = "\x1b[D";
const UP: &str = "\x1b[A";

/// The tool on a terminal, with files of its own.
struct Session {
    tool: Tool,
    terminal: Terminal,
    home: TempDir,
}

impl Session {
    /// Starts it, and waits until a line can be edited.
    async fn start(arguments: &[&str]) -> Self {
        Self::start_at(tempfile::tempdir().expect("a folder"), arguments).await
    }

    async fn start_at(home: TempDir, arguments: &[&str]) -> Self {
        let (tool, terminal) = Tool::start_on_terminal(home.path(), arguments);
        terminal.until_it_shows(&[">"]).await;
        Self {
            tool,
            terminal,
            home,
        }
    }

    /// Presses keys, and waits until the terminal shows these lines.
    async fn press(&self, keys: &[&str], lines: &[&str]) {
        self.terminal.press(&keys.concat());
        self.terminal.until_it_shows(lines).await;
    }
}

#[test]
fn lines_can_be_edited_before_they_are_sent() {
    run(async {
        let echo = Echo::start().await;
        let session = Session::start(&[&echo.url()]).await;
        session.press(&["Helo", LEFT, "l"], &["> Hello"]).await;
        session.press(&["!", BACKSPACE], &["> Hello"]).await;
        session.press(&[ENTER], &["> Hello", "< Hello", ">"]).await;
        session.terminal.press(CTRL_D);
        session.tool.ended().await.assert_code(0);
    });
}

#[test]
fn a_message_is_printed_above_the_line_that_is_edited() {
    run(async {
        let (typed_tx, typed_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            typed_rx.await.expect("a test");
            stream.send(&frame(0x81, b"in between\x1b[2J")).await;
            stream.send(&frame(0x82, b"\xca\xfe")).await;
            stream.expect_frame(0x81, b"half a line").await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let session = Session::start(&[&peer.url()]).await;
        session.press(&["half "], &["> half"]).await;
        typed_tx.send(()).expect("a script");
        let above = ["< in between\\u{1b}[2J", "< binary cafe"];
        let shown = [&above[..], &["> half"]].concat();
        session.terminal.until_it_shows(&shown).await;
        let shown = [&above[..], &["> half a line"]].concat();
        session.press(&["a line"], &shown).await;
        session.terminal.press(&[ENTER, CTRL_D].concat());
        session.tool.ended().await.assert_code(0);
        peer.finish().await;
    });
}

#[test]
fn former_lines_are_kept_for_their_owner_alone() {
    run(async {
        let echo = Echo::start().await;
        let session = Session::start(&[&echo.url()]).await;
        session
            .press(&["first", ENTER], &["> first", "< first", ">"])
            .await;
        let secret = ["> first", "< first", ">  secret", "<  secret", ">"];
        session.press(&[" secret", ENTER], &secret).await;
        session.terminal.press(CTRL_D);
        session.tool.ended().await.assert_code(0);

        let file = session.home.path().join("wasocket/history");
        let mode = fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_to_string(&file).expect("UTF-8"), "first\n");

        let session = Session::start_at(session.home, &[&echo.url()]).await;
        session.press(&[UP], &["> first"]).await;
        session.terminal.press(CTRL_C);
        session.tool.ended().await.assert_code(0);
    });
}

#[test]
fn lines_are_not_kept_unless_that_is_wanted() {
    run(async {
        let echo = Echo::start().await;
        let session = Session::start(&["--no-history", &echo.url()]).await;
        session
            .press(&["first", ENTER], &["> first", "< first", ">"])
            .await;
        // It is there to go back to all the same.
        session
            .press(&[UP], &["> first", "< first", "> first"])
            .await;
        session.terminal.press(CTRL_C);
        session.tool.ended().await.assert_code(0);
        assert!(!session.home.path().join("wasocket").exists());
    });
}

#[test]
fn ctrl_c_closes_and_ctrl_c_again_does_not_wait() {
    run(async {
        let (closing_tx, closing_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x88, &close_payload(1000, "")).await;
            closing_tx.send(()).expect("a test");
            stream.drain().await;
        })
        .await;
        let session = Session::start(&["--close-timeout=3600", &peer.url()]).await;
        session.terminal.press(CTRL_C);
        closing_rx.await.expect("a Close frame");
        session.tool.interrupt().await;
        session.tool.ended().await.assert_code(130);
        peer.finish().await;
    });
}

#[test]
fn commands_ping_and_close_and_two_slashes_send_one() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, b"are you there").await;
            stream.send(&frame(0x8a, b"are you there")).await;
            stream.expect_frame(0x81, b"/ping").await;
            stream.expect_close(4000, "so long").await;
        })
        .await;
        let session = Session::start(&[&peer.url()]).await;
        let commands = [
            "/ping are you there",
            ENTER,
            "//ping",
            ENTER,
            "/close 4000 so long",
            ENTER,
        ];
        session.terminal.press(&commands.concat());
        peer.finish().await;
        session.tool.ended().await.assert_code(1);
        let told = |shown: &str| shown.contains("\npong after ");
        session.terminal.until(told).await;
    });
}

#[test]
fn what_is_no_command_is_told_and_not_sent() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let session = Session::start(&[&peer.url()]).await;
        let mut shown = vec![
            "> /pong",
            "wasocket: there is no command \"/pong\": /help has all, and //pong sends it",
            ">",
        ];
        session.press(&["/pong", ENTER], &shown).await;
        shown.pop();
        shown.extend([
            "> /close 5",
            "wasocket: invalid close code: 5 is not a close code that may be sent (1000-1003,",
            " 1007-1014 or 3000-4999)",
            ">",
        ]);
        session.press(&["/close 5", ENTER], &shown).await;
        session.terminal.press(CTRL_D);
        session.tool.ended().await.assert_code(0);
        peer.finish().await;
    });
}

#[test]
fn the_terminal_is_given_back_when_the_server_closes() {
    run(async {
        let (typed_tx, typed_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            typed_rx.await.expect("a test");
            let parting = [
                frame(0x81, b"parting word"),
                frame(0x88, &close_payload(4001, "bye")),
            ];
            stream.send(&parting.concat()).await;
            stream.expect_frame(0x88, &close_payload(4001, "")).await;
        })
        .await;
        let session = Session::start(&[&peer.url()]).await;
        session.press(&["unfinished"], &["> unfinished"]).await;
        typed_tx.send(()).expect("a script");
        session.tool.ended().await.assert_code(1);
        assert!(session.terminal.is_as_before());
        let shown = ["< parting word", "close, code 4001 (bye)", "> unfinished"];
        session.terminal.until_it_shows(&shown).await;
        peer.finish().await;
    });
}

#[test]
fn a_conversation_goes_on_when_the_connection_is_made_anew() {
    run(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let open = async || {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut stream = Stream::Plain(stream);
            stream.accept().await;
            stream
        };
        let url = format!("ws://localhost:{port}/");
        let arguments = ["--reconnect", "--first-delay=0.01", &url];
        let (session, mut stream) = tokio::join!(Session::start(&arguments), open());
        stream.send(&frame(0x81, b"first")).await;
        session.press(&["half a"], &["< first", "> half a"]).await;
        stream.end().await;
        let mut stream = open().await;
        stream.send(&frame(0x81, b"second")).await;
        let is_open_again = |shown: &str| {
            let lines: Vec<&str> = shown.lines().collect();
            // How long it waits stands at the end of a line, and may be on the next.
            lines.iter().any(|line| line.contains("; next attempt in"))
                && lines.ends_with(&["open again", "< second", "> half a"])
        };
        session.terminal.until(is_open_again).await;
        session.terminal.press(&[" line", ENTER].concat());
        stream.expect_frame(0x81, b"half a line").await;
        let is_sent = |shown: &str| shown.ends_with("\n> half a line\n>");
        session.terminal.until(is_sent).await;
        session.terminal.press(&["/ping", ENTER].concat());
        let refused = "wasocket: there is no /ping with --reconnect";
        let is_told = |shown: &str| shown.contains(refused) && shown.ends_with("\n>");
        session.terminal.until(is_told).await;
        // The ping that asks whether the line arrived.
        let (begin, payload) = stream.frame().await;
        assert_eq!(begin, 0x89);
        stream.send(&frame(0x8a, &payload)).await;
        session.terminal.press(CTRL_D);
        stream.expect_close(1000, "").await;
        session.tool.ended().await.assert_code(0);
    });
}

#[test]
fn the_sending_of_a_large_file_is_shown() {
    run(async {
        let (shown_tx, shown_rx) = oneshot::channel();
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            // There is no room for all of it.
            shown_rx.await.expect("a test");
            let mut len = 0;
            loop {
                let (first, payload) = stream.frame().await;
                len += payload.len();
                if first & 0x80 != 0 {
                    break;
                }
            }
            assert_eq!(len, 32 << 20);
            stream.expect_close(1000, "").await;
        })
        .await;
        let home = tempfile::tempdir().expect("a folder");
        let file = home.path().join("large");
        fs::write(&file, vec![0; 32 << 20]).expect("a file");
        let argument = format!("--binary-file={}", file.display());
        let (tool, terminal) = Tool::start_on_terminal(home.path(), &[&argument, &peer.url()]);
        let name = file.display().to_string();
        let is_sending = |shown: &str| {
            let figures: Vec<&str> = shown.strip_prefix(&name)?.split_whitespace().collect();
            let [percent, _, "MiB", _, rate] = figures[..] else {
                return None;
            };
            let percent: u8 = percent.strip_suffix('%')?.parse().ok()?;
            Some(percent > 0 && percent < 100 && rate.ends_with("B/s"))
        };
        let is_shown = |shown: &str| is_sending(shown) == Some(true);
        terminal.until(is_shown).await;
        shown_tx.send(()).expect("a script");
        tool.ended().await.assert_code(0);
        let sent = format!("{name}: 32.00 MiB sent in ");
        terminal.until(|shown| shown.starts_with(&sent)).await;
        peer.finish().await;
    });
}
