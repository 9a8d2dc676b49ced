//! The fourth point of the contract: any split of the same input has the same results.

use super::*;

/// How a server ends what it sends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// With close_notify, and an alert behind it.
    Close,
    /// With a record that somebody changed, and another.
    Corrupted,
    /// With a protocol that is not TLS.
    NotTls,
    /// In the middle of a record.
    Truncated,
}

const ENDINGS: [Ending; 4] = [
    Ending::Close,
    Ending::Corrupted,
    Ending::NotTls,
    Ending::Truncated,
];

/// What a client lets out, apart from what is random in it.
#[derive(Debug, PartialEq)]
struct Outcome {
    plaintext: Vec<u8>,
    transmitted_types: Vec<u8>,
    result: Result<(), TlsError>,
    info: Option<TlsInfo>,
    is_peer_closed: bool,
    received: Vec<u8>,
    server_error: Option<rustls::Error>,
}

/// Does a handshake, and has the server send data and `ending`. `split` cuts up what the server
/// sends, of which it is told where in the stream that starts. Returns how long the stream is, too.
fn drive(
    context: &TlsContext,
    config: &Arc<ServerConfig>,
    ending: Ending,
    split: impl Fn(usize, Vec<u8>) -> Vec<Vec<u8>>,
) -> (Outcome, usize) {
    let mut pair = Pair::new(context, config);
    let mut all_plaintext = Vec::new();
    let mut transmitted_types = Vec::new();
    let mut result = Ok(());
    let mut is_ended = false;
    let mut position = 0;
    loop {
        let records = transmitted(&mut pair.client);
        transmitted_types.extend(record_types(&records));
        pair.give_server(&records);
        let mut answer = pair.owed_by_server();
        if !pair.server.is_handshaking() && !is_ended {
            is_ended = true;
            answer.extend(pair.sealed_by_server(&pattern(300)));
            answer.extend(end(&mut pair, ending));
        }
        if answer.is_empty() {
            break;
        }
        let len = answer.len();
        for piece in split(position, answer) {
            result = pair.client.handle_input(piece);
            all_plaintext.extend(plaintext(&mut pair.client));
        }
        position += len;
    }
    if result.is_ok() {
        result = pair.client.handle_eof();
    }
    // Refused where nothing is sent any more.
    let _ = pair.client.send(b"bye");
    pair.client.close();
    pair.give_server_what_is_owed();
    let outcome = Outcome {
        plaintext: all_plaintext,
        transmitted_types,
        result,
        info: pair.client.info(),
        is_peer_closed: pair.client.is_peer_closed(),
        received: pair.received,
        server_error: pair.server_error,
    };
    (outcome, position)
}

fn end(pair: &mut Pair, ending: Ending) -> Vec<u8> {
    match ending {
        Ending::Close => {
            pair.server.send_close_notify();
            [pair.owed_by_server(), plain_alert(2, 40)].concat()
        }
        Ending::Corrupted => {
            let mut records = pair.sealed_by_server(b"x");
            *records.last_mut().unwrap() ^= 1;
            [records, pair.sealed_by_server(b"y")].concat()
        }
        Ending::NotTls => b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
        Ending::Truncated => {
            let mut records = pair.sealed_by_server(b"x");
            records.pop();
            records
        }
    }
}

fn expected(ending: Ending) -> (Result<(), TlsError>, &'static [u8]) {
    match ending {
        Ending::Close => (Ok(()), b"bye"),
        Ending::Corrupted => (
            Err(TlsError::Protocol(rustls::Error::DecryptError.into())),
            b"",
        ),
        Ending::NotTls => (
            Err(TlsError::Protocol(
                rustls::Error::from(rustls::InvalidMessage::InvalidContentType).into(),
            )),
            b"",
        ),
        Ending::Truncated => (Err(TlsError::Truncated), b"bye"),
    }
}

#[test]
fn an_input_as_a_whole_has_the_results_that_are_expected() {
    for version in BOTH_VERSIONS {
        for ending in ENDINGS {
            let (authority, config) = world(version);
            let (outcome, _) = drive(&authority.context(), &config, ending, |_, all| vec![all]);
            assert_eq!(outcome.plaintext, pattern(300), "{ending:?}");
            let is_close = matches!(ending, Ending::Close);
            assert_eq!(outcome.is_peer_closed, is_close, "{ending:?}");
            let (result, received) = expected(ending);
            assert_eq!(outcome.result, result, "{ending:?}");
            assert_eq!(outcome.received, received, "{ending:?}");
        }
    }
}

#[test]
fn one_byte_at_a_time_changes_nothing() {
    for version in BOTH_VERSIONS {
        for ending in ENDINGS {
            let (authority, config) = world(version);
            let (whole, _) = drive(&authority.context(), &config, ending, |_, all| vec![all]);
            let (split, _) = drive(&authority.context(), &config, ending, |_, all| {
                all.chunks(1).map(Into::into).collect()
            });
            assert_eq!(split, whole, "{ending:?}");
        }
    }
}

#[test]
fn every_two_way_split_changes_nothing() {
    for version in BOTH_VERSIONS {
        for ending in ENDINGS {
            let (authority, config) = world(version);
            let (whole, len) = drive(&authority.context(), &config, ending, |_, all| vec![all]);
            // Up to its end the stream is the same for all, and splits there are tried once.
            let first = match ending {
                Ending::Close => 0,
                Ending::Corrupted | Ending::NotTls | Ending::Truncated => len - 60,
            };
            for at in first..=len {
                let (split, _) = drive(&authority.context(), &config, ending, |start, all| {
                    let (left, right) = all.split_at(at.saturating_sub(start).min(all.len()));
                    vec![left.into(), right.into()]
                });
                assert_eq!(split, whole, "{ending:?} at {at}");
            }
        }
    }
}
