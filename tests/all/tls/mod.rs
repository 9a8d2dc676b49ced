//! TLS as the component speaks it, or its host, against servers that speak it as others do.

mod certificates;
mod host;
mod negotiation;
mod records;
mod roots;

use std::sync::OnceLock;

use integration_tests::{
    Authority, Identity, Scripted, Stream, connect_failure_by, runtime, runtime_builder,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{AlertDescription, SupportedProtocolVersion};
use wasocket::{Failure, Grants, Options, Runtime, WebSocket};

/// Either version of TLS that is spoken.
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

/// Who does TLS.
#[derive(Clone, Copy, Debug)]
enum By {
    /// The component, in its sandbox.
    Guest,
    /// Its host, which it asks for that by `wasi:tls`.
    Host,
}

impl By {
    const BOTH: [Self; 2] = [Self::Guest, Self::Host];

    /// A runtime for connections to anywhere.
    fn runtime(self) -> &'static Runtime {
        static OF_HOST: OnceLock<Runtime> = OnceLock::new();
        match self {
            Self::Guest => runtime(),
            Self::Host => OF_HOST.get_or_init(|| with_host_tls(Grants::new().everything())),
        }
    }

    /// Connects to a server that accepts TLS so, does the opening handshake, and then plays `script`.
    async fn open_on<F>(
        self,
        authority: &Authority,
        tls: TlsAcceptor,
        script: impl FnOnce(Stream) -> F + Send + 'static,
    ) -> (WebSocket, Scripted)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let peer = Scripted::start_tls(tls, async |mut stream| {
            stream.accept().await;
            script(stream).await;
        })
        .await;
        let options = trusting(authority);
        let websocket = self.runtime().connect_with(&peer.url(), &options).await;
        (websocket.unwrap(), peer)
    }

    /// The same with a server of this version.
    async fn open<F>(
        self,
        version: &'static SupportedProtocolVersion,
        script: impl FnOnce(Stream) -> F + Send + 'static,
    ) -> (WebSocket, Scripted)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let authority = Authority::new();
        let tls = authority.issue().acceptor_with(&[version]);
        self.open_on(&authority, tls, script).await
    }

    /// Connects in vain, and says why; asserts that the runtime connects again after it.
    async fn connect_failure(self, url: &str, options: &Options) -> Failure {
        connect_failure_by(self.runtime(), url, options).await
    }

    /// Connects to a server with this certificate, which the client is to refuse with this alert and
    /// without a byte of data, in either version; returns what it says of each.
    async fn refusals(
        self,
        identity: &Identity,
        options: &Options,
        alert: AlertDescription,
    ) -> [Failure; 2] {
        let [tls13, tls12] = VERSIONS.map(|version| identity.acceptor_with(&[version]));
        [
            self.refusal(tls13, options, alert).await,
            self.refusal(tls12, options, alert).await,
        ]
    }

    /// Connects to a server that accepts TLS so, which the client is to refuse with this alert and
    /// without a byte of data; returns what it says.
    async fn refusal(
        self,
        tls: TlsAcceptor,
        options: &Options,
        alert: AlertDescription,
    ) -> Failure {
        let script = async move |stream: Stream| stream.expect_refusal(&tls, alert).await;
        let peer = Scripted::start(script).await;
        let failure = self.connect_failure(&peer.url_of("wss"), options).await;
        peer.finish().await;
        failure
    }
}

/// A runtime whose TLS is the host's.
fn with_host_tls(grants: Grants) -> Runtime {
    let builder = runtime_builder().grants(grants).host_tls();
    builder.build().unwrap()
}

/// Options that trust this authority alone.
fn trusting(authority: &Authority) -> Options {
    Options::new()
        .without_built_in_roots()
        .roots(authority.pem())
}

/// Asserts that a connection to a server with this certificate opens and closes, in either version.
async fn assert_accepted(identity: &Identity, options: &Options) {
    for version in VERSIONS {
        let tls = identity.acceptor_with(&[version]);
        let peer = Scripted::start_tls(tls, async |mut stream| {
            stream.accept().await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let websocket = runtime().connect_with(&peer.url(), options).await.unwrap();
        assert!(websocket.close(1000, "").await.unwrap().was_clean);
        peer.finish().await;
    }
}
