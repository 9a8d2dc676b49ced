//! The opening handshake (RFC 6455, sections 1.3 and 4.1).

use super::*;

/// The answer with one line replaced, added or taken away.
fn answer_with(line: &str, replacement: &str) -> Vec<u8> {
    let answer = core::str::from_utf8(ANSWER).unwrap();
    assert!(answer.contains(line), "{line}");
    answer.replace(line, replacement).into_bytes()
}

const UPGRADE: &str = "Upgrade: websocket\r\n";
const CONNECTION: &str = "Connection: Upgrade\r\n";
const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

#[track_caller]
fn assert_opens(answer: &[u8]) -> Opened {
    let mut connection = opening();
    transmitted(&mut connection);
    let mut events = feed(&mut connection, answer);
    assert_eq!(connection.state(), ConnectionState::Open);
    assert_eq!(events.len(), 1);
    match events.remove(0) {
        Event::Open(opened) => opened,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_request_is_owed_at_once() {
    let mut connection = opening();
    assert_eq!(connection.state(), ConnectionState::Connecting);
    assert!(transmitted(&mut connection).starts_with(b"GET /chat HTTP/1.1\r\n"));
    assert_eq!(events(&mut connection), []);
}

#[test]
fn the_answer_opens_the_connection() {
    let opened = assert_opens(ANSWER);
    assert_eq!(opened.subprotocol, None);
    let names: Vec<&str> = opened.headers.iter().map(|h| h.name.as_str()).collect();
    assert_eq!(names, ["Upgrade", "Connection", "Sec-WebSocket-Accept"]);
}

#[test]
fn the_answer_may_be_written_in_any_way_that_http_allows() {
    for answer in [
        answer_with("Sec-WebSocket-Accept:", "sec-websocket-accept:"),
        answer_with("Sec-WebSocket-Accept: ", "SEC-WEBSOCKET-ACCEPT:"),
        answer_with("xOo=\r\n", "xOo= \t\r\n"),
        answer_with("websocket", "WebSocket"),
        answer_with("Connection: Upgrade", "Connection: keep-alive, upgrade"),
        answer_with(
            CONNECTION,
            "Connection: keep-alive\r\nConnection: Upgrade\r\n",
        ),
        answer_with("Switching Protocols", "OK"),
        answer_with(" Switching Protocols", ""),
        answer_with("\r\n", "\n"),
        answer_with(
            UPGRADE,
            "Upgrade: websocket\r\nSec-WebSocket-Extensions: \r\n",
        ),
    ] {
        assert_opens(&answer);
    }
}

#[test]
fn a_folded_header_field_is_unfolded() {
    let opened = assert_opens(&answer_with(
        UPGRADE,
        "Upgrade: websocket\r\nX: a\r\n b\r\n",
    ));
    let folded = opened.headers.iter().find(|h| h.name == "X").unwrap();
    assert_eq!(folded.value, b"a   b");
}

#[test]
fn interim_answers_are_passed_over() {
    let answer = [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n",
        ANSWER,
    ]
    .concat();
    assert_opens(&answer);
}

#[test]
fn a_subprotocol_that_was_offered_is_told() {
    let mut headers = RequestHeaders::default();
    headers
        .set_subprotocols(&["chat".into(), "superchat".into()])
        .unwrap();
    let mut connection = connect(&request_with(headers), Config::default());
    let answer = answer_with(
        UPGRADE,
        "Upgrade: websocket\r\nSec-WebSocket-Protocol: superchat\r\n",
    );
    let events = feed(&mut connection, &answer);
    assert!(
        matches!(&events[..], [Event::Open(opened)] if opened.subprotocol.as_deref() == Some("superchat"))
    );
}

#[test]
fn subprotocols_that_were_not_offered_are_refused() {
    let chosen = |value: &str| {
        answer_with(
            UPGRADE,
            &alloc::format!("Upgrade: websocket\r\nSec-WebSocket-Protocol: {value}\r\n"),
        )
    };
    assert_handshake_fails(
        &chosen("chat"),
        HandshakeError::SubprotocolNotOffered("chat".into()),
    );
    assert_handshake_fails(
        &chosen("a\r\nSec-WebSocket-Protocol: b"),
        HandshakeError::HeaderRepeated("Sec-WebSocket-Protocol"),
    );
}

#[test]
fn header_fields_that_are_missing_or_wrong_are_named() {
    use HandshakeError::*;
    for (line, replacement, error) in [
        (UPGRADE, "", Upgrade),
        (UPGRADE, "Upgrade: h2c\r\n", Upgrade),
        (UPGRADE, "Upgrade: websocket, h2c\r\n", Upgrade),
        (UPGRADE, "Upgrade: websocket\r\nUpgrade: h2c\r\n", Upgrade),
        (UPGRADE, "Upgrade: h2c\r\nUpgrade: websocket\r\n", Upgrade),
        (
            UPGRADE,
            "Upgrade: websocket\r\nUpgrade: websocket\r\n",
            Upgrade,
        ),
        (CONNECTION, "", Connection),
        (CONNECTION, "Connection: close\r\n", Connection),
        (ACCEPT, "", AcceptMissing),
        (ACCEPT, "Sec-WebSocket-Accept: AAAA\r\n", AcceptMismatch),
        (
            ACCEPT,
            "Sec-WebSocket-Accept: S3PPLMBITXAQ9KYGZZHZRBK+XOO=\r\n",
            AcceptMismatch,
        ),
        (
            "xOo=\r\n",
            "xOo=\r\nSec-WebSocket-Accept: AAAA\r\n",
            HeaderRepeated("Sec-WebSocket-Accept"),
        ),
    ] {
        assert_handshake_fails(&answer_with(line, replacement), error);
    }
}

#[test]
fn what_is_not_http_1_1_is_refused() {
    use HandshakeError::*;
    for (answer, error) in [
        (answer_with("HTTP/1.1", "HTTP/1.0"), HttpVersion),
        (answer_with("HTTP/1.1", "HTTP/1.2"), HttpVersion),
        (answer_with("HTTP/1.1", "HTTP/2.0"), NotHttp),
        (b"\x15\x03\x01\x00\x02\x02\x46".to_vec(), Tls),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n".to_vec(), NotHttp),
        (b"X".to_vec(), NotHttp),
        (
            answer_with("101", "abc"),
            Malformed("status code or reason phrase"),
        ),
        (answer_with("101", "099"), Malformed("status code")),
        (answer_with("101", "000"), Malformed("status code")),
        (
            answer_with("Upgrade:", "Upgr ade:"),
            Malformed("name of a header field"),
        ),
        (
            answer_with("websocket", "web\0socket"),
            Malformed("value of a header field"),
        ),
    ] {
        assert_handshake_fails(&answer, error);
    }
}

#[test]
fn a_refusal_is_told_with_its_body() {
    let refusal = Refusal {
        status: 403,
        reason_phrase: "Forbidden".into(),
        headers: vec![Header {
            name: "Content-Length".into(),
            value: b"9".to_vec(),
        }],
        body: b"not today".to_vec(),
    };
    assert_handshake_fails(
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nnot today, and more",
        HandshakeError::Refused(Box::new(refusal.clone())),
    );

    // What is there of the body when the stream ends is told, too.
    let mut connection = opening();
    transmitted(&mut connection);
    let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nnot";
    assert_eq!(feed(&mut connection, answer), []);
    connection.handle_eof();
    let partial = Refusal {
        body: b"not".to_vec(),
        ..refusal
    };
    assert_eq!(
        events(&mut connection),
        [
            Event::Error(HandshakeError::Refused(Box::new(partial)).into()),
            closed(1006, "", false, None)
        ]
    );
}

#[test]
fn a_refusal_without_a_stated_length_is_told_without_a_body() {
    for status in [200, 302, 400, 401, 503] {
        assert_handshake_fails(
            alloc::format!("HTTP/1.1 {status} \r\n\r\n<html>").as_bytes(),
            HandshakeError::Refused(Box::new(Refusal {
                status,
                reason_phrase: String::new(),
                headers: vec![],
                body: vec![],
            })),
        );
    }
}

/// The body that is told of a refusal, when all of it that is awaited has come.
#[track_caller]
fn refused_body(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let head = alloc::format!("HTTP/1.1 {status}\r\n{fields}\r\n");
    let mut connection = opening();
    let mut events = feed(&mut connection, &[head.as_bytes(), body].concat());
    assert_eq!(events.len(), 2, "{fields}");
    match events.remove(0) {
        Event::Error(ConnectionError::Handshake(HandshakeError::Refused(refusal))) => refusal.body,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_body_is_cut() {
    let long = [b'x'; MAX_REFUSAL_BODY_LEN];
    // Also where a length has 32 bits, and beyond 64.
    for len in ["4097", "1000000", "4294967296", "18446744073709551616"] {
        let field = alloc::format!("Content-Length: {len}\r\n");
        assert_eq!(refused_body("500 No", &field, &long), long, "{len}");
    }
}

#[test]
fn a_length_may_be_repeated() {
    for fields in [
        "Content-Length: 03\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: 3\r\nContent-Length: 3\r\n",
    ] {
        assert_eq!(refused_body("403 No", fields, b"why"), b"why", "{fields}");
    }
}

#[test]
fn a_refusal_whose_length_makes_no_sense_is_told_without_a_body() {
    for fields in [
        "Content-Length:\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: -3\r\n",
        "Content-Length: 3.0\r\n",
        "Content-Length: 3 3\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: 3, x\r\n",
        "Content-Length: 3\r\nContent-Length: 4\r\n",
    ] {
        assert_eq!(refused_body("403 No", fields, b"why"), b"", "{fields}");
    }
}

#[test]
fn a_transfer_encoding_counts_before_a_length() {
    for fields in [
        "Content-Length: 8\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\nContent-Length: 8\r\n",
    ] {
        let chunk = b"3\r\nwhy\r\n";
        assert_eq!(refused_body("403 No", fields, chunk), b"", "{fields}");
    }
}

#[test]
fn an_answer_that_has_no_body_by_its_status_is_told_at_once() {
    for status in ["204 No Content", "304 Not Modified"] {
        assert_eq!(refused_body(status, "Content-Length: 5\r\n", b""), b"");
    }
}

#[test]
fn frames_may_follow_the_answer_at_once() {
    let mut connection = opening();
    let bytes = [ANSWER, b"\x81\x05Hello"].concat();
    let events = feed(&mut connection, &bytes);
    assert_eq!(events.len(), 2);
    assert_eq!(text(&events[1]), "Hello");
}

#[test]
fn the_head_of_the_answer_is_bounded() {
    let config = Config {
        limits: Limits {
            response_head_len: 200,
            ..Limits::default()
        },
        ..Config::default()
    };
    let mut answer = ANSWER[..ANSWER.len() - 2].to_vec();
    answer.extend_from_slice(b"X: ");
    answer.resize(196, b'x');
    answer.extend_from_slice(b"\r\n\r\n");
    assert_eq!(answer.len(), 200);
    let mut connection = connect(&request(), config.clone());
    assert!(matches!(
        feed(&mut connection, &answer)[..],
        [Event::Open(_)]
    ));

    answer.insert(150, b'x');
    let mut connection = connect(&request(), config);
    assert_eq!(
        feed(&mut connection, &answer),
        [
            Event::Error(HandshakeError::HeadTooBig { limit: 200 }.into()),
            closed(1006, "", false, None)
        ]
    );
}

#[test]
fn interim_answers_count_against_the_bound() {
    let mut connection = opening();
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    assert_eq!(
        feed(&mut connection, &interim)[0],
        Event::Error(HandshakeError::HeadTooBig { limit: 16 << 10 }.into())
    );
}

#[test]
fn too_many_header_fields_are_refused() {
    let mut answer = b"HTTP/1.1 101 x\r\n".to_vec();
    answer.extend(b"a: b\r\n".repeat(129));
    answer.extend(b"\r\n");
    assert_handshake_fails(&answer, HandshakeError::TooManyHeaders { limit: 128 });
}

#[test]
fn commands_before_the_answer_are_refused_and_close_gives_up() {
    let mut connection = opening();
    assert_eq!(
        connection.send(Outgoing::Text("x"), MASKED, START),
        Err(SendError::NotOpen)
    );
    assert_eq!(connection.ping(b"", false, START), Err(SendError::NotOpen));
    let token = connection.close(&normal_closure(), START).unwrap();
    assert_eq!(
        events(&mut connection),
        [closed(1006, "", false, Some(token))]
    );
    assert_eq!(connection.state(), ConnectionState::Closed);
}
