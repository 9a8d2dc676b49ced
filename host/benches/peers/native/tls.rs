//! The stream below a WebSocket, with TLS as those who take rustls have it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::either::Either;

use crate::target::Target;

pub(crate) type Stream = Either<TcpStream, TlsStream<TcpStream>>;

/// Connects to the server, by TLS if the target is secure.
pub(crate) async fn connect(config: &Arc<ClientConfig>, target: &Target) -> Stream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, target.port)).await;
    let stream = stream.expect("a stream");
    stream.set_nodelay(true).expect("an option of TCP");
    if target.secure {
        let name = ServerName::from(IpAddr::from(Ipv4Addr::LOCALHOST));
        let connector = TlsConnector::from(config.clone());
        Either::Right(connector.connect(name, stream).await.expect("TLS"))
    } else {
        Either::Left(stream)
    }
}

pub(crate) fn config(roots: &str) -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(roots.as_bytes()) {
        store.add(root.expect("PEM")).expect("a root");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(store)
        .with_no_client_auth();
    Arc::new(config)
}
