use std::ffi::OsStr;
use std::io;
#[cfg(target_os = "linux")]
use std::path::Path;
use std::process::{ExitStatus, Stdio};

#[cfg(target_os = "linux")]
use integration_tests::Terminal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// The tool while it runs. It is killed when this is dropped.
pub(crate) struct Tool {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<BufReader<ChildStderr>>,
}

/// What is left of the tool when it has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Runs the tool with these arguments and this standard input, to its end.
pub(crate) async fn wasocket(arguments: &[&str], stdin: &[u8]) -> Ended {
    let mut tool = Tool::start(arguments);
    // It may end before it has read all of it.
    let _ = tool.try_write(stdin).await;
    tool.end_input();
    tool.ended().await
}

/// The tool with these arguments, and pipes to it. What it compiles is kept for the other tests.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasocket"));
    command
        .args(arguments)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        // They change colours and how text is broken, and how much a panic says.
        .env_remove("CLICOLOR_FORCE")
        .env_remove("COLUMNS")
        .env_remove("NO_COLOR")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Tool {
    /// Starts it with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_as(&mut command(arguments))
    }

    /// Starts it in this way.
    pub(crate) fn start_as(command: &mut Command) -> Self {
        let mut child = command.spawn().expect("the tool");
        Self {
            stdin: child.stdin.take(),
            stdout: child.stdout.take().map(BufReader::new),
            stderr: child.stderr.take().map(BufReader::new),
            child,
        }
    }

    /// Starts it on a terminal, as a shell does, with its files in `home`.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_on_terminal(home: &Path, arguments: &[&str]) -> (Self, Terminal) {
        let (terminal, device) = Terminal::open();
        let device = || device.try_clone().expect("a descriptor");
        let mut command = Command::new("setsid");
        command
            .args(["--ctty", env!("CARGO_BIN_EXE_wasocket")])
            .args(arguments)
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("XDG_STATE_HOME", home)
            .env("NO_COLOR", "1")
            .env("TERM", "xterm")
            .stdin(device())
            .stdout(device())
            .stderr(device())
            .kill_on_drop(true);
        (Self::start_as(&mut command), terminal)
    }

    /// Writes to its standard input.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.try_write(bytes).await.expect("a reader");
    }

    async fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stdin = self.stdin.as_mut().expect("an open standard input");
        stdin.write_all(bytes).await?;
        stdin.flush().await
    }

    /// Ends its standard input.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Reads a line of its standard output, with its end.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        let stdout = self.stdout.as_mut().expect("an open standard output");
        stdout.read_line(&mut line).await.expect("UTF-8");
        line
    }

    /// Reads so many bytes of its standard output.
    pub(crate) async fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        let stdout = self.stdout.as_mut().expect("an open standard output");
        stdout.read_exact(&mut bytes).await.expect("so many bytes");
        bytes
    }

    /// Reads a line of its standard error, with its end.
    pub(crate) async fn told(&mut self) -> String {
        let mut line = String::new();
        let stderr = self.stderr.as_mut().expect("an open standard error");
        stderr.read_line(&mut line).await.expect("UTF-8");
        line
    }

    /// Closes the pipe from its standard output.
    pub(crate) fn close_output(&mut self) {
        self.stdout = None;
    }

    /// Does what Ctrl-C on a terminal does.
    pub(crate) async fn interrupt(&self) {
        let id = self.child.id().expect("a running tool").to_string();
        let killed = Command::new("sh")
            .args(["-c", r#"kill -s INT "$0""#])
            .arg(OsStr::new(&id))
            .status()
            .await;
        assert!(killed.expect("a shell").success());
    }

    /// Waits for its end, though standard input may stay open, and returns what it wrote that was
    /// not read yet.
    pub(crate) async fn ended(mut self) -> Ended {
        let (mut stdout, mut stderr) = (Vec::new(), String::new());
        let read_stdout = async {
            if let Some(pipe) = &mut self.stdout {
                pipe.read_to_end(&mut stdout).await.expect("a pipe");
            }
        };
        let read_stderr = async {
            if let Some(pipe) = &mut self.stderr {
                pipe.read_to_string(&mut stderr).await.expect("UTF-8");
            }
        };
        tokio::join!(read_stdout, read_stderr);
        let status = self.child.wait().await.expect("an end");
        Ended {
            status,
            stdout,
            stderr,
        }
    }
}

impl Ended {
    /// Asserts its exit code; what it wrote is told if it is another.
    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.status.code(), Some(code), "{self:?}");
    }

    /// Asserts that it did what was asked: with this on standard output, and nothing to tell.
    #[track_caller]
    pub(crate) fn assert_success(&self, stdout: &str) {
        self.assert_code(0);
        assert_eq!(self.stdout(), stdout);
        assert_eq!(self.stderr, "");
    }

    /// Asserts that it failed with this exit code, telling this and no more, on standard error.
    #[track_caller]
    pub(crate) fn assert_failure(&self, code: i32, message: &str) {
        self.assert_code(code);
        assert_eq!(self.stdout(), "");
        assert_eq!(self.stderr, format!("wasocket: {message}\n"));
    }

    /// What it wrote to standard output.
    #[track_caller]
    pub(crate) fn stdout(&self) -> &str {
        str::from_utf8(&self.stdout).expect("UTF-8")
    }
}
