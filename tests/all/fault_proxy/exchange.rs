use std::sync::Arc;
use std::time::Duration;

use integration_tests::{Authority, Echo, Fault, FaultProxy, Passed, runtime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{SupportedProtocolVersion, version};
use wasocket::{Error, Event, FailureKind, Message, Options, SendOptions, Step};

/// What is sent first, and comes back. Each frame of the exchange is shorter than 0x20 bytes, so that
/// a length with that bit flipped announces more than there ever is.
pub(super) const MESSAGE: &str = "Hello";
pub(super) const PING: &[u8] = b"ping";
/// The payload of the ping that asks whether all is well. It is another one, because a server may
/// answer only the last of several pings.
const QUESTION: &[u8] = b"well";
pub(super) const CODE: u16 = 1000;
pub(super) const REASON: &str = "done";

/// How long the timeouts are that are not to pass: longer than all cases of a test take.
const NEVER: Duration = Duration::from_secs(3600);

/// What the application sees, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Connecting completed.
    Open,
    Message(String),
    /// The ping completed, with this payload.
    Answered(Vec<u8>),
    /// The server sent a ping.
    Ping(Vec<u8>),
    /// A pong that answers no ping.
    Pong(Vec<u8>),
    /// Connecting failed, or the event was told: at this step, in this way.
    Error(Step, FailureKind),
    Close {
        code: u16,
        reason: String,
        was_clean: bool,
    },
}

/// The schemes, one of them with each version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Ws,
    Wss(Tls),
}

/// The versions of TLS, of which the server has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tls {
    V1_2,
    V1_3,
}

impl Scheme {
    pub(super) const ALL: [Self; 3] = [Self::Ws, Self::Wss(Tls::V1_2), Self::Wss(Tls::V1_3)];
}

impl Tls {
    fn version(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::V1_2 => &version::TLS12,
            Self::V1_3 => &version::TLS13,
        }
    }
}

/// A server to stand in front of, and what it takes to connect to it.
pub(super) struct Lab {
    pub(super) scheme: Scheme,
    server: Arc<Echo>,
    acceptor: Option<TlsAcceptor>,
    options: Options,
}

/// How one exchange went.
pub(super) struct Run {
    pub(super) told: Vec<Told>,
    /// Whether the byte of the fault had arrived when the connection ended.
    pub(super) has_struck: bool,
    pub(super) passed: Vec<Passed>,
}

/// The steps of the exchange, each of which ends when the application is told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Milestone {
    Open,
    Message,
    Answered,
    Closed,
}

impl Lab {
    pub(super) async fn new(scheme: Scheme) -> Self {
        let options = Options::new()
            .connect_timeout(NEVER)
            .pong_timeout(NEVER)
            .close_timeout(NEVER);
        let (acceptor, options) = match scheme {
            Scheme::Ws => (None, options),
            Scheme::Wss(tls) => {
                let authority = Authority::new();
                let options = options.roots(authority.pem()).without_built_in_roots();
                // Its signatures have one length, so that all handshakes do.
                let identity = authority.issue_ed25519();
                (Some(identity.acceptor_with(&[tls.version()])), options)
            }
        };
        Self {
            scheme,
            server: start(acceptor.as_ref()).await,
            acceptor,
            options,
        }
    }

    /// The server without anybody in front of it.
    pub(super) fn url(&self) -> String {
        self.url_of(self.server.port())
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// Stands in front of the server, or of one of its own if that is to be killed.
    pub(super) async fn proxy(&self, fault: Fault) -> FaultProxy {
        if fault.kills() {
            let server = start(self.acceptor.as_ref()).await;
            FaultProxy::start(&server, fault).await
        } else {
            FaultProxy::start(&self.server, fault).await
        }
    }

    /// Has the exchange with the server: connects, sends, pings and closes, each after the one before
    /// is done. `reached` is called at each of these, and `asks` says whether to ping when the fault
    /// strikes, so that silence is noticed.
    pub(super) async fn exchange(
        &self,
        proxy: FaultProxy,
        options: &Options,
        asks: bool,
        mut reached: impl FnMut(&FaultProxy, Milestone),
    ) -> Run {
        let url = self.url_of(proxy.port());
        let mut told = Vec::new();
        match runtime().connect_with(&url, options).await {
            Err(Error::Failed(failure)) => told.push(Told::Error(failure.step, failure.kind)),
            Err(other) => panic!("{other:?}"),
            Ok(mut websocket) => {
                told.push(Told::Open);
                reached(&proxy, Milestone::Open);
                // That a command fails, the events tell too.
                let unmasked = SendOptions::new().unmasked();
                let sender = websocket.sender();
                let _ = sender.send_with(MESSAGE, unmasked).await;
                let event = tokio::select! {
                    biased;
                    event = websocket.event() => event,
                    () = ask(&sender, &proxy), if asks => websocket.event().await,
                };
                let is_message = matches!(event, Some(Event::Message(_)));
                told.extend(event.map(Told::from));
                if is_message {
                    reached(&proxy, Milestone::Message);
                    if let Ok(pong) = sender.ping_with(PING, unmasked).await {
                        told.push(Told::Answered(pong.payload));
                        reached(&proxy, Milestone::Answered);
                        let _ = sender.close(CODE, REASON).await;
                        reached(&proxy, Milestone::Closed);
                    }
                }
                while let Some(event) = websocket.event().await {
                    told.push(Told::from(event));
                }
            }
        }
        Run {
            told,
            has_struck: proxy.has_struck(),
            passed: proxy.finish().await,
        }
    }

    fn url_of(&self, port: u16) -> String {
        let scheme = match self.scheme {
            Scheme::Ws => "ws",
            Scheme::Wss(_) => "wss",
        };
        format!("{scheme}://127.0.0.1:{port}/")
    }
}

async fn start(acceptor: Option<&TlsAcceptor>) -> Arc<Echo> {
    Arc::new(match acceptor {
        None => Echo::start().await,
        Some(acceptor) => Echo::start_with(acceptor.clone()).await,
    })
}

/// Pings once the fault has struck. Ends if that is answered, or cannot be.
async fn ask(sender: &wasocket::Sender, proxy: &FaultProxy) {
    proxy.until_struck().await;
    let unmasked = SendOptions::new().unmasked();
    let _ = sender.ping_with(QUESTION, unmasked).await;
}

impl From<Event> for Told {
    fn from(event: Event) -> Self {
        match event {
            Event::Message(Message::Text(text)) => Self::Message(text),
            Event::Ping(payload) => Self::Ping(payload),
            Event::Pong(payload) => Self::Pong(payload),
            Event::Error(failure) => Self::Error(failure.step, failure.kind),
            Event::Close(closed) => Self::Close {
                code: closed.code,
                reason: closed.reason,
                was_clean: closed.was_clean,
            },
            other => panic!("{other:?}"),
        }
    }
}
