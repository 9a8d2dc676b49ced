//! Which certificates of servers are accepted, and what is said of the others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{SystemTime, UNIX_EPOCH};

use integration_tests::guest::{Network, is_close, run_guest_on, types};
use integration_tests::{Authority, Identity, RSA_KEY, Scripted, assert_failure, run, runtime};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, date_time_ymd,
};
use tokio_rustls::rustls::AlertDescription;
use types::{ErrorCode, Event};
use wasocket::{CertificateProblem, Failure, FailureKind, Options, Step};

use super::{By, assert_accepted, trusting};

/// The end of 2020, in seconds since 1970.
const END_OF_2020: u64 = 1_609_459_200;

/// The start of 2100, in seconds since 1970.
const START_OF_2100: u64 = 4_102_444_800;

/// What is said of a certificate that is not accepted.
fn text(problem: &str) -> String {
    format!("TLS: the server's certificate is not accepted: {problem}")
}

/// Asserts that a server with this certificate is refused with this alert, and what is said of it.
async fn assert_refused(
    identity: &Identity,
    options: &Options,
    alert: AlertDescription,
    (problem, says): (CertificateProblem, &str),
) {
    for failure in By::Guest.refusals(identity, options, alert).await {
        let kind = FailureKind::Certificate(problem);
        assert_failure(&failure, Step::Tls, kind, &text(says));
    }
}

/// Asserts what is said of a certificate whose time is not now: `says`, and what time it is.
fn assert_not_now(failure: &Failure, since: u64, problem: CertificateProblem, says: &str) {
    assert_eq!(failure.step, Step::Tls);
    assert_eq!(failure.kind, FailureKind::Certificate(problem));
    let expected = |now| {
        text(&format!(
            "{says}, and the time is {now} (in seconds since 1970)"
        ))
    };
    let said = failure.to_string();
    assert!(
        (since..=unix_time()).any(|now| said == expected(now)),
        "{said}"
    );
}

fn unix_time() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

#[test]
fn a_certificate_for_the_name_is_accepted() {
    run(async {
        let authority = Authority::new();
        for names in [
            &["localhost"][..],
            &["other.example", "localhost"],
            &["LOCALHOST"],
        ] {
            let identity = authority.issue_with(names, |_| {});
            assert_accepted(&identity, &trusting(&authority)).await;
        }
    });
}

#[test]
fn a_certificate_for_the_address_is_accepted() {
    run(async {
        let authority = Authority::new();
        for (address, shown) in [
            (IpAddr::from(Ipv4Addr::LOCALHOST), "127.0.0.1"),
            (IpAddr::from(Ipv6Addr::LOCALHOST), "[::1]"),
        ] {
            let identity = authority.issue_with(&[&address.to_string()], |_| {});
            let tls = identity.acceptor();
            let peer = Scripted::start_on(address, async move |stream| {
                let mut stream = stream.accept_tls(&tls).await;
                // RFC 6066, section 3: "Literal IPv4 and IPv6 addresses are not permitted".
                assert_eq!(stream.tls().server_name(), None);
                stream.accept().await;
                stream.expect_close(1000, "").await;
            })
            .await;
            let url = format!("wss://{shown}:{}/", peer.port());
            let options = trusting(&authority);
            let websocket = runtime().connect_with(&url, &options).await.unwrap();
            assert!(websocket.close(1000, "").await.unwrap().was_clean);
            peer.finish().await;
        }
    });
}

#[test]
fn certificates_for_keys_of_every_kind_are_accepted() {
    run(async {
        let authority = Authority::new();
        for key in [
            KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            KeyPair::generate_for(&PKCS_ED25519),
            KeyPair::from_pem(RSA_KEY),
        ] {
            let identity = authority.issue_for(key.unwrap(), &["localhost"], |_| {});
            assert_accepted(&identity, &trusting(&authority)).await;
        }
    });
}

#[test]
fn a_wildcard_stands_for_one_label() {
    let network = Network::default()
        .name("a.example.test", &["127.0.0.1"])
        .name("a.b.example.test", &["127.0.0.1"])
        .name("example.test", &["127.0.0.1"]);
    run_guest_on(network, async |mut guest| {
        let authority = Authority::new();
        let identity = authority.issue_with(&["*.example.test"], |_| {});
        let options = guest.options_with_roots(&authority.pem()).await;

        let peer = Scripted::start_tls(identity.acceptor(), async |mut stream| {
            assert_eq!(stream.tls().server_name(), Some("a.example.test"));
            stream.accept().await;
            stream.drain().await;
        })
        .await;
        let url = format!("wss://a.example.test:{}/", peer.port());
        let websocket = guest.open_with(&url, Some(options)).await;
        guest.drop(websocket).await;
        peer.finish().await;

        for name in ["a.b.example.test", "example.test"] {
            let tls = identity.acceptor();
            let peer = Scripted::start(async move |stream| {
                let alert = AlertDescription::BadCertificate;
                stream.expect_refusal(&tls, alert).await;
            })
            .await;
            let url = format!("wss://{name}:{}/", peer.port());
            let websocket = guest.connect(&url, Some(options)).await;
            let events = guest.until(websocket, is_close).await;
            let [Event::Error(error), Event::Close(_)] = &events[..] else {
                panic!("{name}: {events:?}");
            };
            let wrong_name = types::CertificateProblem::WrongName;
            assert!(
                matches!(&error.code, ErrorCode::Certificate(problem) if *problem == wrong_name),
                "{name}: {error:?}"
            );
            guest.drop(websocket).await;
            peer.finish().await;
        }
    });
}

#[test]
fn a_certificate_that_an_intermediate_authority_issued_is_accepted() {
    run(async {
        let root = Authority::named("root");
        let intermediate = root.intermediate();
        assert_accepted(&intermediate.issue(), &trusting(&root)).await;
        assert_accepted(&intermediate.intermediate().issue(), &trusting(&root)).await;
        // An intermediate authority that is trusted by itself is as good as a root.
        assert_accepted(&intermediate.issue(), &trusting(&intermediate)).await;
    });
}

#[test]
fn a_chain_without_its_intermediate_authority_is_refused() {
    run(async {
        let root = Authority::named("root");
        let identity = root.intermediate().issue().without_chain();
        assert_refused(
            &identity,
            &trusting(&root),
            AlertDescription::UnknownCA,
            (
                CertificateProblem::UnknownIssuer,
                "no authority that is trusted has issued it",
            ),
        )
        .await;
    });
}

#[test]
fn an_expired_certificate_is_refused() {
    run(async {
        let authority = Authority::new();
        let identity = authority.issue_with(&["localhost"], |params| {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        });
        let since = unix_time();
        let alert = AlertDescription::CertificateExpired;
        for failure in By::Guest
            .refusals(&identity, &trusting(&authority), alert)
            .await
        {
            let says = format!("it expired at {END_OF_2020}");
            assert_not_now(&failure, since, CertificateProblem::Expired, &says);
        }
    });
}

#[test]
fn a_certificate_whose_time_has_not_come_is_refused() {
    run(async {
        let authority = Authority::new();
        let identity = authority.issue_with(&["localhost"], |params| {
            params.not_before = date_time_ymd(2100, 1, 1);
            params.not_after = date_time_ymd(2101, 1, 1);
        });
        let since = unix_time();
        // RFC 8446, section 6.2: "A certificate has expired or is not currently valid."
        let alert = AlertDescription::CertificateExpired;
        for failure in By::Guest
            .refusals(&identity, &trusting(&authority), alert)
            .await
        {
            let says = format!("it is not valid before {START_OF_2100}");
            assert_not_now(&failure, since, CertificateProblem::NotYetValid, &says);
        }
    });
}

#[test]
fn a_certificate_for_other_names_is_refused_and_they_are_named() {
    run(async {
        let authority = Authority::new();
        for (names, says) in [
            (
                &["other.example"][..],
                "it is not for this server, but for other.example",
            ),
            (
                &["127.0.0.1", "::1"],
                "it is not for this server, but for 127.0.0.1, ::1",
            ),
            (&[], "it is not for this server, but for none"),
        ] {
            assert_refused(
                &authority.issue_with(names, |_| {}),
                &trusting(&authority),
                AlertDescription::BadCertificate,
                (CertificateProblem::WrongName, says),
            )
            .await;
        }
    });
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    run(async {
        assert_refused(
            &Authority::named("unknown").issue(),
            &trusting(&Authority::named("known")),
            AlertDescription::UnknownCA,
            (
                CertificateProblem::UnknownIssuer,
                "no authority that is trusted has issued it",
            ),
        )
        .await;
    });
}

#[test]
fn a_certificate_of_an_authority_that_takes_the_name_of_another_is_refused() {
    run(async {
        assert_refused(
            &Authority::named("known").issue(),
            &trusting(&Authority::named("known")),
            AlertDescription::DecryptError,
            (CertificateProblem::Malformed, "a signature is wrong"),
        )
        .await;
    });
}

#[test]
fn a_self_signed_certificate_is_refused_unless_it_is_a_root() {
    run(async {
        let identity = Identity::self_signed(&["localhost"]);
        assert_refused(
            &identity,
            &Options::new(),
            AlertDescription::UnknownCA,
            (
                CertificateProblem::UnknownIssuer,
                "no authority that is trusted has issued it",
            ),
        )
        .await;
        let options = Options::new().roots(identity.chain_pem());
        assert_accepted(&identity, &options).await;
    });
}

#[test]
fn the_certificate_of_an_authority_is_no_certificate_of_a_server() {
    run(async {
        fn authority(params: &mut CertificateParams) {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }

        let refused = (
            CertificateProblem::WrongPurpose,
            "it is the certificate of an authority and not of a server",
        );
        let root = Authority::new();
        let issued = root.issue_with(&["localhost"], authority);
        let alert = AlertDescription::UnsupportedCertificate;
        assert_refused(&issued, &trusting(&root), alert, refused).await;
        // What `openssl req -x509` makes, trusted or not.
        let own = Identity::self_signed_with(&["localhost"], authority);
        assert_refused(&own, &trusting(&root), alert, refused).await;
        let options = Options::new().roots(own.chain_pem());
        assert_refused(&own, &options, alert, refused).await;
    });
}

#[test]
fn a_certificate_for_clients_is_refused() {
    run(async {
        let authority = Authority::new();
        let identity = authority.issue_with(&["localhost"], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        });
        assert_refused(
            &identity,
            &trusting(&authority),
            AlertDescription::UnsupportedCertificate,
            (
                CertificateProblem::WrongPurpose,
                "it is not meant for servers",
            ),
        )
        .await;
    });
}
