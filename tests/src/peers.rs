use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::tls::{Identity, IdentityFiles};
use crate::{tools, workspace_root};

/// A server that others wrote, as a process of its own. `tests/peers/README.md` says which there
/// are, and what their paths do.
#[derive(Debug)]
pub struct Peer {
    port: u16,
    secure: bool,
    /// Ends when this is dropped: its standard input ends then.
    _process: Child,
    _files: Option<IdentityFiles>,
    /// What nginx stands in front of.
    _upstream: Option<Box<Self>>,
}

impl Peer {
    /// Python's `websockets`, over TLS if it has a certificate.
    pub async fn python(identity: Option<&Identity>) -> Self {
        Self::start(python(), identity).await
    }

    /// Node's `ws`, over TLS if it has a certificate.
    pub async fn node(identity: Option<&Identity>) -> Self {
        Self::start(node(), identity).await
    }

    /// tornado, over TLS if it has a certificate, which only echoes.
    pub async fn tornado(identity: Option<&Identity>) -> Self {
        Self::start(tornado(), identity).await
    }

    /// libwebsockets, over TLS if it has a certificate, which only echoes.
    pub async fn lws(identity: Option<&Identity>) -> Self {
        Self::start(lws(), identity).await
    }

    /// Python's `websockets`, which takes an offer of permessage-deflate with these arguments of
    /// its `ServerPerMessageDeflateFactory`, JSON.
    pub async fn python_deflate(arguments: &str) -> Self {
        Self::start_deflate(python(), Some(arguments)).await
    }

    /// Node's `ws`, which takes an offer of permessage-deflate with these options of its
    /// `perMessageDeflate`, JSON.
    pub async fn node_deflate(options: &str) -> Self {
        Self::start_deflate(node(), Some(options)).await
    }

    /// tornado, which takes every offer of permessage-deflate, with what this JSON has for its
    /// `get_compression_options`.
    pub async fn tornado_deflate(options: &str) -> Self {
        Self::start_deflate(tornado(), Some(options)).await
    }

    /// libwebsockets, which takes every offer of permessage-deflate.
    pub async fn lws_deflate() -> Self {
        Self::start_deflate(lws(), None).await
    }

    /// nginx with this certificate, in front of `upstream`, in both versions of TLS.
    pub async fn nginx(upstream: Self, identity: &Identity) -> Self {
        Self::nginx_with(upstream, identity, "TLSv1.2 TLSv1.3").await
    }

    /// The same in these versions of TLS, as nginx names them. Its answer tells in `X-TLS` which
    /// version and which cipher suite were negotiated, as OpenSSL names it.
    pub async fn nginx_with(upstream: Self, identity: &Identity, protocols: &str) -> Self {
        let mut command = Command::new(installed("python/bin/python"));
        command
            .arg(script("nginx/server.py"))
            .arg("--nginx")
            .arg(installed("nginx/bin/nginx"))
            .args(["--upstream", &upstream.port.to_string()])
            .args(["--protocols", protocols]);
        let mut peer = Self::start(command, Some(identity)).await;
        peer._upstream = Some(Box::new(upstream));
        peer
    }

    async fn start_deflate(mut command: Command, options: Option<&str>) -> Self {
        command.arg("--permessage-deflate").args(options);
        Self::start(command, None).await
    }

    async fn start(mut command: Command, identity: Option<&Identity>) -> Self {
        let files = identity.map(Identity::files);
        if let Some(files) = &files {
            command.arg("--cert").arg(files.chain());
            command.arg("--key").arg(files.key());
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdout = process.stdout.take().expect("its output is piped");
        let line = BufReader::new(stdout).lines().next_line().await;
        let port = line
            .ok()
            .flatten()
            .and_then(|line| line.strip_prefix("listening ")?.parse().ok())
            .unwrap_or_else(|| panic!("{command:?} did not start (see above)"));
        Self {
            port,
            secure: files.is_some(),
            _process: process,
            _files: files,
            _upstream: None,
        }
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, with a path and query that says what it is to do.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.secure { "wss" } else { "ws" };
        format!("{scheme}://localhost:{}{path}", self.port)
    }
}

fn python() -> Command {
    let mut command = Command::new(installed("python/bin/python"));
    command.arg(script("python/server.py"));
    command
}

fn node() -> Command {
    let mut command = Command::new(installed("node/bin/node"));
    command
        .arg(script("node/server.js"))
        .env("NODE_PATH", installed("node/node_modules"));
    command
}

fn tornado() -> Command {
    let mut command = Command::new(installed("python/bin/python"));
    command.arg(script("tornado/server.py"));
    command
}

fn lws() -> Command {
    Command::new(installed("lws/bin/server"))
}

/// What `cargo xtask setup` installed.
fn installed(path: &str) -> PathBuf {
    let path = tools().join(path);
    assert!(
        path.exists(),
        "{} is not there: run `cargo xtask setup`, or all tests by `cargo xtask test`",
        path.display()
    );
    path
}

fn script(path: &str) -> PathBuf {
    workspace_root().join("tests/peers").join(path)
}
