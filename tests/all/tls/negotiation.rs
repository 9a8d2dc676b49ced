//! What is offered to servers, and those that want something else.

use std::sync::Arc;

use integration_tests::{
    Authority, Peer, Scripted, assert_failure, connect_failure, passing_timeout, run, runtime,
};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::ring::{cipher_suite, default_provider};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    CipherSuite, HandshakeKind, ProtocolVersion, RootCertStore, ServerConfig, SupportedCipherSuite,
    SupportedProtocolVersion,
};
use wasocket::{Failure, FailureKind, Options, Step, Timeout};

use super::{VERSIONS, trusting};

/// What a server of TLS 1.2 without any extension says first: up to its cipher suite and its way
/// of compression, in `version`, which is `03 03` for TLS 1.2. What follows are its extensions.
fn server_hello(version: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let [major, minor] = version;
    let body = [
        &[major, minor][..],
        // The random, and no session.
        &[0x5a; 32],
        b"\x00",
        // TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, and no compression.
        b"\xcc\xa9\x00",
        extensions,
    ]
    .concat();
    let len = u8::try_from(body.len()).unwrap();
    let message = [&[0x02, 0x00, 0x00, len][..], &body].concat();
    [&[0x16, major, minor, 0x00, len + 4][..], &message].concat()
}

/// A server's cryptography with these cipher suites alone.
fn suites(suites: &[SupportedCipherSuite]) -> CryptoProvider {
    CryptoProvider {
        cipher_suites: suites.to_vec(),
        ..default_provider()
    }
}

/// Asserts what is negotiated with a server of these versions and this cryptography.
async fn assert_negotiated(
    provider: CryptoProvider,
    versions: &[&'static SupportedProtocolVersion],
    negotiated: (ProtocolVersion, CipherSuite),
) {
    let authority = Authority::new();
    let tls = authority.issue().acceptor_from(provider, versions, |_| {});
    let peer = Scripted::start_tls(tls, async move |mut stream| {
        let tls = stream.tls();
        let suite = tls.negotiated_cipher_suite().unwrap().suite();
        assert_eq!((tls.protocol_version().unwrap(), suite), negotiated);
        stream.accept().await;
        stream.expect_close(1000, "").await;
    })
    .await;
    let options = trusting(&authority);
    let websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
    assert!(websocket.close(1000, "").await.unwrap().was_clean);
    peer.finish().await;
}

/// Connects to a server that reads the ClientHello, answers with these bytes, and is to get this
/// alert, in a record of its own and then the end of the stream; returns what the client says.
async fn failure_after(answer: Vec<u8>, alert: &'static [u8]) -> Failure {
    let peer = Scripted::start(async move |mut stream| {
        assert_eq!(stream.record().await.0, 0x16);
        stream.send(&answer).await;
        stream.expect(alert).await;
        stream.expect_end().await;
    })
    .await;
    let failure = connect_failure(&peer.url_of("wss"), &Options::new()).await;
    peer.finish().await;
    failure
}

#[test]
fn a_server_of_one_version_and_a_client_that_may_choose_speak_chacha20_poly1305() {
    run(async {
        let tls13 = (
            ProtocolVersion::TLSv1_3,
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        );
        assert_negotiated(default_provider(), &[&TLS13], tls13).await;
        let tls12 = (
            ProtocolVersion::TLSv1_2,
            CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        );
        assert_negotiated(default_provider(), &[&TLS12], tls12).await;
        assert_negotiated(default_provider(), &[&TLS12, &TLS13], tls13).await;
    });
}

#[test]
fn an_nginx_in_either_version_follows_the_client_to_chacha20_poly1305() {
    run(async {
        for (protocols, negotiated) in [
            ("TLSv1.2", "TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305"),
            ("TLSv1.3", "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256"),
        ] {
            let authority = Authority::new();
            let upstream = Peer::node(None).await;
            let peer = Peer::nginx_with(upstream, &authority.issue(), protocols).await;
            let websocket = runtime()
                .connect_with(&peer.url("/echo"), &trusting(&authority))
                .await
                .unwrap();
            let headers = &websocket.handshake().unwrap().headers;
            let told = headers.iter().find(|header| header.name == "X-TLS");
            assert_eq!(told.unwrap().value, negotiated.as_bytes());
        }
    });
}

#[test]
fn a_server_that_insists_on_aes_gcm_gets_it() {
    run(async {
        for (suite, version) in [
            (cipher_suite::TLS13_AES_128_GCM_SHA256, &TLS13),
            (cipher_suite::TLS13_AES_256_GCM_SHA384, &TLS13),
            (
                cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                &TLS12,
            ),
            (
                cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                &TLS12,
            ),
        ] {
            let negotiated = (version.version, suite.suite());
            assert_negotiated(suites(&[suite]), &[version], negotiated).await;
        }
    });
}

#[test]
fn a_server_without_a_common_cipher_suite_gives_up() {
    run(async {
        // Its key is for ECDSA, and its cipher suites for RSA.
        let provider = suites(&[cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]);
        let authority = Authority::new();
        let tls = authority.issue().acceptor_from(provider, &[&TLS12], |_| {});
        assert_failure(
            &given_up(tls, &trusting(&authority)).await,
            Step::Tls,
            FailureKind::TlsAlert(40),
            "TLS: the peer sent the alert handshake_failure (40)",
        );
    });
}

/// Connects to a server that gives up in the TLS handshake; returns what the client says.
async fn given_up(tls: TlsAcceptor, options: &Options) -> Failure {
    let peer = Scripted::start_tls(tls, async |_| panic!("a TLS handshake")).await;
    let failure = connect_failure(&peer.url(), options).await;
    peer.finish().await;
    failure
}

#[test]
fn a_server_that_gives_up_for_want_of_a_common_version_says_so() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            assert_eq!(stream.record().await.0, 0x16);
            stream.send(b"\x15\x03\x01\x00\x02\x02\x46").await;
            // A fatal alert is not answered.
            stream.expect_end().await;
        })
        .await;
        assert_failure(
            &connect_failure(&peer.url_of("wss"), &Options::new()).await,
            Step::Tls,
            FailureKind::TlsAlert(70),
            "TLS: the peer sent the alert protocol_version (70)",
        );
        peer.finish().await;
    });
}

#[test]
fn a_server_that_chooses_tls_1_1_is_refused() {
    run(async {
        let hello = server_hello([0x03, 0x02], b"");
        assert_failure(
            &failure_after(hello, b"\x15\x03\x03\x00\x02\x02\x46").await,
            Step::Tls,
            FailureKind::TlsFailed,
            "TLS: the server and we have too little of TLS in common: ServerDoesNotSupportTls12Or13",
        );
    });
}

#[test]
fn a_server_that_never_answers_the_client_hello_is_given_up() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            assert_eq!(stream.record().await.0, 0x16);
            stream.expect_end().await;
        })
        .await;
        let options = Options::new().connect_timeout(passing_timeout());
        assert_failure(
            &connect_failure(&peer.url_of("wss"), &options).await,
            Step::Tls,
            FailureKind::Timeout(Timeout::Connect),
            "TLS: the TLS handshake was not done within the connect timeout",
        );
        peer.finish().await;
    });
}

#[test]
fn the_name_is_sent_to_the_server() {
    run(async {
        let authority = Authority::new();
        let peer = Scripted::start_tls(authority.issue().acceptor(), async |mut stream| {
            assert_eq!(stream.tls().server_name(), Some("localhost"));
            stream.accept().await;
            stream.drain().await;
        })
        .await;
        let url = format!("wss://LocalHost:{}/", peer.port());
        let websocket = runtime().connect_with(&url, &trusting(&authority)).await;
        drop(websocket.unwrap());
        peer.finish().await;
    });
}

/// What accepts TLS with one of these application protocols alone.
fn speaking(authority: &Authority, protocols: &[&[u8]]) -> TlsAcceptor {
    let protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let speak = |config: &mut ServerConfig| config.alpn_protocols = protocols;
    authority
        .issue()
        .acceptor_from(default_provider(), &VERSIONS, speak)
}

#[test]
fn http_1_1_is_offered_and_h2_is_not() {
    run(async {
        let authority = Authority::new();
        let tls = speaking(&authority, &[b"h2", b"http/1.1"]);
        let peer = Scripted::start_tls(tls, async |mut stream| {
            assert_eq!(stream.tls().alpn_protocol(), Some(&b"http/1.1"[..]));
            stream.accept().await;
            stream.drain().await;
        })
        .await;
        let options = trusting(&authority);
        drop(runtime().connect_with(&peer.url(), &options).await.unwrap());
        peer.finish().await;
    });
}

#[test]
fn a_server_that_insists_on_h2_gives_up() {
    run(async {
        let authority = Authority::new();
        let tls = speaking(&authority, &[b"h2"]);
        assert_failure(
            &given_up(tls, &trusting(&authority)).await,
            Step::Tls,
            FailureKind::TlsAlert(120),
            "TLS: the peer sent the alert no_application_protocol (120)",
        );
    });
}

#[test]
fn a_server_that_chooses_an_application_protocol_that_was_not_offered_is_refused() {
    run(async {
        let h2 = b"\x00\x09\x00\x10\x00\x05\x00\x03\x02h2";
        let hello = server_hello([0x03, 0x03], h2);
        assert_failure(
            &failure_after(hello, b"\x15\x03\x03\x00\x02\x02\x2f").await,
            Step::Tls,
            FailureKind::TlsFailed,
            "TLS: the server's TLS is wrong: peer misbehaved: SelectedUnofferedApplicationProtocol",
        );
    });
}

#[test]
fn a_server_that_demands_a_client_certificate_is_named() {
    run(async {
        let authority = Authority::new();
        for (version, step) in [
            // In TLS 1.3 the server judges when the client is done.
            (&TLS13, Step::Handshake),
            (&TLS12, Step::Tls),
        ] {
            let provider = Arc::new(default_provider());
            let mut roots = RootCertStore::empty();
            roots.add(authority.der()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
            let config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(&[version])
                .unwrap()
                .with_client_cert_verifier(verifier.build().unwrap())
                .with_cert_resolver(authority.issue().resolver());
            let tls = TlsAcceptor::from(Arc::new(config));
            let failure = given_up(tls, &trusting(&authority)).await;
            assert_failure(
                &failure,
                step,
                FailureKind::TlsAlert(116),
                &format!(
                    "{step}: the server demands a client certificate (it sent the alert \
                     certificate_required (116))"
                ),
            );
        }
    });
}

#[test]
fn connections_with_instances_of_their_own_share_no_tls_sessions() {
    run(async {
        for version in VERSIONS {
            let authority = Authority::new();
            let tls = authority.issue().acceptor_with(&[version]);
            let options = trusting(&authority);
            for _ in 0..2 {
                let (tell, kind) = oneshot::channel();
                let peer = Scripted::start_tls(tls.clone(), async |mut stream| {
                    tell.send(stream.tls().handshake_kind()).unwrap();
                    stream.accept().await;
                    stream.expect_close(1000, "").await;
                })
                .await;
                let websocket = runtime().connect_with(&peer.url(), &options).await.unwrap();
                // By then all tickets have arrived.
                assert!(websocket.close(1000, "").await.unwrap().was_clean);
                peer.finish().await;
                assert_eq!(kind.await.unwrap(), Some(HandshakeKind::Full));
            }
        }
    });
}
