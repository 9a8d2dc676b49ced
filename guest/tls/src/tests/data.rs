//! Data in both directions, and what is held of it.

use super::*;

const LENGTHS: [usize; 7] = [0, 1, 16_383, 16_384, 16_385, 32_768, 100_000];

#[test]
fn data_of_every_length_reaches_the_server() {
    for version in BOTH_VERSIONS {
        let mut pair = Pair::open(version);
        let mut expected = Vec::new();
        for len in LENGTHS {
            pair.client.send(&pattern(len)).unwrap();
            expected.extend(pattern(len));
        }
        pair.run().unwrap();
        assert!(pair.received == expected);
    }
}

#[test]
fn data_of_every_length_reaches_us() {
    for version in BOTH_VERSIONS {
        let mut pair = Pair::open(version);
        for len in LENGTHS {
            let records = pair.sealed_by_server(&pattern(len));
            pair.client.handle_input(records).unwrap();
            assert!(plaintext(&mut pair.client) == pattern(len), "{len} bytes");
            assert_eq!(pair.client.poll_transmit(), b"");
        }
    }
}

#[test]
fn data_is_sealed_into_full_records() {
    for (version, overhead) in [(&TLS13, 5 + 1 + 16), (&TLS12, 5 + 16)] {
        let mut pair = Pair::open(version);
        pair.client.send(&pattern(40_000)).unwrap();
        let records = transmitted(&mut pair.client);
        assert_eq!(record_types(&records), [0x17; 3]);
        assert_eq!(records.len(), 40_000 + 3 * overhead);
        assert_eq!(
            records[3..5],
            ((16_384 + overhead - 5) as u16).to_be_bytes()
        );
    }
}

#[test]
fn no_data_is_no_record() {
    let mut pair = Pair::open(&TLS13);
    assert_eq!(pair.client.send(b""), Ok(()));
    assert_eq!(pair.client.poll_transmit(), b"");
}

#[test]
fn sending_before_the_handshake_is_done_is_refused() {
    for version in BOTH_VERSIONS {
        let (authority, config) = world(version);
        let mut pair = Pair::new(&authority.context(), &config);
        let hello = pair.client.poll_transmit().to_vec();
        assert_eq!(pair.client.send(b"x"), Err(SendError::Handshaking));
        assert_eq!(pair.client.poll_transmit(), hello);
        pair.run().unwrap();
        assert_eq!(pair.client.send(b"x"), Ok(()));
        pair.run().unwrap();
        assert_eq!(pair.received, b"x");
    }
}

#[test]
fn data_may_follow_the_handshake_in_one_input() {
    let (authority, config) = world(&TLS12);
    let mut pair = Pair::new(&authority.context(), &config);
    pair.give_server_what_is_owed();
    let records = pair.owed_by_server();
    pair.client.handle_input(records).unwrap();
    pair.give_server_what_is_owed();
    let mut records = pair.owed_by_server();
    assert!(pair.client.is_handshaking());
    records.extend(pair.sealed_by_server(b"hello"));
    pair.client.handle_input(records).unwrap();
    assert!(!pair.client.is_handshaking());
    assert_eq!(plaintext(&mut pair.client), b"hello");
}

#[test]
fn a_server_of_tls_1_3_may_send_before_it_has_our_answer() {
    let authority = Authority::new("root");
    let mut config = server_config(authority.issue(&leaf_params(&[NAME])), &[&TLS13]);
    config.send_half_rtt_data = true;
    let mut pair = Pair::new(&authority.context(), &Arc::new(config));
    pair.give_server_what_is_owed();
    let mut records = pair.owed_by_server();
    records.extend(pair.sealed_by_server(b"hello"));
    pair.client.handle_input(records).unwrap();
    assert!(!pair.client.is_handshaking());
    assert_eq!(plaintext(&mut pair.client), b"hello");
    pair.client.send(b"world").unwrap();
    pair.run().unwrap();
    assert_eq!(pair.received, b"world");
}

#[test]
fn writing_and_taking_may_be_partial() {
    let mut pair = Pair::open(&TLS13);
    pair.client.send(&pattern(1_000)).unwrap();
    let records = pair.client.poll_transmit().to_vec();
    pair.client.advance_transmit(10);
    assert_eq!(pair.client.poll_transmit(), &records[10..]);
    pair.client.send(b"more").unwrap();
    assert!(pair.client.poll_transmit().starts_with(&records[10..]));

    let records = pair.sealed_by_server(b"abcdef");
    pair.client.handle_input(records).unwrap();
    pair.client.advance_plaintext(2);
    assert_eq!(pair.client.poll_plaintext(), b"cdef");
    let records = pair.sealed_by_server(b"gh");
    pair.client.handle_input(records).unwrap();
    assert_eq!(plaintext(&mut pair.client), b"cdefgh");
}

#[test]
fn the_peers_key_updates_are_followed_and_answered() {
    let mut pair = Pair::open(&TLS13);
    for round in 0..100_u8 {
        pair.server.refresh_traffic_keys().unwrap();
        let records = pair.sealed_by_server(&[round]);
        pair.client.handle_input(records).unwrap();
        assert_eq!(plaintext(&mut pair.client), [round]);
        // RFC 8446, section 4.6.3: the answer comes "prior to sending its next Application Data
        // record".
        assert_eq!(pair.client.poll_transmit(), b"");
        pair.client.send(&[round]).unwrap();
        assert_eq!(record_types(pair.client.poll_transmit()), [0x17, 0x17]);
        pair.run().unwrap();
    }
    assert_eq!(pair.received, (0..100).collect::<Vec<u8>>());
}

#[test]
fn a_flood_of_key_updates_is_an_error() {
    let mut pair = Pair::open(&TLS13);
    for _ in 0..32 {
        pair.server.refresh_traffic_keys().unwrap();
    }
    let records = pair.owed_by_server();
    pair.client.handle_input(records).unwrap();
    assert_eq!(pair.client.poll_transmit(), b"");
    pair.server.refresh_traffic_keys().unwrap();
    let records = pair.owed_by_server();
    let error = TlsError::Protocol(
        rustls::Error::PeerMisbehaved(rustls::PeerMisbehaved::TooManyKeyUpdateRequests).into(),
    );
    assert_eq!(pair.client.handle_input(records), Err(error.clone()));
    assert_failed(&mut pair.client, &error);
}
