//! close_notify and its absence (RFC 8446, section 6.1).

use super::*;

use rustls::AlertDescription;

#[test]
fn our_close_notify_reaches_the_server_after_all_that_is_sent() {
    for version in BOTH_VERSIONS {
        let mut pair = Pair::open(version);
        pair.client.send(b"bye").unwrap();
        pair.client.close();
        pair.give_server_what_is_owed();
        assert_eq!(pair.received, b"bye");
        assert_eq!(pair.server_error, None);
        let state = pair.server.process_new_packets().unwrap();
        assert!(state.peer_has_closed());
    }
}

#[test]
fn close_notify_is_sent_once_and_nothing_after_it() {
    let mut pair = Pair::open(&TLS13);
    pair.client.close();
    let records = transmitted(&mut pair.client);
    assert_eq!(record_types(&records), [0x17]);
    pair.client.close();
    assert_eq!(pair.client.send(b"x"), Err(SendError::Closed));
    assert_eq!(pair.client.poll_transmit(), b"");
}

#[test]
fn the_servers_close_notify_is_told_after_its_data() {
    for version in BOTH_VERSIONS {
        let mut pair = Pair::open(version);
        let mut records = pair.sealed_by_server(b"bye");
        pair.server.send_close_notify();
        records.extend(pair.owed_by_server());
        assert!(!pair.client.is_peer_closed());
        pair.client.handle_input(records).unwrap();
        assert!(pair.client.is_peer_closed());
        assert_eq!(plaintext(&mut pair.client), b"bye");
        assert_eq!(pair.client.handle_eof(), Ok(()));
    }
}

/// A connection whose server has sent close_notify.
fn peer_closed() -> Pair {
    let mut pair = Pair::open(&TLS13);
    pair.server.send_close_notify();
    pair.run().unwrap();
    assert!(pair.client.is_peer_closed());
    pair
}

#[test]
fn data_can_be_sent_after_the_servers_close_notify() {
    let mut pair = peer_closed();
    pair.client.send(b"more").unwrap();
    pair.client.close();
    pair.give_server_what_is_owed();
    assert_eq!(pair.received, b"more");
    assert!(pair.client.is_peer_closed());
    assert!(pair.server.process_new_packets().unwrap().peer_has_closed());
}

#[test]
fn what_follows_the_servers_close_notify_is_ignored() {
    let mut pair = peer_closed();
    for input in [
        &b"HTTP/1.1"[..],
        b"\x17\x03\x03\x00\x01x",
        &plain_alert(2, 40),
    ] {
        assert_eq!(pair.client.handle_input(input.to_vec()), Ok(()));
    }
    assert_eq!(pair.client.poll_plaintext(), b"");
    assert_eq!(pair.client.poll_transmit(), b"");
    pair.client.send(b"x").unwrap();
}

#[test]
fn what_follows_our_close_notify_is_ignored() {
    let mut pair = Pair::open(&TLS13);
    let waiting = pair.sealed_by_server(b"early");
    pair.client.handle_input(waiting).unwrap();
    pair.client.close();
    transmitted(&mut pair.client);
    let late = pair.sealed_by_server(b"late");
    for input in [late, b"HTTP/1.1".to_vec(), plain_alert(2, 40)] {
        assert_eq!(pair.client.handle_input(input), Ok(()));
    }
    assert_eq!(pair.client.handle_eof(), Ok(()));
    assert_eq!(plaintext(&mut pair.client), b"early");
    assert_eq!(pair.client.poll_transmit(), b"");
    assert!(!pair.client.is_peer_closed());
}

#[test]
fn the_end_of_the_stream_without_close_notify_is_told() {
    for version in BOTH_VERSIONS {
        // In front of a record, in its header, and in its payload.
        for len in [0, 1, 5, 6] {
            let mut pair = Pair::open(version);
            let records = pair.sealed_by_server(b"x");
            pair.client.handle_input(records[..len].to_vec()).unwrap();
            assert_eq!(pair.client.handle_eof(), Err(TlsError::Truncated));
            assert_eq!(pair.client.handle_eof(), Err(TlsError::Truncated));
            assert_eq!(
                pair.client.handle_input(records[len..].to_vec()),
                Err(TlsError::Truncated)
            );
            assert_eq!(pair.client.poll_plaintext(), b"");
            assert!(!pair.client.is_peer_closed());
        }
    }
}

#[test]
fn data_can_be_sent_after_the_end_of_the_stream() {
    let mut pair = Pair::open(&TLS13);
    let records = pair.sealed_by_server(b"x");
    pair.client.handle_input(records[..7].to_vec()).unwrap();
    assert_eq!(pair.client.handle_eof(), Err(TlsError::Truncated));
    pair.client.send(b"still").unwrap();
    pair.client.close();
    pair.give_server_what_is_owed();
    assert_eq!(pair.received, b"still");
    assert!(pair.server.process_new_packets().unwrap().peer_has_closed());
}

#[test]
fn the_end_of_the_stream_in_the_handshake_is_told() {
    for version in BOTH_VERSIONS {
        let (authority, config) = world(version);
        // In front of the first record, in its header, in its payload, and in the last record.
        for len in [0, 1, 5, 100, usize::MAX] {
            let mut pair = Pair::new(&authority.context(), &config);
            pair.give_server_what_is_owed();
            let answer = pair.owed_by_server();
            let len = len.min(answer.len() - 1);
            pair.client.handle_input(answer[..len].to_vec()).unwrap();
            assert!(pair.client.is_handshaking());
            let error = TlsError::HandshakeTruncated;
            assert_eq!(pair.client.handle_eof(), Err(error.clone()), "{len} bytes");
            assert_failed(&mut pair.client, &error);
        }
    }
}

#[test]
fn closing_in_the_handshake_gives_it_up() {
    let (authority, config) = world(&TLS13);
    let mut pair = Pair::new(&authority.context(), &config);
    let hello = pair.client.poll_transmit().to_vec();
    pair.client.close();
    assert_eq!(pair.client.poll_transmit(), hello);
    pair.run().unwrap();
    assert!(!pair.client.is_handshaking());
    assert_eq!(pair.client.info(), None);
    assert_eq!(pair.client.handle_eof(), Ok(()));
    assert_eq!(pair.client.send(b"x"), Err(SendError::Closed));
}

#[test]
fn a_close_notify_in_the_handshake_is_no_excuse() {
    let context = Authority::new("root").context();
    let mut client = Tls::new(&context, named(NAME), NOW).unwrap();
    let code = u8::from(AlertDescription::CloseNotify);
    client.handle_input(plain_alert(1, code)).unwrap();
    assert!(!client.is_peer_closed());
    assert_eq!(client.handle_eof(), Err(TlsError::HandshakeTruncated));
}
