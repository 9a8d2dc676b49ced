//! TLS that the host does, for a component that asks for it by `wasi:tls`.

use std::sync::OnceLock;

use integration_tests::{
    Authority, Bystander, Echo, Identity, Scripted, Stream, assert_failure, close_payload, failure,
    frame, rest, run, runtime_builder,
};
use tokio_rustls::rustls::{AlertDescription, HandshakeKind, SupportedProtocolVersion};
use wasocket::{
    CertificateProblem, Denied, Error, Event, Failure, FailureKind, Grants, Options, Part, Runtime,
    Step, WebSocket,
};

use super::{VERSIONS, trusting};

/// A runtime for connections to anywhere, whose TLS is the host's.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| runtime_with(Grants::new().everything()))
}

fn runtime_with(grants: Grants) -> Runtime {
    let builder = runtime_builder().grants(grants).host_tls();
    builder.build().unwrap()
}

/// Connects to a server of this version, which does the opening handshake, and then plays `script`.
async fn open<F>(
    version: &'static SupportedProtocolVersion,
    script: impl FnOnce(Stream) -> F + Send + 'static,
) -> (WebSocket, Scripted)
where
    F: Future<Output = ()> + Send + 'static,
{
    let authority = Authority::new();
    let tls = authority.issue().acceptor_with(&[version]);
    let peer = Scripted::start_tls(tls, async |mut stream| {
        stream.accept().await;
        script(stream).await;
    })
    .await;
    let options = trusting(&authority);
    let websocket = runtime().connect_with(&peer.url(), &options).await;
    (websocket.unwrap(), peer)
}

/// Connects in vain.
async fn connect_failure(url: &str, options: &Options) -> Failure {
    match runtime().connect_with(url, options).await {
        Err(Error::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

async fn assert_echoes(websocket: &mut WebSocket, len: usize) {
    let message = vec![0x2a; len];
    websocket.send(&message[..]).await.unwrap();
    assert!(
        websocket.receive().await == Ok(Some(message.into())),
        "{len}"
    );
}

#[test]
fn without_wss_all_is_as_ever() {
    run(async {
        let echo = Echo::start().await;
        let mut websocket = runtime().connect(&echo.url()).await.unwrap();
        for len in [0, 5, 1 << 20] {
            assert_echoes(&mut websocket, len).await;
        }
        assert!(websocket.close(1000, "").await.unwrap().was_clean);
    });
}

#[test]
fn messages_of_any_length_go_both_ways() {
    run(async {
        let authority = Authority::new();
        for version in VERSIONS {
            let tls = authority.issue().acceptor_with(&[version]);
            let echo = Echo::start_with(tls).await;
            let options = trusting(&authority);
            let websocket = runtime().connect_with(&echo.url(), &options).await;
            let mut websocket = websocket.unwrap();
            // Around what is in a record, what is read at once, and what may be written at once.
            for at in [0, 16 << 10, 64 << 10, 252 << 10, 256 << 10, 8 << 20] {
                for len in [at, at + 1] {
                    assert_echoes(&mut websocket, len).await;
                }
            }
            assert!(websocket.close(1000, "").await.unwrap().was_clean);
        }
    });
}

#[test]
fn chunks_of_256_kib_in_flight_come_in_order() {
    /// Many times what the sockets hold, so that what is written waits for room.
    const COUNT: u8 = 64;

    fn chunk(number: u8) -> Vec<u8> {
        vec![number; 256 << 10]
    }

    run(async {
        for version in VERSIONS {
            let (mut websocket, peer) = open(version, async |mut stream| {
                for number in 0..COUNT {
                    stream.expect_frame(0x82, &chunk(number)).await;
                }
                for number in 0..COUNT {
                    stream.send(&frame(0x82, &chunk(number))).await;
                }
                stream.expect_close(1000, "").await;
            })
            .await;
            for number in 0..COUNT {
                websocket.send(chunk(number)).await.unwrap();
            }
            for number in 0..COUNT {
                let received = websocket.receive().await;
                assert!(received == Ok(Some(chunk(number).into())), "{number}");
            }
            assert!(websocket.close(1000, "").await.unwrap().was_clean);
            peer.finish().await;
        }
    });
}

#[test]
fn a_record_in_pieces_is_put_together() {
    run(async {
        for version in VERSIONS {
            let (mut websocket, peer) = open(version, async |mut stream| {
                for at in 1..28 {
                    let records = stream.seal(&frame(0x81, b"Hello"));
                    let (start, end) = records.split_at(at);
                    stream.send_beneath(start).await;
                    stream.until_read().await;
                    stream.send_beneath(end).await;
                }
                stream.expect_close(1000, "").await;
            })
            .await;
            for _ in 1..28 {
                assert_eq!(websocket.receive().await, Ok(Some("Hello".into())));
            }
            assert!(websocket.close(1000, "").await.unwrap().was_clean);
            peer.finish().await;
        }
    });
}

#[test]
fn the_server_is_told_the_name_and_the_protocol() {
    run(async {
        let authority = Authority::new();
        let peer = Scripted::start_tls(authority.issue().acceptor(), async |mut stream| {
            assert_eq!(stream.tls().server_name(), Some("localhost"));
            stream.accept().await;
            stream.expect_close(1000, "").await;
        })
        .await;
        let options = trusting(&authority);
        let websocket = runtime().connect_with(&peer.url(), &options).await;
        assert!(websocket.unwrap().close(1000, "").await.unwrap().was_clean);
        peer.finish().await;
    });
}

#[test]
fn connections_of_one_runtime_resume_sessions() {
    run(async {
        // Its own: tests beside this one would drive its sessions out, each with roots of its own.
        let runtime = runtime_with(Grants::new().everything());
        for version in VERSIONS {
            // One for each: what the other's servers gave would be offered to this one's.
            let authority = Authority::new();
            let tls = authority.issue().acceptor_with(&[version]);
            for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
                let peer = Scripted::start_tls(tls.clone(), async move |mut stream| {
                    assert_eq!(stream.tls().handshake_kind(), Some(kind));
                    stream.accept().await;
                    stream.expect_close(1000, "").await;
                })
                .await;
                let options = trusting(&authority);
                let websocket = runtime.connect_with(&peer.url(), &options).await;
                assert!(websocket.unwrap().close(1000, "").await.unwrap().was_clean);
                peer.finish().await;
            }
        }
    });
}

/// Asserts that a server with this certificate is refused with this alert, and what is said of it.
async fn assert_refused(
    identity: &Identity,
    options: &Options,
    alert: AlertDescription,
    (problem, says): (CertificateProblem, &str),
) {
    for version in VERSIONS {
        let tls = identity.acceptor_with(&[version]);
        let peer =
            Scripted::start(async move |stream| stream.expect_refusal(&tls, alert).await).await;
        let failure = connect_failure(&peer.url_of("wss"), options).await;
        let kind = FailureKind::Certificate(problem);
        assert_eq!(
            (failure.step, &failure.kind),
            (Step::Tls, &kind),
            "{failure}"
        );
        let text = failure.to_string();
        assert!(
            text.starts_with("TLS: invalid peer certificate: "),
            "{text}"
        );
        assert!(text.contains(says), "{text}");
        peer.finish().await;
    }
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    run(async {
        let [known, unknown] = ["known", "unknown"].map(Authority::named);
        for options in [Options::new(), trusting(&known)] {
            assert_refused(
                &unknown.issue(),
                &options,
                AlertDescription::UnknownCA,
                (CertificateProblem::UnknownIssuer, "UnknownIssuer"),
            )
            .await;
        }
    });
}

#[test]
fn a_certificate_for_other_names_is_refused_and_they_are_named() {
    run(async {
        let authority = Authority::new();
        assert_refused(
            &authority.issue_with(&["other.example"], |_| {}),
            &trusting(&authority),
            AlertDescription::BadCertificate,
            (CertificateProblem::WrongName, "other.example"),
        )
        .await;
    });
}

#[test]
fn roots_that_cannot_be_used_are_refused_at_once() {
    run(async {
        let bystander = Bystander::start().await;
        for (options, message) in [
            (
                Options::new().roots("garbage"),
                "there is no certificate in PEM",
            ),
            (
                Options::new().without_built_in_roots(),
                "the built-in roots are removed, and TLS is the host's, which is told no others",
            ),
        ] {
            let url = bystander.url("wss");
            let refused = runtime().connect_with(&url, &options).await;
            assert_eq!(
                refused.unwrap_err(),
                Error::InvalidArgument {
                    part: Part::Roots,
                    message: message.to_owned(),
                }
            );
        }
        bystander.assert_untouched().await;
    });
}

#[test]
fn roots_of_one_connection_are_not_anothers() {
    run(async {
        let [first, second] = ["first", "second"].map(Authority::named);
        let echo = Echo::start_tls(&first.issue()).await;
        let url = echo.url();
        let websocket = runtime().connect_with(&url, &trusting(&first)).await;
        // While it is open, and its session is there to be resumed.
        let failure = connect_failure(&url, &trusting(&second)).await;
        let unknown = FailureKind::Certificate(CertificateProblem::UnknownIssuer);
        assert_eq!(failure.kind, unknown);
        assert_echoes(&mut websocket.unwrap(), 5).await;
    });
}

#[test]
fn the_end_of_the_stream_without_close_notify_is_told_apart() {
    run(async {
        for version in VERSIONS {
            let (mut websocket, peer) = open(version, async |mut stream| {
                stream.send(&frame(0x81, b"whole")).await;
                stream.cut().await;
                stream.expect_end().await;
            })
            .await;
            assert_eq!(websocket.receive().await, Ok(Some("whole".into())));
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::TlsTruncated,
                "connection: the connection was lost: the stream ended without a close_notify alert",
            );
            peer.finish().await;

            let (mut websocket, peer) = open(version, async |mut stream| {
                stream.end().await;
                stream.expect_end().await;
            })
            .await;
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::ConnectionEnded,
                "connection: the stream ended without a close frame",
            );
            peer.finish().await;
        }
    });
}

#[test]
fn a_closing_handshake_is_clean_without_close_notify_and_ends_with_ours() {
    run(async {
        for version in VERSIONS {
            let (mut websocket, peer) = open(version, async |mut stream| {
                let payload = close_payload(1000, "");
                stream.expect_frame(0x88, &payload).await;
                stream.send(&frame(0x88, &payload)).await;
                stream.cut().await;
                stream.expect_end().await;
            })
            .await;
            let closed = websocket.close(1000, "").await.unwrap();
            assert_eq!((closed.code, closed.was_clean), (1000, true));
            assert_eq!(rest(&mut websocket).await, [Event::Close(closed)]);
            peer.finish().await;
        }
    });
}

#[test]
fn a_record_that_was_changed_on_the_way_fails_the_connection() {
    run(async {
        for version in VERSIONS {
            let (mut websocket, peer) = open(version, async |mut stream| {
                let whole = stream.seal(&frame(0x81, b"whole"));
                let mut changed = stream.seal(&frame(0x81, b"changed"));
                changed[10] ^= 0x01;
                // Together, so that one is read with the other.
                stream.send_beneath(&[whole, changed].concat()).await;
                stream.expect_alert(AlertDescription::BadRecordMac).await;
            })
            .await;
            assert_eq!(websocket.receive().await, Ok(Some("whole".into())));
            assert_failure(
                &failure(&mut websocket).await,
                Step::Open,
                FailureKind::TlsFailed,
                "connection: the connection was lost: cannot decrypt peer's message",
            );
            peer.finish().await;
        }
    });
}

#[test]
fn an_end_in_the_tls_handshake_is_told_so() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            assert_eq!(stream.record().await.0, 0x16);
            stream.end().await;
            stream.expect_end().await;
        })
        .await;
        assert_failure(
            &connect_failure(&peer.url_of("wss"), &Options::new()).await,
            Step::Tls,
            FailureKind::ConnectionEnded,
            "TLS: the stream ended before the TLS handshake was done",
        );
        peer.finish().await;

        let peer = Scripted::start(async |mut stream| {
            assert_eq!(stream.record().await.0, 0x16);
            stream.reset();
        })
        .await;
        assert_failure(
            &connect_failure(&peer.url_of("wss"), &Options::new()).await,
            Step::Tls,
            FailureKind::ConnectionLost,
            "TLS: connection reset",
        );
        peer.finish().await;
    });
}

#[test]
fn what_is_not_granted_is_not_reached() {
    run(async {
        let bystander = Bystander::start().await;
        let url = bystander.url("wss");
        let not_granted = async |grants| match runtime_with(grants).connect(&url).await {
            Err(Error::Failed(failure)) => match failure.kind {
                FailureKind::NotGranted(denied) => (failure.step, denied),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        let name = Denied::Name("localhost".into());
        assert_eq!(not_granted(Grants::new()).await, (Step::Name, name));
        let other_port = Grants::new().host("localhost", 1);
        let (step, denied) = not_granted(other_port).await;
        assert_eq!(step, Step::Connect);
        assert!(matches!(denied, Denied::Port { .. }), "{denied:?}");
        bystander.assert_untouched().await;
    });
}

#[test]
fn connections_of_one_instance_have_each_their_tls() {
    run(async {
        let builder = runtime_builder().grants(Grants::new().everything());
        let runtime = builder.host_tls().connections_per_instance(8).build();
        let runtime = runtime.unwrap();
        let [first, second] = ["first", "second"].map(Authority::named);
        let mut websockets = Vec::new();
        let mut echoes = Vec::new();
        for authority in [&first, &second, &first, &second] {
            let echo = Echo::start_tls(&authority.issue()).await;
            let (url, options) = (echo.url(), trusting(authority));
            websockets.push(runtime.connect_with(&url, &options).await.unwrap());
            echoes.push(echo);
        }
        let (url, options) = (echoes[0].url(), trusting(&second));
        let Err(Error::Failed(failure)) = runtime.connect_with(&url, &options).await else {
            panic!("another's roots are trusted");
        };
        let unknown = FailureKind::Certificate(CertificateProblem::UnknownIssuer);
        assert_eq!(failure.kind, unknown);
        for websocket in &mut websockets {
            assert_echoes(websocket, 100_000).await;
        }
    });
}
