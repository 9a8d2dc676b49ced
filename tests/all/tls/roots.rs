//! Which roots are trusted, and those that cannot be used.

use integration_tests::{Authority, Bystander, assert_failure, run, runtime};
use tokio_rustls::rustls::AlertDescription;
use wasocket::{CertificateProblem, Error, FailureKind, Options, Part, Step};

use super::{By, assert_accepted, trusting};

#[test]
fn roots_are_added_to_those_that_are_built_in_and_to_each_other() {
    run(async {
        let [first, second] = ["first", "second"].map(Authority::named);
        let options = Options::new().roots(first.pem()).roots(second.pem());
        assert_accepted(&first.issue(), &options).await;
        assert_accepted(&second.issue(), &options).await;
        let both = Options::new().roots(first.pem() + &second.pem());
        assert_accepted(&second.issue(), &both).await;
    });
}

#[test]
fn roots_that_are_not_there_are_not_trusted() {
    run(async {
        let [trusted, other] = ["trusted", "other"].map(Authority::named);
        // That built-in roots are trusted at all, the tests of the guest's TLS say: nobody here
        // has a certificate of theirs.
        for options in [Options::new(), trusting(&trusted)] {
            let alert = AlertDescription::UnknownCA;
            for failure in By::Guest.refusals(&other.issue(), &options, alert).await {
                assert_failure(
                    &failure,
                    Step::Tls,
                    FailureKind::Certificate(CertificateProblem::UnknownIssuer),
                    "TLS: the server's certificate is not accepted: no authority that is trusted \
                     has issued it",
                );
            }
        }
    });
}

/// Asserts that connecting with these options fails before there is a connection, and why.
async fn assert_unusable(options: Options, message: &str) {
    let bystander = Bystander::start().await;
    for scheme in ["wss", "ws"] {
        assert_eq!(
            runtime()
                .connect_with(&bystander.url(scheme), &options)
                .await
                .unwrap_err(),
            Error::InvalidArgument {
                part: Part::Roots,
                message: message.to_owned(),
            }
        );
    }
    bystander.assert_untouched().await;
}

#[test]
fn what_has_no_certificate_in_it_is_refused_at_once() {
    run(async {
        let key = Authority::new().issue().key_pem();
        assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
        for pem in ["", "garbage", "\0\u{ff}", &key] {
            let options = Options::new().roots(pem);
            assert_unusable(options, "there is no certificate in PEM").await;
        }
    });
}

#[test]
fn malformed_pem_is_refused_at_once() {
    run(async {
        let good = Authority::new().pem();
        let cut = &good[..good.len() / 2];
        let options = Options::new().roots(cut);
        assert_unusable(options, "the PEM of certificate 1 is malformed").await;
        let options = Options::new().roots(good.clone() + cut);
        assert_unusable(options, "the PEM of certificate 2 is malformed").await;
    });
}

#[test]
fn a_certificate_that_cannot_be_a_root_is_refused_at_once() {
    run(async {
        let good = Authority::new().pem();
        let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let options = Options::new().roots(good + wrong);
        assert_unusable(
            options,
            "certificate 2 is malformed, or of a kind that cannot be a root",
        )
        .await;
    });
}

#[test]
fn good_roots_do_not_make_up_for_bad_ones() {
    run(async {
        let options = Options::new().roots(Authority::new().pem()).roots("");
        assert_unusable(options, "there is no certificate in PEM").await;
    });
}

#[test]
fn without_any_root_no_connection_is_tried() {
    run(async {
        let bystander = Bystander::start().await;
        let options = Options::new().without_built_in_roots();
        assert_eq!(
            runtime()
                .connect_with(&bystander.url("wss"), &options)
                .await
                .unwrap_err()
                .to_string(),
            "invalid root certificates: the built-in roots are removed and no others are added"
        );
        bystander.assert_untouched().await;
    });
}
