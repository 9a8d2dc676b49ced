//! How a server accepts permessage-deflate (sections 5 and 7.1), and how it may not.

use super::{Case, FIELD, HELLO, accepting};
use crate::frame;

/// The cases of this part of the topic.
pub(super) fn cases() -> Vec<Case> {
    [parameters(), wrong_parameters(), malformed(), several()].concat()
}

/// Section 7.1. What is agreed is shown by a message, too.
fn parameters() -> Vec<Case> {
    let accepts = |name: &str, parameters: &str, agreed: &str| {
        accepting(name, parameters, agreed)
            .sends(frame(0xc1, HELLO))
            .tells_text("Hello")
            .closes(1000, "")
    };
    let bits = |server: u8, client: u8| {
        format!("; server_max_window_bits={server}; client_max_window_bits={client}")
    };
    let neither = bits(15, 15);
    let mut cases = vec![
        accepts("compression may be accepted as it is", "", &neither),
        // Sections 7.1.1.1 and 7.1.1.2: these need not be offered.
        accepts(
            "the server may compress each message by itself",
            "; server_no_context_takeover",
            &format!("; server_no_context_takeover{neither}"),
        ),
        accepts(
            "the server may want each message compressed by itself",
            "; client_no_context_takeover",
            &format!("; client_no_context_takeover{neither}"),
        ),
        accepts(
            "all parameters may stand in any order",
            "; client_max_window_bits=10; server_max_window_bits=9; client_no_context_takeover; \
             server_no_context_takeover",
            &format!(
                "; server_no_context_takeover; client_no_context_takeover{}",
                bits(9, 10)
            ),
        ),
        // RFC 6455, section 9.1: "the quoted string variant".
        accepts(
            "a window may be quoted",
            "; server_max_window_bits=\"9\"; client_max_window_bits=\"10\"",
            &bits(9, 10),
        ),
        accepts(
            "a quoted window may have escapes",
            "; client_max_window_bits=\"\\1\\0\"",
            &bits(15, 10),
        ),
        accepts(
            "there may be white space between tokens",
            " ;\tserver_max_window_bits = 9;client_max_window_bits= 10",
            &bits(9, 10),
        ),
        accepts("there may be empty elements around it", " ,, ,", &neither),
    ];
    for window in [8, 9, 10, 14, 15] {
        cases.push(accepts(
            &format!("the server may have a window of {window} bits"),
            &format!("; server_max_window_bits={window}"),
            &bits(window, 15),
        ));
        cases.push(accepts(
            &format!("the client may be given a window of {window} bits"),
            &format!("; client_max_window_bits={window}"),
            &bits(15, window),
        ));
    }
    cases
}

/// Section 7.1: "A client MUST _Fail the WebSocket Connection_" if a parameter is not defined, is
/// there twice, or has a value that it may not have.
fn wrong_parameters() -> Vec<Case> {
    let fails = |name: &str, parameters: &str, wrong: &str| {
        answering(name, &format!("permessage-deflate{parameters}")).breaks_the_handshake(&format!(
            "the server chose permessage-deflate wrongly: {wrong}"
        ))
    };
    let mut cases = vec![
        fails("an unknown parameter", "; x", "there is no parameter x"),
        fails(
            "an unknown parameter beside known ones",
            "; server_max_window_bits=10; mem_level=9",
            "there is no parameter mem_level",
        ),
        fails(
            "a parameter in upper case",
            "; Server_No_Context_Takeover",
            "there is no parameter Server_No_Context_Takeover",
        ),
    ];
    for (parameter, other) in [
        ("server_no_context_takeover", "server_no_context_takeover"),
        ("client_no_context_takeover", "client_no_context_takeover"),
        ("server_max_window_bits=9", "server_max_window_bits=9"),
        ("client_max_window_bits=9", "client_max_window_bits=10"),
    ] {
        let (name, _) = parameter.split_once('=').unwrap_or((parameter, ""));
        cases.push(fails(
            &format!("{name} twice"),
            &format!("; {parameter}; {other}"),
            &format!("the parameter {name} stands more than once"),
        ));
    }
    for name in ["server_no_context_takeover", "client_no_context_takeover"] {
        for value in ["1", "true", "\"false\""] {
            cases.push(fails(
                &format!("{name} of {value}"),
                &format!("; {name}={value}"),
                &format!(
                    "the parameter {name} may not be {:?}",
                    value.trim_matches('"')
                ),
            ));
        }
    }
    for name in ["server_max_window_bits", "client_max_window_bits"] {
        cases.push(fails(
            &format!("{name} without a value"),
            &format!("; {name}"),
            &format!("the parameter {name} may not be \"\""),
        ));
        for value in [
            "0", "7", "16", "115", "08", "-9", "+9", "1e1", "\"16\"", "\"7\"",
        ] {
            cases.push(fails(
                &format!("{name} of {value}"),
                &format!("; {name}={value}"),
                &format!(
                    "the parameter {name} may not be {:?}",
                    value.trim_matches('"')
                ),
            ));
        }
    }
    cases
}

/// What RFC 6455, section 9.1 does not let the header field be.
fn malformed() -> Vec<Case> {
    [
        ("a semicolon without a parameter", "permessage-deflate;"),
        (
            "two semicolons",
            "permessage-deflate; ; server_no_context_takeover",
        ),
        (
            "an equals sign without a value",
            "permessage-deflate; server_max_window_bits=",
        ),
        ("a value without a parameter", "permessage-deflate; =10"),
        ("a value of the extension", "permessage-deflate=10"),
        (
            "an empty quoted value",
            "permessage-deflate; server_max_window_bits=\"\"",
        ),
        (
            "a quoted value without an end",
            "permessage-deflate; server_max_window_bits=\"10",
        ),
        (
            "a quoted value with a space",
            "permessage-deflate; server_max_window_bits=\"1 0\"",
        ),
        (
            "a value of two words",
            "permessage-deflate; server_max_window_bits=1 0",
        ),
        (
            "a parameter without a semicolon",
            "permessage-deflate server_no_context_takeover",
        ),
        ("a quoted extension", "\"permessage-deflate\""),
        ("an extension that is not ASCII", "permessage-d\u{e9}flate"),
    ]
    .map(|(name, value)| {
        answering(format!("{name} in the extensions"), value)
            .breaks_the_handshake("the answer is malformed: header field Sec-WebSocket-Extensions")
    })
    .into()
}

/// More than one element, or another one.
fn several() -> Vec<Case> {
    let not_offered = |name: &str, value, extension: &str| {
        answering(name, value).breaks_the_handshake(&format!(
            "the server chose the extension {extension:?}, which was not offered"
        ))
    };
    let repeated = "the server chose the extension \"permessage-deflate\" more than once";
    vec![
        not_offered(
            "the extension in another case",
            "Permessage-Deflate",
            "Permessage-Deflate",
        ),
        not_offered(
            "another extension after it",
            "permessage-deflate, x-other; y=1",
            "x-other",
        ),
        not_offered(
            "another extension before it",
            "x-other, permessage-deflate",
            "x-other",
        ),
        not_offered(
            "another extension in place of it",
            "permessage-bzip2; client_max_window_bits=10",
            "permessage-bzip2",
        ),
        not_offered(
            "another extension in a second field",
            "permessage-deflate\r\nSec-WebSocket-Extensions: x-other",
            "x-other",
        ),
        answering(
            "compression twice in one field",
            "permessage-deflate, permessage-deflate",
        )
        .breaks_the_handshake(repeated),
        // As an offer may have a second choice, but not an answer (section 5.1).
        answering(
            "compression with and without parameters",
            "permessage-deflate; client_max_window_bits=10, permessage-deflate",
        )
        .breaks_the_handshake(repeated),
        answering(
            "compression in two fields",
            "permessage-deflate\r\nsec-websocket-extensions: permessage-deflate",
        )
        .breaks_the_handshake(repeated),
    ]
}

fn answering(name: impl Into<String>, value: &str) -> Case {
    Case::new(name).answers(&format!("{FIELD}: {value}\r\n"))
}
