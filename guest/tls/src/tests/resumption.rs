//! Sessions are resumed by connections of one context, and by no others.

use super::*;

use super::handshake::ClientHello;
use rustls::HandshakeKind;
use rustls::server::NoServerSessionStorage;

const PRE_SHARED_KEY: u16 = 41;

/// How the server takes the handshake; the client must agree.
fn kind(context: &TlsContext, config: &Arc<ServerConfig>) -> HandshakeKind {
    kind_at(context, config, named(NAME), NOW)
}

fn kind_at(
    context: &TlsContext,
    config: &Arc<ServerConfig>,
    name: ServerName,
    unix_time: u64,
) -> HandshakeKind {
    let mut pair = Pair::at(context, config, name, unix_time);
    pair.run().unwrap();
    pair.client.send(b"hello").unwrap();
    let answer = pair.sealed_by_server(b"world");
    pair.client.handle_input(answer).unwrap();
    pair.run().unwrap();
    assert_eq!(pair.received, b"hello");
    assert_eq!(pair.client.poll_plaintext(), b"world");
    let kind = pair.server.handshake_kind().unwrap();
    let info = pair.client.info().unwrap();
    assert_eq!(info.is_resumed, kind == HandshakeKind::Resumed);
    kind
}

#[test]
fn connections_of_one_context_resume_the_session() {
    for version in BOTH_VERSIONS {
        let (authority, config) = world(version);
        let context = authority.context();
        assert_eq!(kind(&context, &config), HandshakeKind::Full);
        for _ in 0..10 {
            assert_eq!(kind(&context, &config), HandshakeKind::Resumed);
        }
        assert_eq!(kind(&context.clone(), &config), HandshakeKind::Resumed);
    }
}

#[test]
fn connections_of_different_contexts_do_not() {
    for version in BOTH_VERSIONS {
        let (authority, config) = world(version);
        assert_eq!(kind(&authority.context(), &config), HandshakeKind::Full);
        assert_eq!(kind(&authority.context(), &config), HandshakeKind::Full);
    }
}

#[test]
fn connections_to_different_names_do_not() {
    for version in BOTH_VERSIONS {
        let authority = Authority::new("root");
        let identity = authority.issue(&leaf_params(&[NAME, "other.example", "192.0.2.1"]));
        let config = Arc::new(server_config(identity, &[version]));
        let context = authority.context();
        for name in [named(NAME), named("other.example"), addressed("192.0.2.1")] {
            assert_eq!(
                kind_at(&context, &config, name.clone(), NOW),
                HandshakeKind::Full
            );
            assert_eq!(
                kind_at(&context, &config, name, NOW),
                HandshakeKind::Resumed
            );
        }
    }
}

#[test]
fn sessions_are_shared_by_equal_roots_and_by_no_others() {
    for version in BOTH_VERSIONS {
        let (authority, config) = world(version);
        let mut contexts = TlsContexts::new();
        let mut context = |roots: &Roots| contexts.get(roots).unwrap();
        let roots = authority.roots();
        let mut more = roots.clone();
        more.add_pem(Authority::new("other").pem().as_bytes())
            .unwrap();
        let full = |kind| assert_eq!(kind, HandshakeKind::Full);
        full(kind(&context(&roots), &config));
        full(kind(&context(&more), &config));
        for same in [&roots, &only(&authority.pem()), &more] {
            assert_eq!(kind(&context(same), &config), HandshakeKind::Resumed);
        }
    }
}

#[test]
fn contexts_used_last_are_kept() {
    let (authority, config) = world(&TLS13);
    let mut contexts = TlsContexts::new();
    let mut roots = vec![authority.roots()];
    for _ in 0..MAX_CONTEXTS {
        let mut longer = roots[roots.len() - 1].clone();
        longer.add_pem(authority.pem().as_bytes()).unwrap();
        roots.push(longer);
    }
    let (last, others) = roots.split_last().unwrap();
    for roots in others {
        let context = contexts.get(roots).unwrap();
        assert_eq!(kind(&context, &config), HandshakeKind::Full);
    }
    // The first is used, so that the second goes when there is one more.
    for (roots, expected) in [
        (&others[0], HandshakeKind::Resumed),
        (last, HandshakeKind::Full),
        (&others[0], HandshakeKind::Resumed),
        (&others[2], HandshakeKind::Resumed),
        (&others[1], HandshakeKind::Full),
    ] {
        let context = contexts.get(roots).unwrap();
        assert_eq!(kind(&context, &config), expected);
    }
}

#[test]
fn a_session_that_is_too_old_is_not_resumed() {
    // A server of rustls gives tickets a day, and says nothing of sessions without tickets.
    for version in BOTH_VERSIONS {
        for (age, expected) in [
            (DAY, HandshakeKind::Resumed),
            (DAY + 1, HandshakeKind::Full),
        ] {
            let (authority, config) = world(version);
            let context = authority.context();
            assert_eq!(kind(&context, &config), HandshakeKind::Full);
            let later = NOW + age;
            assert_eq!(
                kind_at(&context, &config, named(NAME), later),
                expected,
                "{version:?} after {age} s"
            );
        }
    }
}

#[test]
fn a_server_that_has_forgotten_the_session_is_accepted() {
    for version in BOTH_VERSIONS {
        let authority = Authority::new("root");
        let context = authority.context();
        for _ in 0..3 {
            let identity = authority.issue(&leaf_params(&[NAME]));
            let config = Arc::new(server_config(identity, &[version]));
            assert_eq!(kind(&context, &config), HandshakeKind::Full);
        }
    }
}

/// The tickets that new connections present, while none of them is answered.
fn presented(context: &TlsContext, count: usize) -> Vec<Option<Vec<u8>>> {
    (0..count)
        .map(|_| {
            let mut client = Tls::new(context, named(NAME), NOW).unwrap();
            ClientHello::of(&mut client)
                .extension(PRE_SHARED_KEY)
                .map(Into::into)
        })
        .collect()
}

#[test]
fn a_ticket_is_used_at_most_once() {
    let (authority, config) = world(&TLS13);
    let context = authority.context();
    assert_eq!(config.send_tls13_tickets, 2);
    kind(&context, &config);
    let presented = presented(&context, 3);
    assert!(presented[0].is_some() && presented[1].is_some());
    assert_ne!(presented[0], presented[1]);
    assert_eq!(presented[2], None);
}

#[test]
fn a_flood_of_tickets_is_not_kept() {
    let authority = Authority::new("root");
    let mut config = server_config(authority.issue(&leaf_params(&[NAME])), &[&TLS13]);
    config.send_tls13_tickets = 1_000;
    let context = authority.context();
    kind(&context, &Arc::new(config));
    let presented = presented(&context, MAX_TICKETS + 1);
    assert!(presented[..MAX_TICKETS].iter().all(Option::is_some));
    assert_eq!(presented[MAX_TICKETS], None);
}

#[test]
fn a_server_without_sessions_is_accepted() {
    for version in BOTH_VERSIONS {
        let authority = Authority::new("root");
        let mut config = server_config(authority.issue(&leaf_params(&[NAME])), &[version]);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        let config = Arc::new(config);
        let context = authority.context();
        for _ in 0..2 {
            assert_eq!(kind(&context, &config), HandshakeKind::Full);
        }
    }
}
