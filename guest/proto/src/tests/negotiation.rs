//! The negotiation of permessage-deflate in the opening handshake (RFC 6455, section 9.1, and RFC
//! 7692, sections 5 and 7.1).

use super::*;

fn bits(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap()
}

fn offering(offers: &[DeflateOffer]) -> Config {
    Config {
        compression: Compression {
            offers: offers.to_vec(),
            ..Compression::default()
        },
        ..Config::default()
    }
}

/// What the request says of extensions, if these are offered.
fn requested(offers: &[DeflateOffer]) -> Option<String> {
    let mut connection = connect(&request(), offering(offers));
    let request = String::from_utf8(transmitted(&mut connection)).unwrap();
    let mut fields = request
        .split("\r\n")
        .filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    let field = fields.next().map(Into::into);
    assert_eq!(fields.next(), None);
    field
}

fn answer_with(extensions: &str) -> Vec<u8> {
    let answer = core::str::from_utf8(COMPRESSING_ANSWER).unwrap();
    let field = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    assert!(answer.contains(field));
    answer.replace(field, extensions).into_bytes()
}

/// The first event, if this was offered and that is answered.
fn negotiate(offers: &[DeflateOffer], extensions: &str) -> Event {
    let mut connection = connect(&request(), offering(offers));
    transmitted(&mut connection);
    feed(&mut connection, &answer_with(extensions)).remove(0)
}

#[track_caller]
fn assert_agreed(
    offers: &[DeflateOffer],
    extensions: &str,
    parameters: Option<(bool, bool, u8, u8)>,
) {
    let expected =
        parameters.map(
            |(server_fresh, client_fresh, server, client)| DeflateParameters {
                server_no_context_takeover: server_fresh,
                client_no_context_takeover: client_fresh,
                server_max_window_bits: bits(server),
                client_max_window_bits: bits(client),
            },
        );
    match negotiate(offers, extensions) {
        Event::Open(opened) => assert_eq!(opened.permessage_deflate, expected, "{extensions}"),
        other => panic!("{extensions}: {other:?}"),
    }
}

#[track_caller]
fn assert_refused(offers: &[DeflateOffer], extensions: &str, error: HandshakeError) {
    let expected = Event::Error(error.into());
    assert_eq!(negotiate(offers, extensions), expected, "{extensions}");
}

const DEFAULT: DeflateOffer = DeflateOffer {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: None,
    client_max_window_bits: ClientMaxWindowBits::Any,
};

const LEAST: DeflateOffer = DeflateOffer {
    client_max_window_bits: ClientMaxWindowBits::Fixed,
    ..DEFAULT
};

fn everything() -> DeflateOffer {
    DeflateOffer {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: Some(bits(10)),
        client_max_window_bits: ClientMaxWindowBits::AtMost(bits(12)),
    }
}

#[test]
fn the_default_offer_is_that_of_browsers() {
    assert_eq!(Compression::default().offers, [DEFAULT]);
    assert_eq!(
        requested(&[DEFAULT]).as_deref(),
        Some("permessage-deflate; client_max_window_bits")
    );
}

#[test]
fn offers_are_made_in_order() {
    let offers = [everything(), LEAST, DEFAULT];
    assert_eq!(
        requested(&offers).as_deref(),
        Some(
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10; client_max_window_bits=12, \
             permessage-deflate, \
             permessage-deflate; client_max_window_bits"
        )
    );
}

#[test]
fn without_offers_there_is_no_header_field() {
    assert_eq!(requested(&[]), None);
    assert_eq!(Compression::none().offers, []);
}

#[test]
fn what_is_agreed_is_told() {
    let field = |parameters: &str| {
        alloc::format!("Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n")
    };
    for (offer, parameters, agreed) in [
        (DEFAULT, "", (false, false, 15, 15)),
        (LEAST, "", (false, false, 15, 15)),
        // The server may ask for these without an offer.
        (LEAST, "; server_no_context_takeover", (true, false, 15, 15)),
        (LEAST, "; client_no_context_takeover", (false, true, 15, 15)),
        (LEAST, "; server_max_window_bits=8", (false, false, 8, 15)),
        (DEFAULT, "; client_max_window_bits=8", (false, false, 15, 8)),
        (
            DEFAULT,
            "; client_max_window_bits=15",
            (false, false, 15, 15),
        ),
        (
            DEFAULT,
            "; client_max_window_bits=\"9\"",
            (false, false, 15, 9),
        ),
        (
            DEFAULT,
            ";client_max_window_bits = 10;server_max_window_bits=9 ; client_no_context_takeover;\
             server_no_context_takeover",
            (true, true, 9, 10),
        ),
        // What we offered for our own side holds, whatever the answer says of it.
        (
            everything(),
            "; server_no_context_takeover; server_max_window_bits=10",
            (true, true, 10, 12),
        ),
        (
            everything(),
            "; server_max_window_bits=8; server_no_context_takeover; client_max_window_bits=11",
            (true, true, 8, 11),
        ),
    ] {
        assert_agreed(&[offer], &field(parameters), Some(agreed));
    }
}

#[test]
fn the_server_may_decline() {
    assert_agreed(&[DEFAULT], "", None);
    assert_agreed(&[DEFAULT], "Sec-WebSocket-Extensions: \r\n", None);
    assert_agreed(&[DEFAULT], "Sec-WebSocket-Extensions: ,\r\n", None);
    assert_agreed(&[], "", None);
}

#[test]
fn the_first_offer_that_the_answer_fits_is_the_one_accepted() {
    let offers = [everything(), DEFAULT];
    for (parameters, agreed) in [
        ("", (false, false, 15, 15)),
        ("; server_no_context_takeover", (true, false, 15, 15)),
        (
            "; server_no_context_takeover; server_max_window_bits=10",
            (true, true, 10, 12),
        ),
        ("; client_max_window_bits=15", (false, false, 15, 15)),
    ] {
        let field = alloc::format!("Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n");
        assert_agreed(&offers, &field, Some(agreed));
    }
}

#[test]
fn parameters_that_are_not_as_they_have_to_be_are_named() {
    use ParameterError::*;
    let value = |name: &'static str, value: &str| Value {
        name,
        value: value.into(),
    };
    let server_window = "server_max_window_bits";
    let client_window = "client_max_window_bits";
    for (offer, parameters, error) in [
        (DEFAULT, "; x", Unknown("x".into())),
        (
            DEFAULT,
            "; Server_no_context_takeover",
            Unknown("Server_no_context_takeover".into()),
        ),
        (
            DEFAULT,
            "; server_no_context_takeover; server_no_context_takeover",
            Repeated("server_no_context_takeover"),
        ),
        (
            DEFAULT,
            "; client_max_window_bits=9; client_max_window_bits=9",
            Repeated(client_window),
        ),
        (
            DEFAULT,
            "; server_no_context_takeover=1",
            value("server_no_context_takeover", "1"),
        ),
        (
            DEFAULT,
            "; client_no_context_takeover=true",
            value("client_no_context_takeover", "true"),
        ),
        (
            DEFAULT,
            "; server_max_window_bits",
            value(server_window, ""),
        ),
        (
            DEFAULT,
            "; client_max_window_bits",
            value(client_window, ""),
        ),
        (
            DEFAULT,
            "; server_max_window_bits=7",
            value(server_window, "7"),
        ),
        (
            DEFAULT,
            "; server_max_window_bits=16",
            value(server_window, "16"),
        ),
        (
            DEFAULT,
            "; client_max_window_bits=08",
            value(client_window, "08"),
        ),
        (
            DEFAULT,
            "; client_max_window_bits=1e1",
            value(client_window, "1e1"),
        ),
        (
            LEAST,
            "; client_max_window_bits=15",
            NotOffered(client_window),
        ),
        (
            everything(),
            "; server_no_context_takeover; server_max_window_bits=11",
            WindowTooLong {
                name: server_window,
                bits: 11,
                offered: 10,
            },
        ),
        (
            everything(),
            "; server_no_context_takeover; server_max_window_bits=10; client_max_window_bits=13",
            WindowTooLong {
                name: client_window,
                bits: 13,
                offered: 12,
            },
        ),
        (
            everything(),
            "; server_max_window_bits=10",
            Missing("server_no_context_takeover"),
        ),
        (
            everything(),
            "; server_no_context_takeover",
            Missing(server_window),
        ),
    ] {
        let field = alloc::format!("Sec-WebSocket-Extensions: permessage-deflate{parameters}\r\n");
        assert_refused(&[offer], &field, error.into());
    }
}

#[test]
fn extensions_that_were_not_offered_are_refused() {
    let not_offered = |name: &str| HandshakeError::ExtensionNotOffered(name.into());
    for (offers, extensions, name) in [
        (&[][..], "permessage-deflate", "permessage-deflate"),
        (
            &[DEFAULT][..],
            "x-webkit-deflate-frame",
            "x-webkit-deflate-frame",
        ),
        (&[DEFAULT][..], "permessage-deflate, foo; bar=1", "foo"),
        (&[DEFAULT][..], "Permessage-Deflate", "Permessage-Deflate"),
    ] {
        let field = alloc::format!("Sec-WebSocket-Extensions: {extensions}\r\n");
        assert_refused(offers, &field, not_offered(name));
    }
}

#[test]
fn an_extension_that_is_accepted_twice_is_refused() {
    let repeated = HandshakeError::ExtensionRepeated("permessage-deflate".into());
    for fields in [
        "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate\r\n",
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\
         sec-websocket-extensions: permessage-deflate; server_max_window_bits=9\r\n",
    ] {
        assert_refused(&[DEFAULT, LEAST], fields, repeated.clone());
    }
}

#[test]
fn a_malformed_header_field_is_refused() {
    for extensions in [
        "permessage-deflate;",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=\"10",
        "permessage-deflate server_no_context_takeover",
        "permessage-deflate; ; server_no_context_takeover",
        "permessage-deflate / 2",
    ] {
        assert_refused(
            &[DEFAULT],
            &alloc::format!("Sec-WebSocket-Extensions: {extensions}\r\n"),
            HandshakeError::Malformed("header field Sec-WebSocket-Extensions"),
        );
    }
}
