//! The server's answer as HTTP (RFC 9112), where it says what it has to say of WebSocket.

use super::Case;

/// The most bytes of a head that are taken.
const HEAD_LIMIT: usize = 16_384;

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [
        spelling(),
        folding(),
        interim(),
        bodies(),
        limits(),
        not_http_1_1(),
        malformed(),
    ]
    .concat()
}

/// What HTTP lets a server write in more than one way.
fn spelling() -> Vec<Case> {
    let opens = |name, thing, otherwise| {
        Case::new(name)
            .answers_otherwise(thing, otherwise)
            .opens(None, &[])
    };
    let phrase = "101 Switching Protocols";
    let accept = "Sec-WebSocket-Accept: {accept}";
    vec![
        Case::open("the least answer opens the connection"),
        opens("any reason phrase will do", phrase, "101 go ahead"),
        opens("the reason phrase may be empty", phrase, "101 "),
        opens("the space before it may be missing", phrase, "101"),
        opens(
            "the names of fields may be in lower case",
            accept,
            &accept.to_lowercase(),
        ),
        opens(
            "the names of fields may be in upper case",
            accept,
            "SEC-WEBSOCKET-ACCEPT: {accept}",
        ),
        opens(
            "there may be no space after a colon",
            accept,
            "Sec-WebSocket-Accept:{accept}",
        ),
        opens(
            "there may be white space around a value",
            accept,
            "Sec-WebSocket-Accept: \t {accept}\t ",
        ),
        Case::new("lines may end with LF alone")
            .sends(
                b"HTTP/1.1 101 ok\nUpgrade: websocket\nConnection: Upgrade\n\
                  Sec-WebSocket-Accept: {accept}\n\n",
            )
            .opens(None, &[]),
        Case::new("the fields may stand in any order")
            .sends(
                b"HTTP/1.1 101 ok\r\nSec-WebSocket-Accept: {accept}\r\nDate: today\r\n\
                  Connection: Upgrade\r\nServer: s\r\nUpgrade: websocket\r\n\r\n",
            )
            .opens(None, &[("Date", "today"), ("Server", "s")]),
        Case::new("other fields are told in their order, repeated ones too")
            .answers("Set-Cookie: a=1\r\nX: y\r\nset-cookie:b=2 \r\n")
            .opens(
                None,
                &[("Set-Cookie", "a=1"), ("X", "y"), ("set-cookie", "b=2")],
            ),
        Case::new("a value may be empty")
            .answers("X-Empty:\r\nX-Blank: \t\r\n")
            .opens(None, &[("X-Empty", ""), ("X-Blank", "")]),
        Case::new("a value may have bytes above ASCII")
            .answers("X: Gr\u{fc}\u{df}e\r\n")
            .opens(None, &[("X", "Gr\u{fc}\u{df}e")]),
        Case::new("a name may have any character of a token")
            .answers("!#$%&'*+-.^_`|~09Az: x\r\n")
            .opens(None, &[("!#$%&'*+-.^_`|~09Az", "x")]),
    ]
}

/// RFC 9112, section 5.2: "A user agent that receives an obs-fold in a response message [...] MUST
/// replace each received obs-fold with one or more SP octets". So they are taken, though `ws` and
/// Python's `websockets` refuse them.
fn folding() -> Vec<Case> {
    let opens = |name, thing, otherwise| {
        Case::new(name)
            .answers_otherwise(thing, otherwise)
            .opens(None, &[])
    };
    vec![
        Case::new("the folds of a field are told as spaces")
            .answers("X: one\r\n two\r\n\t three\r\n")
            .opens(None, &[("X", "one   two  \t three")]),
        Case::new("a field may be folded before its value")
            .answers("X:\r\n one\r\nY: two\r\n")
            .opens(None, &[("X", "one"), ("Y", "two")]),
        opens(
            "the Upgrade field may be folded",
            "Upgrade: websocket",
            "Upgrade:\r\n websocket",
        ),
        opens(
            "the list of the Connection field may be folded",
            "Connection: Upgrade",
            "Connection: keep-alive,\r\n\tUpgrade",
        ),
        opens(
            "the Sec-WebSocket-Accept field may be folded",
            "Sec-WebSocket-Accept: ",
            "Sec-WebSocket-Accept:\r\n\t",
        ),
        Case::new("a fold inside of a value is a space inside of it")
            .answers_otherwise("Upgrade: websocket", "Upgrade: web\r\n socket")
            .breaks_the_handshake("the answer has no header field `Upgrade: websocket`"),
        Case::new("the first field cannot be folded")
            .answers_otherwise("Upgrade: ", " folded\r\nUpgrade: ")
            .breaks_the_handshake("the answer is malformed: name of a header field"),
    ]
}

/// RFC 9110, section 15.2: "A client MUST be able to parse one or more 1xx responses received prior
/// to a final response, even if the client does not expect one." `ws` does; Python's `websockets`
/// takes them for refusals.
fn interim() -> Vec<Case> {
    let after = |name, interim: &str| Case::new(name).sends(interim).answers("").opens(None, &[]);
    vec![
        after("100 may come before 101", "HTTP/1.1 100 Continue\r\n\r\n"),
        after("102 may come before 101", "HTTP/1.1 102 Processing\r\n\r\n"),
        after(
            "the fields of 103 before 101 are not told",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>;\r\n rel=preload\r\n\r\n",
        ),
        after("199 may come before 101", "HTTP/1.1 199 \r\n\r\n"),
        after(
            "several interim answers may come before 101",
            "HTTP/1.1 100\r\n\r\nHTTP/1.1 103 \r\nA: b\r\n\r\nHTTP/1.1 100 \n\n",
        ),
        after(
            "an interim answer accepts nothing",
            "HTTP/1.1 100 Continue\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: x\r\n\r\n",
        ),
        Case::new("a refusal may come after an interim answer")
            .sends("HTTP/1.1 100 Continue\r\n\r\n")
            .refuses("403 Forbidden", &[]),
        Case::new("interim answers count against the limit")
            .sends(b"HTTP/1.1 100 Continue\r\n\r\n".repeat(HEAD_LIMIT / 25))
            .sends(&b"HTTP/1.1 100 Continue\r\n\r\n"[..HEAD_LIMIT % 25 + 1])
            .breaks_the_handshake("the head of the answer is longer than 16384 bytes"),
    ]
}

/// RFC 9112, section 6.3: 101 has no body, whatever its fields say, so that frames follow the head
/// at once.
fn bodies() -> Vec<Case> {
    let opens = |name, fields: &str, told: &[(&str, &str)]| {
        Case::new(name)
            .answers(fields)
            .opens(None, told)
            .sends(b"\x81\x05Hello")
            .tells_text("Hello")
            .closes(1000, "")
    };
    vec![
        opens("frames follow the answer at once", "", &[]),
        opens(
            "101 has no body in spite of a length",
            "Content-Length: 7\r\n",
            &[("Content-Length", "7")],
        ),
        opens(
            "101 has no body in spite of a coding",
            "Transfer-Encoding: chunked\r\n",
            &[("Transfer-Encoding", "chunked")],
        ),
    ]
}

fn limits() -> Vec<Case> {
    // Three are there already.
    let fields = |count: usize| "X: y\r\n".repeat(count - 3);
    let padded = |len: usize| {
        // Of a Sec-WebSocket-Accept there are 28 bytes, of its placeholder 8.
        let start = "HTTP/1.1 101 ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: {accept}\r\nX: ";
        let padding = ".".repeat(len - (start.len() + 20) - "\r\n\r\n".len());
        (format!("{start}{padding}\r\n\r\n"), padding)
    };
    let (longest, padding) = padded(HEAD_LIMIT);
    let (too_long, _) = padded(HEAD_LIMIT + 1);
    vec![
        Case::new("an answer may have 128 fields")
            .answers(&fields(128))
            .opens(None, &[("X", "y"); 125]),
        Case::new("an answer may not have 129 fields")
            .answers(&fields(129))
            .breaks_the_handshake("the answer has more than 128 header fields"),
        Case::new("a head may have 16,384 bytes")
            .sends(longest)
            .opens(None, &[("X", &padding)]),
        Case::new("a head may not have 16,385 bytes")
            .sends(too_long)
            .breaks_the_handshake("the head of the answer is longer than 16384 bytes"),
    ]
}

fn not_http_1_1() -> Vec<Case> {
    let version = |name, version| {
        Case::new(name)
            .answers_otherwise("HTTP/1.1", version)
            .breaks_the_handshake("the answer is not HTTP/1.1")
    };
    // It need not be a whole head: the byte that is wrong proves it.
    let other = |name, bytes: &[u8], rest: &[u8]| {
        Case::new(name)
            .sends(bytes)
            .breaks_the_handshake("the answer is not HTTP/1")
            .sends(rest)
    };
    vec![
        // RFC 6455, section 4.1 asks for a request of HTTP/1.1 or higher, and RFC 9110, section
        // 7.8 for the server to ignore Upgrade in one of 1.0. `ws` takes it, Python's
        // `websockets` does not.
        version("HTTP/1.0 cannot accept", "HTTP/1.0"),
        version("HTTP/1.2 is unknown", "HTTP/1.2"),
        other("HTTP/2 is another protocol", b"HTTP/2", b" 101 \r\n\r\n"),
        other("HTTP/0.9 has no status line", b"<", b"html></html>"),
        // RFC 9112, section 2.3: "HTTP-version is case-sensitive."
        other(
            "the version is not in lower case",
            b"h",
            b"ttp/1.1 101 ok\r\n\r\n",
        ),
        other(
            "an empty line does not come before a status line",
            b"\r",
            b"\nHTTP/1.1 101 \r\n",
        ),
        other(
            "a space does not come before a status line",
            b" ",
            b"HTTP/1.1 101 \r\n\r\n",
        ),
        other("SSH is another protocol", b"S", b"SH-2.0-OpenSSH_9.2p1\r\n"),
        other(
            "SMTP is another protocol",
            b"2",
            b"20 mail.example.org ESMTP\r\n",
        ),
        other("a frame is not an answer", b"\x81", b"\x05Hello"),
        other("a zero is not an answer", b"\0", b"\0\0"),
        Case::new("a TLS alert hints at wss")
            .sends(b"\x15")
            .breaks_the_handshake("the answer is TLS and not HTTP (should the URL start with wss?)")
            .sends(b"\x03\x01\x00\x02\x02\x46"),
    ]
}

fn malformed() -> Vec<Case> {
    let status = |name, status| {
        Case::new(name)
            .answers_otherwise("101 Switching Protocols", status)
            .breaks_the_handshake("the answer is malformed: status code or reason phrase")
    };
    // RFC 9110, section 15: "All valid status codes are within the range of 100 to 599, inclusive."
    let below_100 = |name, status| {
        Case::new(name)
            .answers_otherwise("101 Switching Protocols", status)
            .breaks_the_handshake("the answer is malformed: status code")
    };
    let field = |name, field: &str, part| {
        let text = format!("the answer is malformed: {part}");
        Case::new(name).answers(field).breaks_the_handshake(&text)
    };
    let (in_name, in_value) = ("name of a header field", "value of a header field");
    vec![
        status("a status has digits", "1o1 ok"),
        status("a status does not have two digits", "10 ok"),
        status("a status does not have four digits", "1010 ok"),
        status("a status is not negative", "-101 ok"),
        status("a status follows one space", " 101 ok"),
        status("a reason phrase has no control characters", "101 o\0k"),
        below_100("a status is not 99", "099 ok"),
        below_100("a status is not 0", "000 ok"),
        field("a field has a colon", "no colon\r\n", in_name),
        field("a field has a name", ": nameless\r\n", in_name),
        // RFC 9112, section 5.1 wants proxies to take it away, and servers to refuse it.
        field("no space stands before a colon", "X : y\r\n", in_name),
        field("no space stands inside of a name", "X Y: z\r\n", in_name),
        field("a name is ASCII", "Gr\u{fc}n: x\r\n", in_name),
        field("a value has no zeros", "X: a\0b\r\n", in_value),
        field(
            "a value has no control characters",
            "X: a\x01b\r\n",
            in_value,
        ),
        field("a value has no DEL", "X: a\x7fb\r\n", in_value),
        // Some would read a line break into it.
        field("a value has no CR alone", "X: a\rY: b\r\n", in_value),
    ]
}
