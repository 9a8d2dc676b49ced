//! The handshake: versions, cipher suites, names and protocols.

use super::*;

use rustls::crypto::ring::cipher_suite;
use rustls::{AlertDescription, ProtocolVersion};

/// The parts of a ClientHello (RFC 8446, section 4.1.2) that tests look at.
pub(super) struct ClientHello {
    pub(super) cipher_suites: Vec<u16>,
    pub(super) extensions: Vec<(u16, Vec<u8>)>,
}

impl ClientHello {
    /// Reads what a new connection transmits.
    pub(super) fn of(client: &mut Tls) -> Self {
        let record = transmitted(client);
        assert_eq!(record[0], 0x16);
        assert_eq!(record.len(), 5 + u16_at(&record, 3));
        let hello = &record[5..];
        assert_eq!(hello[0], 0x01);
        // Type and length, version, random.
        let mut at = 4 + 2 + 32;
        at += 1 + usize::from(hello[at]);
        let suites_len = u16_at(hello, at);
        let cipher_suites = hello[at + 2..at + 2 + suites_len]
            .chunks(2)
            .map(|suite| u16::from_be_bytes([suite[0], suite[1]]))
            .collect();
        at += 2 + suites_len;
        at += 1 + usize::from(hello[at]);
        assert_eq!(hello.len(), at + 2 + u16_at(hello, at));
        at += 2;
        let mut extensions = Vec::new();
        while at < hello.len() {
            let len = u16_at(hello, at + 2);
            extensions.push((u16_at(hello, at) as u16, hello[at + 4..at + 4 + len].into()));
            at += 4 + len;
        }
        Self {
            cipher_suites,
            extensions,
        }
    }

    pub(super) fn extension(&self, id: u16) -> Option<&[u8]> {
        self.extensions
            .iter()
            .find(|(of, _)| *of == id)
            .map(|(_, data)| data.as_slice())
    }
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

const SERVER_NAME: u16 = 0;
const APPLICATION_PROTOCOLS: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

fn hello_for(name: ServerName) -> ClientHello {
    let context = TlsContext::new(&Roots::default()).unwrap();
    ClientHello::of(&mut Tls::new(&context, name, NOW).unwrap())
}

#[test]
fn the_client_hello_is_owed_at_once() {
    let context = TlsContext::new(&Roots::default()).unwrap();
    let mut client = Tls::new(&context, named(NAME), NOW).unwrap();
    assert!(client.is_handshaking());
    assert_eq!(client.info(), None);
    assert!(transmitted(&mut client).starts_with(&[0x16, 0x03, 0x01]));
    assert_eq!(client.poll_plaintext(), b"");
}

#[test]
fn chacha20_poly1305_is_offered_first_in_both_versions() {
    let scsv = 0x00ff;
    let mut suites = hello_for(named(NAME)).cipher_suites;
    suites.retain(|&suite| suite != scsv);
    assert_eq!(
        suites,
        [
            0x1303, 0x1301, 0x1302, 0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc02c, 0xc030
        ]
    );
}

#[test]
fn versions_1_3_and_1_2_are_offered() {
    let hello = hello_for(named(NAME));
    assert_eq!(
        hello.extension(SUPPORTED_VERSIONS),
        Some(&b"\x04\x03\x04\x03\x03"[..])
    );
}

#[test]
fn either_version_is_spoken_and_chacha20_poly1305_chosen() {
    for (version, expected, cipher_suite) in [
        (&TLS13, TlsVersion::Tls13, "TLS_CHACHA20_POLY1305_SHA256"),
        (
            &TLS12,
            TlsVersion::Tls12,
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ),
    ] {
        let pair = Pair::open(version);
        assert_eq!(
            pair.client.info(),
            Some(TlsInfo {
                version: expected,
                cipher_suite,
                application_protocol: None,
                is_resumed: false,
            })
        );
        assert_eq!(pair.server.protocol_version(), Some(version.version));
    }
}

#[test]
fn a_server_that_speaks_both_versions_chooses_1_3() {
    let authority = Authority::new("root");
    let identity = authority.issue(&leaf_params(&[NAME]));
    let config = Arc::new(server_config(identity, &BOTH_VERSIONS));
    let mut pair = Pair::new(&authority.context(), &config);
    pair.run().unwrap();
    assert_eq!(
        pair.server.protocol_version(),
        Some(ProtocolVersion::TLSv1_3)
    );
}

#[test]
fn a_server_with_aes_gcm_alone_is_accepted() {
    for (suite, name) in [
        (
            cipher_suite::TLS13_AES_128_GCM_SHA256,
            "TLS_AES_128_GCM_SHA256",
        ),
        (
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            "TLS_AES_256_GCM_SHA384",
        ),
        (
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        ),
    ] {
        let authority = Authority::new("root");
        let provider = CryptoProvider {
            cipher_suites: vec![suite],
            ..ring::default_provider()
        };
        let config = Arc::new(server_config_with(
            provider,
            authority.issue(&leaf_params(&[NAME])),
            &[suite.version()],
        ));
        let mut pair = Pair::new(&authority.context(), &config);
        pair.run().unwrap();
        assert_eq!(pair.client.info().unwrap().cipher_suite, name);
        pair.client.send(b"hello").unwrap();
        pair.run().unwrap();
        assert_eq!(pair.received, b"hello");
    }
}

#[test]
fn a_server_that_wants_another_group_is_answered() {
    let authority = Authority::new("root");
    let provider = CryptoProvider {
        kx_groups: vec![ring::kx_group::SECP384R1],
        ..ring::default_provider()
    };
    let identity = authority.issue(&leaf_params(&[NAME]));
    let config = Arc::new(server_config_with(provider, identity, &[&TLS13]));
    let mut pair = Pair::new(&authority.context(), &config);
    pair.run().unwrap();
    assert_eq!(
        pair.server.handshake_kind(),
        Some(rustls::HandshakeKind::FullWithHelloRetryRequest)
    );
}

#[test]
fn a_handshake_in_small_records_is_put_together() {
    for version in BOTH_VERSIONS {
        for len in [32, 33, 100, 1_000] {
            let authority = Authority::new("root");
            let mut config = server_config(authority.issue(&leaf_params(&[NAME])), &[version]);
            config.max_fragment_size = Some(len);
            let mut pair = Pair::new(&authority.context(), &Arc::new(config));
            pair.run().unwrap();
            let records = pair.sealed_by_server(&pattern(5_000));
            assert!(record_types(&records).len() >= 5_000 / len);
            pair.client.handle_input(records).unwrap();
            assert!(plaintext(&mut pair.client) == pattern(5_000));
        }
    }
}

#[test]
fn a_name_is_sent_without_the_dot_at_its_end() {
    for name in [NAME, "server.example.com."] {
        assert_eq!(
            hello_for(named(name)).extension(SERVER_NAME),
            Some(&b"\x00\x15\x00\x00\x12server.example.com"[..])
        );
    }
}

#[test]
fn an_address_is_not_sent() {
    for address in ["192.0.2.1", "2001:db8::1"] {
        assert_eq!(hello_for(addressed(address)).extension(SERVER_NAME), None);
    }
}

#[test]
fn http_1_1_is_offered() {
    assert_eq!(
        hello_for(named(NAME)).extension(APPLICATION_PROTOCOLS),
        Some(&b"\x00\x09\x08http/1.1"[..])
    );
}

#[test]
fn the_application_protocol_that_the_server_chooses_is_told() {
    for version in BOTH_VERSIONS {
        let authority = Authority::new("root");
        let mut config = server_config(authority.issue(&leaf_params(&[NAME])), &[version]);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut pair = Pair::new(&authority.context(), &Arc::new(config));
        pair.run().unwrap();
        let info = pair.client.info().unwrap();
        assert_eq!(info.application_protocol, Some(b"http/1.1".to_vec()));
    }
}

#[test]
fn a_server_that_insists_on_h2_gives_up() {
    for version in BOTH_VERSIONS {
        let authority = Authority::new("root");
        let mut config = server_config(authority.issue(&leaf_params(&[NAME])), &[version]);
        config.alpn_protocols = vec![b"h2".to_vec()];
        let mut pair = Pair::new(&authority.context(), &Arc::new(config));
        let code = u8::from(AlertDescription::NoApplicationProtocol);
        let error = TlsError::AlertReceived(Alert::new(code));
        assert_eq!(pair.run(), Err(error.clone()));
        // No alert answers an alert; TLS 1.3 has a change_cipher_spec to please middleboxes.
        let types = record_types(pair.client.poll_transmit());
        assert!(types.iter().all(|&of| of == 0x14), "{types:?}");
        assert_failed(&mut pair.client, &error);
    }
}
