use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::setup::workspace_root;

/// How long the server may take to listen: it is an old program, and the machine may be busy.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// What the suite's server is to do.
pub(super) struct Suite<'a> {
    /// The suite's Python.
    pub(super) python: &'a Path,
    /// Patterns of cases.
    pub(super) cases: &'a [&'a str],
    /// How many messages each case of compression sends.
    pub(super) count: u32,
}

/// What a server of `wss` has, and its clients trust: files of PEM.
pub(crate) struct Identity {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) root: PathBuf,
}

/// The suite's server, until it is dropped.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
    scheme: &'static str,
}

impl Server {
    /// Starts it, to write its reports to `dir/reports`, and waits until it listens.
    ///
    /// With an identity it speaks TLS, by itself. What nginx in front of it would add is another
    /// end of TCP, at which what the suite asks for, such as one octet at a time, may be lost.
    pub(super) fn start(suite: &Suite<'_>, dir: &Path, tls: Option<&Identity>) -> Result<Self> {
        let _ = fs::remove_dir_all(dir);
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let address = free_address()?;
        let spec = dir.join("spec.json");
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        // The suite's own flags for these do nothing in this mode.
        let tls = tls.map(|Identity { chain, key, .. }| {
            format!(
                r#""cert": "{}", "key": "{}","#,
                chain.display(),
                key.display()
            )
        });
        // With the suite's one second for the closing handshake, a busy machine fails cases.
        fs::write(
            &spec,
            format!(
                r#"{{
                    "url": "{scheme}://{address}",
                    {}
                    "outdir": "{}",
                    "cases": {:?},
                    "exclude-cases": [],
                    "exclude-agent-cases": {{}},
                    "options": {{"closeHandshakeTimeout": 20}}
                }}"#,
                tls.unwrap_or_default(),
                dir.join("reports").display(),
                suite.cases
            ),
        )?;
        let log = File::create(dir.join("server.log"))?;
        let child = Command::new(suite.python)
            .arg(workspace_root().join("tests/autobahn/wstest_fast.py"))
            .args(["--mode=fuzzingserver", "--webport=0", "--spec"])
            .arg(&spec)
            .env("AB_COUNT", suite.count.to_string())
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", suite.python.display()))?;
        let mut server = Self {
            child,
            address,
            scheme,
        };
        server.wait_until_it_listens(dir)?;
        Ok(server)
    }

    /// Without a path.
    pub(super) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    fn wait_until_it_listens(&mut self, dir: &Path) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                let log = fs::read_to_string(dir.join("server.log")).unwrap_or_default();
                bail!("the suite's server ended ({status}):\n{log}");
            }
            if start.elapsed() > START_TIMEOUT {
                bail!("the suite's server does not listen on {}", self.address);
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "another program's socket cannot be waited for"
            )]
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It would run for ever; its reports are written when a client asks for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on, as the suite cannot say which one it took.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?)
}
