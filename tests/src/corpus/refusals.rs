//! Answers that refuse: with which status, and how much of a body is told.

use super::Case;

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [statuses(), bodies()].concat()
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
    let refuses = |name, fields: &[(&str, &str)]| {
        Case::new(name).begins_to_refuse("HTTP/1.1", "403 Forbidden", fields)
    };
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
        // They need not come.
        refuses(
            "a body may claim a length of 4 GiB less 1",
            &[("Content-Length", "4294967295")],
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
        refuses(
            "a length that is none is none",
            &[("Content-Length", "nine")],
        )
        .refuses_with_body(b"")
        .sends(b"not today"),
        refuses("a length below zero is none", &[("Content-Length", "-9")])
            .refuses_with_body(b"")
            .sends(b"not today"),
        Case::new("HTTP/1.0 can refuse")
            .begins_to_refuse("HTTP/1.0", "404 Not Found", &[("Content-Length", "4")])
            .refuses_with_body(b"gone"),
        Case::new("a refusal cannot be read without its fields")
            .sends("HTTP/1.1 403 Forbidden\r\nno colon\r\n\r\n")
            .breaks_the_handshake("the answer is malformed: name of a header field"),
    ]
}
