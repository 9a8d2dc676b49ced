//! Which certificates are accepted, and what is said of the others.

use super::*;

use rcgen::{CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, NameConstraints};

/// What comes of a handshake with a server that has `identity`.
fn handshake(context: &TlsContext, identity: Identity, name: ServerName) -> Result<(), TlsError> {
    handshake_at(context, identity, name, NOW)
}

/// The same at another time. Both versions must agree.
fn handshake_at(
    context: &TlsContext,
    identity: Identity,
    name: ServerName,
    unix_time: u64,
) -> Result<(), TlsError> {
    let [in_1_3, in_1_2] = BOTH_VERSIONS.map(|version| {
        let identity = Identity {
            chain: identity.chain.clone(),
            key: identity.key.clone_key(),
        };
        let config = Arc::new(server_config(identity, &[version]));
        let mut pair = Pair::at(context, &config, name.clone(), unix_time);
        let result = pair.run();
        assert_eq!(pair.client.info().is_some(), result.is_ok());
        if let Err(error) = &result {
            assert!(matches!(error, TlsError::Certificate(_)), "{error:?}");
            // The alert is owed, and says more or less the same.
            pair.give_server_what_is_owed();
            assert!(
                matches!(
                    pair.server_error,
                    Some(rustls::Error::AlertReceived(alert)) if (42..=51).contains(&u8::from(alert))
                ),
                "{:?}",
                pair.server_error
            );
            assert_failed(&mut pair.client, error);
        }
        result
    });
    assert_eq!(in_1_3, in_1_2);
    in_1_3
}

fn refused(problem: CertificateProblem) -> Result<(), TlsError> {
    Err(TlsError::Certificate(problem))
}

fn wrong_name(presented: &[&str]) -> Result<(), TlsError> {
    refused(CertificateProblem::WrongName {
        presented: presented.iter().copied().map(Into::into).collect(),
    })
}

#[test]
fn a_certificate_for_the_name_is_accepted() {
    let root = Authority::new("root");
    for (names, name) in [
        (&[NAME][..], NAME),
        (&[NAME], "server.example.com."),
        (&[NAME], "SERVER.example.com"),
        (&["other.example", NAME], NAME),
        (&["*.example.com"], NAME),
        (&["localhost"], "localhost"),
    ] {
        let identity = root.issue(&leaf_params(names));
        assert_eq!(
            handshake(&root.context(), identity, named(name)),
            Ok(()),
            "{names:?} for {name}"
        );
    }
}

#[test]
fn a_certificate_for_other_names_is_refused() {
    let root = Authority::new("root");
    for (names, name, presented) in [
        (&["other.example"][..], NAME, &["other.example"][..]),
        (&["*.example.com"], "example.com", &["*.example.com"]),
        (&["*.example.com"], "a.b.example.com", &["*.example.com"]),
        (&["192.0.2.1"], NAME, &["192.0.2.1"]),
        (&[], NAME, &[]),
    ] {
        let identity = root.issue(&leaf_params(names));
        assert_eq!(
            handshake(&root.context(), identity, named(name)),
            wrong_name(presented),
            "{names:?} for {name}"
        );
    }
}

#[test]
fn the_common_name_does_not_count() {
    let root = Authority::new("root");
    let mut params = leaf_params(&[]);
    params.distinguished_name.push(DnType::CommonName, NAME);
    assert_eq!(
        handshake(&root.context(), root.issue(&params), named(NAME)),
        wrong_name(&[])
    );
}

#[test]
fn a_certificate_for_the_address_is_accepted() {
    let root = Authority::new("root");
    for address in ["192.0.2.1", "2001:db8::1", "::1"] {
        let identity = root.issue(&leaf_params(&[address]));
        assert_eq!(
            handshake(&root.context(), identity, addressed(address)),
            Ok(()),
            "{address}"
        );
    }
}

#[test]
fn a_certificate_for_another_address_is_refused() {
    let root = Authority::new("root");
    for (names, address, presented) in [
        (&["192.0.2.1"][..], "192.0.2.2", "192.0.2.1"),
        (&["2001:db8::1"], "2001:db8::2", "2001:db8::1"),
        (&["192.0.2.1"], "::ffff:192.0.2.1", "192.0.2.1"),
        (&[NAME], "192.0.2.1", "server.example.com"),
    ] {
        let identity = root.issue(&leaf_params(names));
        assert_eq!(
            handshake(&root.context(), identity, addressed(address)),
            wrong_name(&[presented]),
            "{names:?} for {address}"
        );
    }
}

#[test]
fn a_certificate_is_accepted_from_its_first_second_to_its_last() {
    let root = Authority::new("root");
    let not_before = NOW;
    let not_after = NOW + 365 * DAY;
    for (now, result) in [
        (
            0,
            refused(CertificateProblem::NotYetValid { not_before, now: 0 }),
        ),
        (
            not_before - 1,
            refused(CertificateProblem::NotYetValid {
                not_before,
                now: not_before - 1,
            }),
        ),
        (not_before, Ok(())),
        (not_after, Ok(())),
        (
            not_after + 1,
            refused(CertificateProblem::Expired {
                not_after,
                now: not_after + 1,
            }),
        ),
        (
            u64::MAX,
            refused(CertificateProblem::Expired {
                not_after,
                now: u64::MAX,
            }),
        ),
    ] {
        let identity = root.issue(&leaf_params(&[NAME]));
        assert_eq!(
            handshake_at(&root.context(), identity, named(NAME), now),
            result,
            "{now}"
        );
    }
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let known = Authority::new("known");
    let unknown = Authority::new("unknown");
    let identity = unknown.issue(&leaf_params(&[NAME]));
    assert_eq!(
        handshake(&known.context(), identity, named(NAME)),
        refused(CertificateProblem::UnknownIssuer)
    );
}

#[test]
fn a_certificate_of_an_authority_that_takes_the_name_of_another_is_refused() {
    let known = Authority::new("root");
    let impostor = Authority::new("root");
    let identity = impostor.issue(&leaf_params(&[NAME]));
    assert_eq!(
        handshake(&known.context(), identity, named(NAME)),
        refused(CertificateProblem::BadSignature)
    );
}

#[test]
fn a_certificate_of_a_private_authority_is_refused_by_default() {
    let context = TlsContext::new(&Roots::default()).unwrap();
    let identity = Authority::new("root").issue(&leaf_params(&[NAME]));
    assert_eq!(
        handshake(&context, identity, named(NAME)),
        refused(CertificateProblem::UnknownIssuer)
    );
}

fn self_signed(params: &CertificateParams) -> (Identity, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let identity = Identity {
        chain: vec![certificate.der().clone()],
        key: private_key(&key),
    };
    (identity, certificate.pem())
}

#[test]
fn a_self_signed_certificate_is_refused_unless_it_is_a_root() {
    let params = leaf_params(&[NAME]);
    let (identity, _) = self_signed(&params);
    assert_eq!(
        handshake(&Authority::new("root").context(), identity, named(NAME)),
        refused(CertificateProblem::UnknownIssuer)
    );
    let (identity, pem) = self_signed(&params);
    let context = TlsContext::new(&only(&pem)).unwrap();
    assert_eq!(handshake(&context, identity, named(NAME)), Ok(()));
}

#[test]
fn a_self_signed_certificate_of_an_authority_is_refused_even_as_a_root() {
    let mut params = leaf_params(&[NAME]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (identity, pem) = self_signed(&params);
    let context = TlsContext::new(&only(&pem)).unwrap();
    assert_eq!(
        handshake(&context, identity, named(NAME)),
        refused(CertificateProblem::Authority)
    );
}

/// A certificate for `NAME` that `root` vouches for through another certificate.
fn issued_below(root: &Authority, middle: CertificateParams) -> Identity {
    let middle = root.subordinate(middle);
    let mut identity = middle.issue(&leaf_params(&[NAME]));
    identity.chain.push(middle.0.der().clone());
    identity
}

#[test]
fn a_chain_through_a_subordinate_authority_is_accepted() {
    let root = Authority::new("root");
    let identity = issued_below(&root, authority_params("middle"));
    assert_eq!(handshake(&root.context(), identity, named(NAME)), Ok(()));
}

#[test]
fn a_chain_with_a_link_missing_is_refused() {
    let root = Authority::new("root");
    let mut identity = issued_below(&root, authority_params("middle"));
    identity.chain.pop();
    assert_eq!(
        handshake(&root.context(), identity, named(NAME)),
        refused(CertificateProblem::UnknownIssuer)
    );
}

#[test]
fn a_chain_through_what_is_no_authority_is_refused() {
    let root = Authority::new("root");
    let mut params = authority_params("middle");
    params.is_ca = IsCa::ExplicitNoCa;
    assert_eq!(
        handshake(&root.context(), issued_below(&root, params), named(NAME)),
        refused(CertificateProblem::UnknownIssuer)
    );
}

#[test]
fn a_chain_longer_than_its_root_allows_is_refused() {
    let mut params = authority_params("root");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = Authority::new("the root of all");
    let top = root.subordinate(params);
    let middle = top.subordinate(authority_params("middle"));
    let mut identity = middle.issue(&leaf_params(&[NAME]));
    identity.chain.push(middle.0.der().clone());
    identity.chain.push(top.0.der().clone());
    assert_eq!(
        handshake(&root.context(), identity, named(NAME)),
        refused(CertificateProblem::UnknownIssuer)
    );
}

#[test]
fn an_authority_that_may_not_vouch_for_the_name_is_refused() {
    let root = Authority::new("root");
    let constrained_to = |domain: &str| {
        let mut params = authority_params("middle");
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName(domain.into())],
            excluded_subtrees: vec![],
        });
        issued_below(&root, params)
    };
    assert_eq!(
        handshake(&root.context(), constrained_to("example.com"), named(NAME)),
        Ok(())
    );
    assert_eq!(
        handshake(&root.context(), constrained_to("example.org"), named(NAME)),
        refused(CertificateProblem::UnknownIssuer)
    );
}

#[test]
fn a_certificate_for_clients_alone_is_refused() {
    let root = Authority::new("root");
    let with_purposes = |purposes: &[ExtendedKeyUsagePurpose]| {
        let mut params = leaf_params(&[NAME]);
        params.extended_key_usages = purposes.to_vec();
        root.issue(&params)
    };
    let client = ExtendedKeyUsagePurpose::ClientAuth;
    let server = ExtendedKeyUsagePurpose::ServerAuth;
    assert_eq!(
        handshake(
            &root.context(),
            with_purposes(core::slice::from_ref(&client)),
            named(NAME)
        ),
        refused(CertificateProblem::NotForServers)
    );
    assert_eq!(
        handshake(
            &root.context(),
            with_purposes(&[client, server]),
            named(NAME)
        ),
        Ok(())
    );
}

#[test]
fn a_critical_extension_that_is_unknown_is_refused() {
    let root = Authority::new("root");
    let with_extension = |is_critical| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![0x05, 0x00]);
        extension.set_criticality(is_critical);
        let mut params = leaf_params(&[NAME]);
        params.custom_extensions = vec![extension];
        root.issue(&params)
    };
    assert_eq!(
        handshake(&root.context(), with_extension(false), named(NAME)),
        Ok(())
    );
    assert_eq!(
        handshake(&root.context(), with_extension(true), named(NAME)),
        refused(CertificateProblem::UnknownExtension)
    );
}
