//! Answers that refuse: with which status, and how much of a body is told.

use super::Case;

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [statuses(), bodies(), lengths(), wrong_lengths()].concat()
}

fn statuses() -> Vec<Case> {
    [
        "200 OK",
        "204 No Content",
        "301 Moved Permanently",
        "302 Found",
        "304 Not Modified",
        "307 Temporary Redirect",
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "407 Proxy Authentication Required",
        "426 Upgrade Required",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 ",
        "599 ",
        // Not known to anybody, and a status all the same.
        "999 what else",
    ]
    .into_iter()
    .map(|status| Case::new(format!("{} refuses", &status[..3])).refuses(status, &[]))
    .collect()
}

fn bodies() -> Vec<Case> {
    let long = b"not today ".repeat(500);
    vec![
        refuses(
            "a body of a stated length is told",
            &[("Content-Length", "9")],
        )
        .refuses_with_body(b"not today"),
        refuses(
            "what follows a body is not told",
            &[("content-length", "9")],
        )
        .refuses_with_body(b"not today")
        .sends(b", and more"),
        refuses(
            "a body of no bytes is told at once",
            &[("Content-Length", "0")],
        )
        .refuses_with_body(b"")
        .sends(b"more"),
        refuses("a body need not be text", &[("Content-Length", "4")])
            .refuses_with_body(b"\0\xff\r\n"),
        refuses(
            "of a long body 4,096 bytes are told",
            &[("Content-Length", "5000")],
        )
        .refuses_with_body(&long),
        refuses(
            "a body is told with the fields",
            &[("Retry-After", "120"), ("Content-Length", "4"), ("X", "")],
        )
        .refuses_with_body(b"busy"),
        refuses(
            "a body that is cut off is told",
            &[("Content-Length", "99")],
        )
        .sends(b"because"),
        // Its end could be as late as the server likes.
        refuses("a body up to the end of the stream is not waited for", &[])
            .refuses_with_body(b"")
            .sends(b"not today"),
        refuses(
            "a body in chunks is not waited for",
            &[("Transfer-Encoding", "chunked")],
        )
        .refuses_with_body(b"")
        .sends(b"9\r\nnot today\r\n0\r\n\r\n"),
        // RFC 9112, section 6.3, rule 3: "the Transfer-Encoding overrides the Content-Length."
        refuses(
            "a body in chunks is not waited for though it has a length",
            &[("Content-Length", "9"), ("Transfer-Encoding", "chunked")],
        )
        .refuses_with_body(b"")
        .sends(b"9\r\nnot today\r\n0\r\n\r\n"),
        refuses(
            "a body in another coding is not waited for though it has a length",
            &[("transfer-encoding", "gzip"), ("content-length", "9")],
        )
        .refuses_with_body(b"")
        .sends(b"not today"),
        // Rule 1: these end with their head "regardless of the header fields present".
        Case::new("304 has no body in spite of a length")
            .begins_to_refuse("HTTP/1.1", "304 Not Modified", &[("Content-Length", "5")])
            .refuses_with_body(b""),
        Case::new("204 has no body in spite of a length")
            .begins_to_refuse("HTTP/1.1", "204 No Content", &[("Content-Length", "5")])
            .refuses_with_body(b""),
        Case::new("HTTP/1.0 can refuse")
            .begins_to_refuse("HTTP/1.0", "404 Not Found", &[("Content-Length", "4")])
            .refuses_with_body(b"gone"),
        Case::new("a refusal cannot be read without its fields")
            .sends("HTTP/1.1 403 Forbidden\r\nno colon\r\n\r\n")
            .breaks_the_handshake("the answer is malformed: name of a header field"),
    ]
}

/// Section 6.3, rule 5: "a comma-separated list" may stand for the one length that all its values
/// are.
fn lengths() -> Vec<Case> {
    let states =
        |name, fields: &[(&str, &str)]| refuses(name, fields).refuses_with_body(b"not today");
    let long = b"not today ".repeat(500);
    // Such bodies need not come as a whole. The component has numbers of 32 bits for what it holds.
    let huge = |name, len| refuses(name, &[("Content-Length", len)]).refuses_with_body(&long);
    vec![
        states(
            "a length may have leading zeros",
            &[("Content-Length", "0009")],
        ),
        states(
            "a length may stand in a list twice",
            &[("Content-Length", "9 ,9")],
        ),
        states(
            "a length may stand in two fields",
            &[("Content-Length", "9"), ("content-length", "9")],
        ),
        huge("a body may claim a length of 4 GiB less 1", "4294967295"),
        huge("a body may claim a length of 4 GiB", "4294967296"),
        huge("a body may claim a length of 4 GiB and 1", "4294967297"),
        huge(
            "a body may claim a length of 2 to the 64 less 1",
            "18446744073709551615",
        ),
        huge(
            "a body may claim a length of 2 to the 64",
            "18446744073709551616",
        ),
        huge("a body may claim a length of 40 digits", &"9".repeat(40)),
    ]
}

/// That the server refuses is clear all the same.
fn wrong_lengths() -> Vec<Case> {
    let wrong = |name, fields: &[(&str, &str)]| {
        refuses(name, fields)
            .refuses_with_body(b"")
            .sends(b"not today")
    };
    let length = |name, value| wrong(name, &[("Content-Length", value)]);
    vec![
        length("a length that is none is none", "nine"),
        length("a length of no digits is none", ""),
        length("a length below zero is none", "-9"),
        length("a length with a plus sign is none", "+9"),
        length("a length in hexadecimal is none", "0x9"),
        length("a length with a fraction is none", "9.0"),
        length("a length of two words is none", "9 9"),
        length("a length with a word beside it is none", "9, nine"),
        length("two lengths in a list are none", "9, 8"),
        wrong(
            "two lengths in two fields are none",
            &[("Content-Length", "9"), ("Content-Length", "8")],
        ),
        wrong(
            "two lengths of which one is none are none",
            &[("Content-Length", "9"), ("Content-Length", "")],
        ),
    ]
}

fn refuses(name: &str, fields: &[(&str, &str)]) -> Case {
    Case::new(name).begins_to_refuse("HTTP/1.1", "403 Forbidden", fields)
}
