//! TLS that the host does, for a component that asks for it by `wasi:tls`.

use integration_tests::{
    Authority, Bystander, Echo, Identity, Scripted, frame, run, runtime_builder,
};
use tokio_rustls::rustls::{AlertDescription, HandshakeKind};
use wasocket::{
    CertificateProblem, Denied, Error, FailureKind, Grants, Options, Part, Runtime, Step, WebSocket,
};

use super::{By, VERSIONS, trusting, with_host_tls};

/// A runtime for connections to anywhere.
fn runtime() -> &'static Runtime {
    By::Host.runtime()
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
            let (mut websocket, peer) = By::Host
                .open(version, async |mut stream| {
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
        let runtime = with_host_tls(Grants::new().everything());
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
    for failure in By::Host.refusals(identity, options, alert).await {
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
        let failure = By::Host.connect_failure(&url, &trusting(&second)).await;
        let unknown = FailureKind::Certificate(CertificateProblem::UnknownIssuer);
        assert_eq!(failure.kind, unknown);
        assert_echoes(&mut websocket.unwrap(), 5).await;
    });
}

#[test]
fn what_is_not_granted_is_not_reached() {
    run(async {
        let bystander = Bystander::start().await;
        let url = bystander.url("wss");
        let not_granted = async |grants| match with_host_tls(grants).connect(&url).await {
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
