use super::*;

fn address(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

/// What becomes of a connection to this address, by a name that resolves to it.
fn judge(grants: &Grants, name: &str, destination: &str) -> Result<(), Denied> {
    let access = Access::new(grants.clone());
    let destination = address(destination);
    let granted = access.may_look_up(name).is_some_and(|name| {
        access.pin(destination.ip(), &name);
        access.may_connect(destination)
    });
    match access.denied() {
        Some(denied) if !granted => Err(denied),
        _ => Ok(()),
    }
}

fn special(name: &str, destination: &str, purpose: SpecialPurpose) -> Result<(), Denied> {
    Err(Denied::SpecialPurpose {
        name: name.into(),
        address: address(destination),
        purpose,
    })
}

#[test]
fn nothing_is_granted_by_default() {
    let access = Access::new(Grants::new());
    assert_eq!(access.may_look_up("example.org"), None);
    assert_eq!(access.denied(), Some(Denied::Name("example.org".into())));
    assert!(!access.may_connect(address("127.0.0.1:80")));
    let denied = Denied::Address(address("127.0.0.1:80"));
    assert_eq!(access.denied(), Some(denied));
}

#[test]
fn a_grant_by_name_covers_what_the_name_resolved_to_on_the_port() {
    let access = Access::new(Grants::new().host("Example.org.", 443));
    assert!(!access.may_connect(address("8.8.8.8:443")));
    let name = access.may_look_up("EXAMPLE.org").unwrap();
    access.pin("8.8.8.8".parse().unwrap(), &name);
    assert!(access.may_connect(address("8.8.8.8:443")));
    assert!(access.may_connect(address("[::ffff:8.8.8.8]:443")));
    assert!(!access.may_connect(address("8.8.8.8:80")));
    let denied = Denied::Port {
        name: "example.org".into(),
        address: address("8.8.8.8:80"),
    };
    assert_eq!(access.denied(), Some(denied));
    assert!(!access.may_connect(address("8.8.4.4:443")));
    assert_eq!(access.may_look_up("www.example.org"), None);
}

#[test]
fn a_name_leads_to_addresses_of_the_public_internet_only() {
    let grants = Grants::new().host("example.org", 443);
    for (destination, purpose) in [
        ("127.0.0.1:443", SpecialPurpose::Loopback),
        ("10.0.0.1:443", SpecialPurpose::Private),
        ("169.254.169.254:443", SpecialPurpose::LinkLocal),
        ("[fd00::1]:443", SpecialPurpose::UniqueLocal),
        ("[64:ff9b::a00:1]:443", SpecialPurpose::Private),
    ] {
        let denied = special("example.org", destination, purpose);
        assert_eq!(judge(&grants, "example.org", destination), denied);
    }
    assert_eq!(judge(&grants, "example.org", "8.8.8.8:443"), Ok(()));
}

#[test]
fn a_special_address_can_be_granted_too() {
    let name = Grants::new().host("example.org", 443);
    let granted = [
        name.clone().host("10.0.0.1", 443),
        name.clone().network("10.0.0.0/8".parse().unwrap(), 443),
        Grants::new().private_host("example.org", 443),
        name.clone().private_host("*.org", 443),
    ];
    for grants in granted {
        assert_eq!(judge(&grants, "example.org", "10.0.0.1:443"), Ok(()));
    }
    let other = [
        name.clone().host("10.0.0.2", 443),
        name.clone().host("10.0.0.1", 80),
        name.clone().private_host("example.org", 80),
        name.private_host("example.com", 443),
    ];
    for grants in other {
        let denied = special("example.org", "10.0.0.1:443", SpecialPurpose::Private);
        assert_eq!(judge(&grants, "example.org", "10.0.0.1:443"), denied);
    }
}

#[test]
fn localhost_is_this_machine_and_nothing_else() {
    let grants = Grants::new().host("localhost", 80).host("*.LocalHost", 80);
    for name in ["localhost", "LOCALHOST.", "app.localhost"] {
        for destination in ["127.0.0.1:80", "127.8.8.8:80", "[::1]:80"] {
            assert_eq!(judge(&grants, name, destination), Ok(()), "{name}");
        }
        for destination in ["10.0.0.1:80", "8.8.8.8:80"] {
            assert!(judge(&grants, name, destination).is_err(), "{name}");
        }
    }
    let denied = special("notlocalhost", "127.0.0.1:80", SpecialPurpose::Loopback);
    let grants = Grants::new().host("notlocalhost", 80);
    assert_eq!(judge(&grants, "notlocalhost", "127.0.0.1:80"), denied);
}

#[test]
fn a_pattern_covers_every_name_below_and_not_the_name_itself() {
    let grants = Grants::new().host("*.Example.org.", 443);
    for name in ["a.example.org", "b.A.EXAMPLE.org."] {
        assert_eq!(judge(&grants, name, "8.8.8.8:443"), Ok(()));
    }
    for name in [
        "example.org",
        "notexample.org",
        "example.org.evil.com",
        "org",
    ] {
        let denied = Err(Denied::Name(name.into()));
        assert_eq!(judge(&grants, name, "8.8.8.8:443"), denied);
    }
    let grants = Grants::new().host("*", 443);
    assert_eq!(judge(&grants, "example.org", "8.8.8.8:443"), Ok(()));
    assert!(judge(&grants, "example.org", "10.0.0.1:443").is_err());
    assert!(!Access::new(grants).may_connect(address("8.8.8.8:443")));
}

#[test]
fn a_grant_by_address_needs_no_name() {
    for host in ["::1", "[::1]"] {
        let access = Access::new(Grants::new().host(host, 81));
        assert!(access.may_connect(address("[::1]:81")));
        assert!(!access.may_connect(address("[::1]:82")));
    }
    for host in ["127.0.0.1", "::ffff:127.0.0.1"] {
        let access = Access::new(Grants::new().host(host, 81));
        assert!(access.may_connect(address("127.0.0.1:81")));
        assert!(access.may_connect(address("[::ffff:127.0.0.1]:81")));
    }
}

#[test]
fn a_grant_of_a_range_covers_its_addresses_on_the_ports() {
    for network in ["10.1.0.0/16", "::ffff:10.1.0.0/112"] {
        let grants = Grants::new().network(network.parse().unwrap(), 80..=81);
        let access = Access::new(grants);
        for granted in ["10.1.0.0:80", "10.1.255.255:81", "[::ffff:10.1.2.3]:80"] {
            assert!(access.may_connect(address(granted)), "{granted}");
        }
        for other in ["10.0.255.255:80", "10.2.0.0:80", "10.1.0.0:82"] {
            assert!(!access.may_connect(address(other)), "{other}");
        }
    }
    let all = Grants::new().network("::/0".parse().unwrap(), Ports::ALL);
    let access = Access::new(all);
    assert!(access.may_connect(address("[fd00::1]:65535")));
    assert!(!access.may_connect(address("8.8.8.8:443")));
}

#[test]
fn a_function_decides_on_names_and_on_addresses() {
    let grants = Grants::new().decided_by(|destination| match destination {
        Destination::Name(name) => *name == "example.org",
        Destination::Address { address, names } => {
            address.port() == 443 && *names == ["example.org"]
        }
    });
    assert_eq!(judge(&grants, "Example.org", "10.0.0.1:443"), Ok(()));
    let denied = Err(Denied::Port {
        name: "example.org".into(),
        address: address("10.0.0.1:80"),
    });
    assert_eq!(judge(&grants, "example.org", "10.0.0.1:80"), denied);
    let denied = Err(Denied::Name("example.com".into()));
    assert_eq!(judge(&grants, "example.com", "8.8.8.8:443"), denied);
    assert!(!Access::new(grants).may_connect(address("8.8.8.8:443")));
}

#[test]
fn a_function_is_not_asked_for_what_is_granted() {
    let grants = Grants::new()
        .host("example.org", 443)
        .host("8.8.4.4", 443)
        .decided_by(|destination| panic!("asked for {destination:?}"));
    assert_eq!(judge(&grants, "example.org", "8.8.8.8:443"), Ok(()));
    assert!(Access::new(grants).may_connect(address("8.8.4.4:443")));
}

#[test]
fn everything_is_everything() {
    let grants = Grants::new().everything();
    assert_eq!(judge(&grants, "example.org", "10.0.0.1:1"), Ok(()));
    assert!(Access::new(grants).may_connect(address("169.254.169.254:80")));
}

#[test]
fn grants_are_equal_if_they_grant_the_same() {
    let one = Grants::new().host("a.org", 1).host("b.org", 2);
    let other = Grants::new().host("B.org", 2).host("A.org", 1);
    assert_eq!(one, other);
    let decided = Grants::new().decided_by(|_| true);
    assert_eq!(decided, decided.clone());
    assert_ne!(decided, Grants::new().decided_by(|_| true));
    assert!(format!("{decided:?}").contains("Function("));
}
