//! TLS as the component speaks it, against servers that speak it as others do.

mod certificates;
mod host;
mod negotiation;
mod records;
mod roots;

use integration_tests::{Authority, Identity, Scripted, connect_failure, runtime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{AlertDescription, SupportedProtocolVersion};
use wasocket::{Failure, Options};

/// Either version of TLS that is spoken.
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

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

/// Connects to a server with this certificate, which the client is to refuse with this alert and
/// without a byte of data, in either version; returns what it says of each.
async fn refusals(identity: &Identity, options: &Options, alert: AlertDescription) -> [Failure; 2] {
    let [tls13, tls12] = VERSIONS.map(|version| identity.acceptor_with(&[version]));
    [
        refusal(tls13, options, alert).await,
        refusal(tls12, options, alert).await,
    ]
}

/// Connects to a server that accepts TLS so, which the client is to refuse with this alert and
/// without a byte of data; returns what it says.
async fn refusal(tls: TlsAcceptor, options: &Options, alert: AlertDescription) -> Failure {
    let peer = Scripted::start(async move |stream| stream.expect_refusal(&tls, alert).await).await;
    let failure = connect_failure(&peer.url_of("wss"), options).await;
    peer.finish().await;
    failure
}
