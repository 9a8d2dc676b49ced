//! Clients of other languages: processes that do the work and measure it by their own clock. They take
//! a task as a line of JSON, and answer with what they measured as one.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::contestant::Contestant;
use crate::processors;
use crate::service::Service;
use crate::task::{Measured, Purpose, Task};

/// One who takes part so.
pub(crate) struct Process {
    name: &'static str,
    does: fn(Task) -> bool,
    running: RefCell<Running>,
}

struct Running {
    process: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// npm's `ws`, with the native code of `bufferutil` or without.
    ///
    /// # Errors
    ///
    /// If it is not installed.
    pub(crate) fn ws(name: &'static str, bufferutil: bool) -> Result<Self, String> {
        let node = installed(name, "node-clients/bin/node")?;
        let modules = installed(name, "node-clients/node_modules")?;
        if bufferutil && !has_native_bufferutil(&node, &modules) {
            return Err(format!("{name}, for it has no code for this machine"));
        }
        let mut command = Command::new(node);
        command.arg(script("client.js")).env("NODE_PATH", modules);
        if !bufferutil {
            command.env("WS_NO_BUFFER_UTIL", "1");
        }
        let does = |task| !matches!(task, Task::Idle { .. });
        Ok(Self::start(name, does, command))
    }

    /// Python's `websockets`, which has no way to give a session of TLS.
    ///
    /// # Errors
    ///
    /// If it is not installed.
    pub(crate) fn websockets(name: &'static str) -> Result<Self, String> {
        let mut command = Command::new(installed(name, "python/bin/python")?);
        command.arg(script("client.py"));
        let does = |task| {
            !matches!(
                task,
                Task::Idle { .. } | Task::Handshakes { resumed: true, .. }
            )
        };
        Ok(Self::start(name, does, command))
    }

    /// fastwebsockets, which is built from `host/benches/fastwebsockets`.
    pub(crate) fn fastwebsockets(name: &'static str) -> Self {
        let target_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../bench-fastwebsockets");
        let status = Command::new(env!("CARGO"))
            .current_dir(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/benches/fastwebsockets"
            ))
            .args(["build", "--locked", "--quiet", "--release", "--target-dir"])
            .arg(&target_dir)
            .status();
        assert!(status.expect("cargo").success(), "it does not build");
        let program = target_dir.join("release/bench-fastwebsockets");
        // It has no permessage-deflate.
        let does = |task: Task| !task.is_compressed();
        Self::start(name, does, Command::new(program))
    }

    fn start(name: &'static str, does: fn(Task) -> bool, mut command: Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        processors::make_client(process.id());
        let running = Running {
            stdin: process.stdin.take(),
            stdout: BufReader::new(process.stdout.take().expect("its output")),
            process,
        };
        Self {
            name,
            does,
            running: RefCell::new(running),
        }
    }
}

impl Contestant for Process {
    fn name(&self) -> &'static str {
        self.name
    }

    fn does(&self, task: Task, _secure: bool) -> bool {
        (self.does)(task)
    }

    fn run(&self, task: Task, service: &Service, secure: bool) -> Measured {
        let target = service.target(secure, task.purpose());
        let mut order = task.to_json();
        order["port"] = json!(target.port);
        order["secure"] = json!(secure);
        order["url"] = json!(target.url);
        order["roots"] = json!(target.roots);
        order["resumable"] = json!(service.target(secure, Purpose::Resumable).url);
        let answer = self.running.borrow_mut().ask(&order);
        Measured::of_json(&answer)
    }
}

impl Running {
    /// Where something fails, the process tells it on its standard error, and ends.
    fn ask(&mut self, order: &Value) -> Value {
        let stdin = self.stdin.as_mut().expect("its input");
        writeln!(stdin, "{order}").expect("it reads");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).expect("what it measured")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.stdin.take());
        self.process.wait().expect("its end");
    }
}

/// Without native code `bufferutil` does what `ws` does without it.
fn has_native_bufferutil(node: &Path, modules: &Path) -> bool {
    let script = "process.exit(/native code/.test(require('bufferutil').mask) ? 0 : 1)";
    let status = Command::new(node)
        .args(["-e", script])
        .env("NODE_PATH", modules)
        .status();
    status.expect("Node").success()
}

/// What `cargo xtask bench` installed; or that it is not there.
fn installed(name: &str, path: &str) -> Result<PathBuf, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.tools")
        .join(path);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("{name}, for {} is not there", path.display()))
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches/peers/process")
        .join(name)
}
