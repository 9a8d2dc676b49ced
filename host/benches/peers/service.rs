//! The server as its users see it: a process that this one starts.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::{Value, json};

use crate::target::Target;
use crate::task::Purpose;

/// The server's process, which ends with this.
pub(crate) struct Service {
    process: Child,
    /// It serves for as long as this is open.
    stdin: Option<ChildStdin>,
    line: Value,
}

impl Service {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut process = Command::new(program)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let stdin = process.stdin.take();
        let mut stdout = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        Self {
            process,
            stdin,
            line: serde_json::from_str(&line).expect("where it is"),
        }
    }

    /// Where it is, the same for all clients. An address, not a name: what a name takes is up to the
    /// system, and wstd-tungstenite stops at the first address of it that is of IPv6.
    pub(crate) fn target(&self, secure: bool, purpose: Purpose) -> Target {
        let port = match (secure, purpose) {
            (false, _) => "ws",
            (true, Purpose::Resumed | Purpose::Resumable) => "wss",
            (true, _) => "forgetful",
        };
        let port = &self.line[port];
        let scheme = if secure { "wss" } else { "ws" };
        let path = match purpose {
            Purpose::Echo | Purpose::Resumable => "/",
            Purpose::Resumed => "/resumed",
            Purpose::Deflate => "/deflate",
            Purpose::Arrivals => "/arrivals",
        };
        Target::of_json(&json!({
            "port": port,
            "secure": secure,
            "url": format!("{scheme}://127.0.0.1:{port}{path}"),
            "roots": self.line["pem"],
        }))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.process.wait().expect("its end");
    }
}
