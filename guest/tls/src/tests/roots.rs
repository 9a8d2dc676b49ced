//! Which roots are trusted, and what can be wrong with those that a caller adds.

use super::*;

#[track_caller]
fn assert_refused(pem: &[u8], error: RootsError) {
    let mut roots = Roots::default();
    assert_eq!(roots.add_pem(pem), Err(error));
    assert_eq!(roots, Roots::default());
}

/// What comes of a handshake with a server for which `authority` vouches.
fn handshake(roots: &Roots, authority: &Authority) -> Result<(), TlsError> {
    let identity = authority.issue(&leaf_params(&[NAME]));
    let config = Arc::new(server_config(identity, &BOTH_VERSIONS));
    Pair::new(&TlsContext::new(roots).unwrap(), &config).run()
}

#[test]
fn added_roots_are_trusted_with_the_built_in_ones_or_instead() {
    let first = Authority::new("first");
    let second = Authority::new("second");
    let mut roots = Roots::default();
    assert_eq!(roots.add_pem(first.pem().as_bytes()), Ok(1));
    assert_eq!(handshake(&roots, &first), Ok(()));
    assert_eq!(roots.add_pem(second.pem().as_bytes()), Ok(1));
    roots.remove_built_in();
    for authority in [&first, &second] {
        assert_eq!(handshake(&roots, authority), Ok(()));
    }
}

#[test]
fn the_built_in_roots_count_until_they_are_removed() {
    let mut roots = Roots::default();
    let built_in = roots.to_store().unwrap().len();
    assert!(built_in > 100, "{built_in}");
    roots
        .add_pem(Authority::new("root").pem().as_bytes())
        .unwrap();
    assert_eq!(roots.to_store().unwrap().len(), built_in + 1);
    roots.remove_built_in();
    assert_eq!(roots.to_store().unwrap().len(), 1);
}

#[test]
fn without_any_root_there_is_no_context() {
    let mut roots = Roots::default();
    roots.remove_built_in();
    assert_eq!(TlsContext::new(&roots).err(), Some(NoRoots));
    assert_eq!(TlsContexts::new().get(&roots).err(), Some(NoRoots));
}

#[test]
fn several_certificates_and_what_stands_between_them_are_read() {
    let first = Authority::new("first");
    let second = Authority::new("second");
    let key = KeyPair::generate().unwrap().serialize_pem();
    let pem = std::format!("# Ours\n{}\nsubject=x\n{key}{}", first.pem(), second.pem());
    for pem in [pem.clone(), pem.replace('\n', "\r\n")] {
        let mut roots = Roots::default();
        roots.remove_built_in();
        assert_eq!(roots.add_pem(pem.as_bytes()), Ok(2));
        for authority in [&first, &second] {
            assert_eq!(handshake(&roots, authority), Ok(()));
        }
    }
}

#[test]
fn what_has_no_certificate_in_it_is_refused() {
    let root = Authority::new("root");
    let key = KeyPair::generate().unwrap().serialize_pem();
    for pem in [
        &b""[..],
        b"\n\n",
        b"not PEM",
        &[0xff; 100],
        root.0.der(),
        key.as_bytes(),
    ] {
        assert_refused(pem, RootsError::NoCertificate);
    }
}

#[test]
fn malformed_pem_is_refused() {
    let pem = Authority::new("root").pem();
    let end = pem.find("-----END").unwrap();
    for (malformed, number) in [
        // Cut off, not base64, and a bad first line.
        (pem[..end].into(), 1),
        (pem[..end / 2].into(), 1),
        (pem.replacen("MII", "M*I", 1), 1),
        (pem.replacen("CERTIFICATE-----", "CERTIFICATE----", 1), 1),
        // The same behind a good one.
        (std::format!("{pem}{}", &pem[..end]), 2),
    ] {
        assert_refused(malformed.as_bytes(), RootsError::MalformedPem { number });
    }
}

#[test]
fn a_certificate_that_cannot_be_a_root_is_refused() {
    let pem = Authority::new("root").pem();
    let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
    let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (unusable, number) in [
        (empty.into(), 1),
        (other.into(), 1),
        (std::format!("{pem}{other}{pem}"), 2),
    ] {
        assert_refused(
            unusable.as_bytes(),
            RootsError::UnusableCertificate { number },
        );
    }
}

#[test]
fn what_is_shown_for_debugging_is_short() {
    let mut roots = Roots::default();
    roots
        .add_pem(Authority::new("root").pem().as_bytes())
        .unwrap();
    assert_eq!(
        std::format!("{roots:?}"),
        "Roots { built_in: true, added: 1 }"
    );
}
