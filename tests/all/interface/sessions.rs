//! TLS sessions, which the websockets of one instance resume.

use integration_tests::guest::{Guest, run_guest};
use integration_tests::{Authority, Scripted};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use wasmtime::component::ResourceAny;

/// Opens a connection, and drops it; returns what kind of handshake the server saw.
async fn handshake(guest: &mut Guest, tls: &TlsAcceptor, options: ResourceAny) -> HandshakeKind {
    let (tell, kind) = oneshot::channel();
    let server = Scripted::start_tls(tls.clone(), async |mut stream| {
        let kind = stream.tls().handshake_kind();
        tell.send(kind).expect("the test waits");
        stream.accept().await;
        stream.drain().await;
    })
    .await;
    let websocket = guest.open_with(&server.url(), Some(options)).await;
    guest.drop(websocket).await;
    server.finish().await;
    kind.await.expect("told").expect("a handshake")
}

#[test]
fn a_session_is_resumed_with_the_same_roots() {
    run_guest(async |mut guest| {
        for version in [&TLS13, &TLS12] {
            let authority = Authority::new();
            let tls = authority.issue().acceptor_with(&[version]);
            // The roots are what counts, not the options that they stand in.
            let first = guest.options_with_roots(&authority.pem()).await;
            let second = guest.options_with_roots(&authority.pem()).await;
            let kind = handshake(&mut guest, &tls, first).await;
            assert_eq!(kind, HandshakeKind::Full, "{version:?}");
            for options in [first, second] {
                let kind = handshake(&mut guest, &tls, options).await;
                assert_eq!(kind, HandshakeKind::Resumed, "{version:?}");
            }
        }
    });
}

#[test]
fn no_session_is_resumed_with_other_roots() {
    run_guest(async |mut guest| {
        let authority = Authority::new();
        let tls = authority.issue().acceptor();
        let options = guest.options_with_roots(&authority.pem()).await;
        let more = guest.options_with_roots(&authority.pem()).await;
        let other = Authority::new().pem();
        let (store, client) = guest.client();
        let setters = client.connect_options();
        let added = setters.call_add_roots(store, more, other.as_bytes()).await;
        assert_eq!(added.expect("no trap"), Ok(1));
        for options in [options, more] {
            let kind = handshake(&mut guest, &tls, options).await;
            assert_eq!(kind, HandshakeKind::Full);
        }
        for options in [options, more] {
            let kind = handshake(&mut guest, &tls, options).await;
            assert_eq!(kind, HandshakeKind::Resumed);
        }
    });
}
