//! What goes wrong, and whether the peer is told.

use super::*;

use rustls::server::WebPkiClientVerifier;
use rustls::{
    AlertDescription, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved, RootCertStore,
};

fn protocol(error: impl Into<Error>) -> TlsError {
    TlsError::Protocol(error.into().into())
}

fn alert(description: AlertDescription) -> Alert {
    Alert::new(description.into())
}

/// A connection whose ClientHello is written.
fn waiting() -> Tls {
    let context = Authority::new("root").context();
    let mut client = Tls::new(&context, named(NAME), NOW).unwrap();
    transmitted(&mut client);
    client
}

const DECODE_ERROR: &[u8] = b"\x15\x03\x03\x00\x02\x02\x32";

#[test]
fn a_server_that_does_not_speak_tls_is_told_apart() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"HTTP/1",
        b"220 mail.example ESMTP\r\n",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"\x00\x00\x00\x00\x00",
        b"\x16\x02\x00\x00\x01",
    ] {
        let mut client = waiting();
        assert_eq!(client.handle_input(answer.to_vec()), Err(TlsError::NotTls));
        assert_eq!(client.poll_transmit(), DECODE_ERROR);
        assert_failed(&mut client, &TlsError::NotTls);
    }
}

#[test]
fn what_looks_like_a_record_is_judged_as_one() {
    for (answer, error) in [
        (
            &b"\x16\x03\x03\xff\xff"[..],
            protocol(InvalidMessage::MessageTooLarge),
        ),
        (
            b"\x16\x03\x03\x00\x00",
            protocol(InvalidMessage::InvalidEmptyPayload),
        ),
    ] {
        let mut client = waiting();
        assert_eq!(client.handle_input(answer.to_vec()), Err(error.clone()));
        assert_eq!(client.poll_transmit(), DECODE_ERROR);
        assert_failed(&mut client, &error);
    }
}

#[test]
fn a_message_out_of_turn_is_an_error() {
    let mut client = waiting();
    // A Finished in place of a ServerHello.
    let record = b"\x16\x03\x03\x00\x04\x14\x00\x00\x00".to_vec();
    assert!(matches!(
        client.handle_input(record),
        Err(TlsError::Protocol(_))
    ));
    assert_eq!(client.poll_transmit(), b"\x15\x03\x03\x00\x02\x02\x0a");
}

#[test]
fn a_server_of_tls_1_1_is_incompatible() {
    let mut client = waiting();
    let mut hello = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02".to_vec();
    hello.extend([7; 32]);
    // No session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    hello.extend(b"\x00\x00\x2f\x00");
    let error = TlsError::Incompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13);
    assert_eq!(client.handle_input(hello), Err(error.clone()));
    assert_eq!(client.poll_transmit(), b"\x15\x03\x03\x00\x02\x02\x46");
    assert_failed(&mut client, &error);
}

#[test]
fn a_fatal_alert_in_the_handshake_is_told_and_not_answered() {
    for description in [
        AlertDescription::HandshakeFailure,
        AlertDescription::UnrecognisedName,
        AlertDescription::ProtocolVersion,
        AlertDescription::Unknown(99),
    ] {
        let mut client = waiting();
        let error = TlsError::AlertReceived(alert(description));
        assert_eq!(
            client.handle_input(plain_alert(2, description.into())),
            Err(error.clone())
        );
        assert_eq!(client.poll_transmit(), b"");
        assert_failed(&mut client, &error);
    }
}

#[test]
fn an_alert_after_the_handshake_is_told() {
    for version in BOTH_VERSIONS {
        let mut pair = Pair::open(version);
        pair.client.send(b"hello").unwrap();
        let mut records = transmitted(&mut pair.client);
        *records.last_mut().unwrap() ^= 1;
        pair.give_server(&records);
        assert_eq!(pair.server_error, Some(Error::DecryptError));
        let answer = pair.owed_by_server();
        let error = TlsError::AlertReceived(alert(AlertDescription::BadRecordMac));
        assert_eq!(pair.client.handle_input(answer), Err(error.clone()));
        assert_eq!(pair.client.poll_transmit(), b"");
        assert_failed(&mut pair.client, &error);
    }
}

#[test]
fn a_corrupted_record_is_an_error_and_the_server_is_told() {
    for version in BOTH_VERSIONS {
        // Any byte that is not the record's length: type, version, payload.
        for index in [0, 1, 5, 10] {
            let mut pair = Pair::open(version);
            let good = pair.sealed_by_server(b"good");
            let mut bad = pair.sealed_by_server(b"bad, and longer");
            bad[index] ^= 0x80;
            let result = pair.client.handle_input([good, bad].concat());
            let error = result.unwrap_err();
            assert!(matches!(error, TlsError::Protocol(_)), "{error:?}");
            // What came before it is good.
            assert_eq!(plaintext(&mut pair.client), b"good");
            pair.give_server_what_is_owed();
            assert!(
                matches!(
                    pair.server_error,
                    Some(Error::AlertReceived(
                        AlertDescription::BadRecordMac | AlertDescription::DecodeError
                    ))
                ),
                "{:?}",
                pair.server_error
            );
            assert_failed(&mut pair.client, &error);
        }
    }
}

#[test]
fn a_handshake_that_somebody_changed_is_an_error() {
    for version in BOTH_VERSIONS {
        let (authority, config) = world(version);
        let mut index = 0;
        loop {
            let mut pair = Pair::new(&authority.context(), &config);
            pair.give_server_what_is_owed();
            let mut answer = pair.owed_by_server();
            let Some(&at) = handshake_payload(&answer).get(index) else {
                break;
            };
            answer[at] ^= 0x01;
            // Some changes only show in the next message of the server, or make one longer.
            if pair.client.handle_input(answer).is_ok() {
                let _ = pair.run();
            }
            assert_eq!(pair.client.info(), None, "byte {at}");
            index += 7;
        }
        assert!(index > 500, "{index}");
    }
}

/// Where the bytes are that the handshake protects: not the headers of records, and not the
/// change_cipher_spec of TLS 1.3, which means nothing.
fn handshake_payload(records: &[u8]) -> Vec<usize> {
    let mut indices = Vec::new();
    let mut at = 0;
    while at < records.len() {
        let len = usize::from(u16::from_be_bytes([records[at + 3], records[at + 4]]));
        if records[at] != 0x14 {
            indices.extend(at + 5..at + 5 + len);
        }
        at += 5 + len;
    }
    indices
}

#[test]
fn warning_alerts_are_passed_over_but_not_many() {
    let mut client = waiting();
    let warning = plain_alert(1, AlertDescription::UnrecognisedName.into());
    client.handle_input(warning.repeat(4)).unwrap();
    let error = protocol(PeerMisbehaved::TooManyWarningAlertsReceived);
    assert_eq!(client.handle_input(warning), Err(error.clone()));
    // rustls has no alert for it.
    assert_eq!(client.poll_transmit(), b"");
    assert_failed(&mut client, &error);
}

#[test]
fn a_message_in_many_records_is_held_up_to_a_limit() {
    // The start of a handshake message of 64 KiB, and its bytes one by one, in records of 6 bytes.
    let header = b"\x16\x03\x03\x00\x04\x02\x00\xff\xff";
    let count = (MAX_HELD_LEN - header.len()) / 6;
    let records = [&header[..], &b"\x16\x03\x03\x00\x01\x00".repeat(count)].concat();
    let error = TlsError::TooFragmented {
        limit: MAX_HELD_LEN,
    };
    for piece_len in [usize::MAX, 1_000, 1] {
        let mut client = waiting();
        for piece in records.chunks(piece_len) {
            client.handle_input(piece.to_vec()).unwrap();
        }
        // The start of the record that is too much does not count.
        let last = b"\x16\x03\x03\x00\x01\x00".to_vec();
        client.handle_input(last[..5].to_vec()).unwrap();
        assert_eq!(
            client.handle_input(last[5..].to_vec()),
            Err(error.clone()),
            "{piece_len}"
        );
        assert_failed(&mut client, &error);
    }
}

#[test]
fn a_server_that_demands_a_client_certificate_is_named() {
    for version in BOTH_VERSIONS {
        let (authority, config) = asking(version, true);
        let mut pair = Pair::new(&authority.context(), &config);
        let error =
            TlsError::ClientCertificateRequired(alert(AlertDescription::CertificateRequired));
        assert_eq!(pair.run(), Err(error.clone()));
        assert_failed(&mut pair.client, &error);
    }
}

#[test]
fn a_client_certificate_may_be_asked_for_in_vain() {
    for version in BOTH_VERSIONS {
        let (authority, config) = asking(version, false);
        let mut pair = Pair::new(&authority.context(), &config);
        assert_eq!(pair.run(), Ok(()));
        assert!(pair.client.info().is_some());
    }
}

/// A server that asks for a client certificate, and may insist on one.
fn asking(
    version: &'static SupportedProtocolVersion,
    insists: bool,
) -> (Authority, Arc<ServerConfig>) {
    let authority = Authority::new("root");
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let mut verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    if !insists {
        verifier = verifier.allow_unauthenticated();
    }
    let identity = authority.issue(&leaf_params(&[NAME]));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_cert_resolver(Arc::new(identity.into_resolver()));
    (authority, Arc::new(config))
}

#[test]
fn other_servers_of_tls_1_2_that_demand_a_client_certificate_are_named() {
    use AlertDescription::*;
    for (description, is_named) in [
        (HandshakeFailure, true),
        (BadCertificate, true),
        (CertificateUnknown, true),
        (InternalError, false),
    ] {
        let (authority, config) = asking(&TLS12, true);
        let mut pair = Pair::new(&authority.context(), &config);
        pair.give_server_what_is_owed();
        let request = pair.owed_by_server();
        pair.client.handle_input(request).unwrap();
        let alert = alert(description);
        assert_eq!(
            pair.client.handle_input(plain_alert(2, alert.code())),
            Err(if is_named {
                TlsError::ClientCertificateRequired(alert)
            } else {
                TlsError::AlertReceived(alert)
            })
        );
    }
}

#[test]
fn a_server_that_gives_up_before_it_asks_for_a_certificate_is_not_named() {
    let (authority, config) = asking(&TLS12, true);
    let context = authority.context();
    Pair::new(&context, &config).run().unwrap_err();
    let mut client = Tls::new(&context, named(NAME), NOW).unwrap();
    let alert = alert(AlertDescription::HandshakeFailure);
    assert_eq!(
        client.handle_input(plain_alert(2, alert.code())),
        Err(TlsError::AlertReceived(alert))
    );
}
