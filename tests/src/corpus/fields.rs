//! The header fields by which a server accepts (RFC 6455, section 4.1): missing, other, repeated,
//! and in conflict.

use super::Case;

const NO_UPGRADE: &str = "the answer has no header field `Upgrade: websocket`";
const NO_CONNECTION: &str = "the answer has no header field `Connection: Upgrade`";
const NO_ACCEPT: &str = "the answer has no header field Sec-WebSocket-Accept";
const OTHER_ACCEPT: &str = "the header field Sec-WebSocket-Accept is not the answer to our key";

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [
        upgrade(),
        connection(),
        accept(),
        subprotocol(),
        extensions(),
        conflicts(),
    ]
    .concat()
}

fn upgrade() -> Vec<Case> {
    let opens = |name, otherwise| {
        Case::new(name)
            .answers_otherwise("Upgrade: websocket\r\n", otherwise)
            .opens(None, &[])
    };
    let fails = |name, otherwise| {
        Case::new(name)
            .answers_otherwise("Upgrade: websocket\r\n", otherwise)
            .breaks_the_handshake(NO_UPGRADE)
    };
    vec![
        opens(
            "Upgrade says WebSocket in any case",
            "Upgrade: WebSOCKET\r\n",
        ),
        fails("Upgrade is missing", ""),
        fails("Upgrade is empty", "Upgrade: \r\n"),
        fails("Upgrade says something else", "Upgrade: h2c\r\n"),
        fails(
            "Upgrade says more than websocket",
            "Upgrade: websocket2\r\n",
        ),
        fails("Upgrade says less than websocket", "Upgrade: websocke\r\n"),
        fails("Upgrade has a version", "Upgrade: websocket/13\r\n"),
        fails("Upgrade is quoted", "Upgrade: \"websocket\"\r\n"),
        fails("Upgrade is several words", "Upgrade: web socket\r\n"),
        // Section 4.1 wants no value but websocket, and `ws` and Python's `websockets` take no
        // second field even if it says the same.
        fails("Upgrade has a list", "Upgrade: websocket, h2c\r\n"),
        fails(
            "Upgrade has a list of websocket twice",
            "Upgrade: websocket, websocket\r\n",
        ),
        fails(
            "Upgrade stands twice, right first",
            "Upgrade: websocket\r\nUpgrade: h2c\r\n",
        ),
        fails(
            "Upgrade stands twice, wrong first",
            "Upgrade: h2c\r\nUpgrade: websocket\r\n",
        ),
        fails(
            "Upgrade stands twice, right both times",
            "Upgrade: websocket\r\nUpgrade: websocket\r\n",
        ),
        fails("another field says websocket", "X-Upgrade: websocket\r\n"),
    ]
}

/// RFC 9110, section 7.6.1: a list of tokens, compared without regard to case.
fn connection() -> Vec<Case> {
    let opens = |name, otherwise| {
        Case::new(name)
            .answers_otherwise("Connection: Upgrade\r\n", otherwise)
            .opens(None, &[])
    };
    let fails = |name, otherwise| {
        Case::new(name)
            .answers_otherwise("Connection: Upgrade\r\n", otherwise)
            .breaks_the_handshake(NO_CONNECTION)
    };
    vec![
        opens(
            "Connection says Upgrade in any case",
            "Connection: uPGRADE\r\n",
        ),
        opens(
            "Connection says keep-alive, too",
            "Connection: keep-alive, Upgrade\r\n",
        ),
        opens(
            "Connection says keep-alive after it",
            "Connection: Upgrade , keep-alive\r\n",
        ),
        opens(
            "Connection says close, too",
            "Connection: close,Upgrade\r\n",
        ),
        // RFC 9110, section 5.6.1.2: "A recipient MUST parse and ignore a reasonable number of
        // empty list elements".
        opens(
            "Connection has empty elements",
            "Connection: ,, Upgrade,\r\n",
        ),
        opens(
            "Connection says Upgrade twice",
            "Connection: Upgrade, Upgrade\r\n",
        ),
        opens(
            "Connection stands in two fields",
            "Connection: keep-alive\r\nConnection: Upgrade\r\n",
        ),
        opens(
            "the first of two Connection fields says it",
            "Connection: Upgrade\r\nconnection: close\r\n",
        ),
        fails("Connection is missing", ""),
        fails("Connection is empty", "Connection:\r\n"),
        fails("Connection says something else", "Connection: close\r\n"),
        fails(
            "two Connection fields do not say it",
            "Connection: a\r\nConnection: b\r\n",
        ),
        fails(
            "Connection says more than Upgrade",
            "Connection: Upgrades\r\n",
        ),
        fails(
            "Connection has no commas",
            "Connection: keep-alive Upgrade\r\n",
        ),
        fails(
            "Connection has semicolons",
            "Connection: keep-alive; Upgrade\r\n",
        ),
    ]
}

fn accept() -> Vec<Case> {
    const FIELD: &str = "Sec-WebSocket-Accept: {accept}\r\n";
    let fails = |name, otherwise, text| {
        Case::new(name)
            .answers_otherwise(FIELD, otherwise)
            .breaks_the_handshake(text)
    };
    let repeated = "the header field Sec-WebSocket-Accept stands more than once";
    vec![
        fails("Accept is missing", "", NO_ACCEPT),
        fails("Accept is empty", "Sec-WebSocket-Accept:\r\n", OTHER_ACCEPT),
        // The answer to the example of section 1.3, in lower case.
        fails(
            "Accept is in another case",
            "Sec-WebSocket-Accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n",
            OTHER_ACCEPT,
        ),
        fails(
            "Accept is the answer to another key",
            "Sec-WebSocket-Accept: HSmrc0sMlYUkAGmm5OPpG2HaGWk=\r\n",
            OTHER_ACCEPT,
        ),
        fails(
            "Accept has more than the answer",
            "Sec-WebSocket-Accept: {accept}=\r\n",
            OTHER_ACCEPT,
        ),
        fails(
            "Accept has a list",
            "Sec-WebSocket-Accept: {accept}, {accept}\r\n",
            OTHER_ACCEPT,
        ),
        fails(
            "Accept is quoted",
            "Sec-WebSocket-Accept: \"{accept}\"\r\n",
            OTHER_ACCEPT,
        ),
        // Section 4.2.2 has one. `ws` and Python's `websockets` refuse two, too.
        fails(
            "Accept stands twice, right first",
            "Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Accept: x\r\n",
            repeated,
        ),
        fails(
            "Accept stands twice, wrong first",
            "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Accept: {accept}\r\n",
            repeated,
        ),
    ]
}

fn subprotocol() -> Vec<Case> {
    let offering = |name| Case::new(name).offering(&["chat", "superchat"]);
    let chooses = |name, chosen| {
        offering(name)
            .answers(&format!("Sec-WebSocket-Protocol: {chosen}\r\n"))
            .opens(Some(chosen), &[("Sec-WebSocket-Protocol", chosen)])
    };
    let fails = |case: Case, chosen: &str| {
        case.answers(&format!("Sec-WebSocket-Protocol: {chosen}\r\n"))
            .breaks_the_handshake(&format!(
                "the server chose the subprotocol {chosen:?}, which was not offered"
            ))
    };
    // RFC 6455, section 11.3.4: "MUST NOT appear more than once in an HTTP response."
    let repeated = |name, fields| {
        offering(name)
            .answers(fields)
            .breaks_the_handshake("the header field Sec-WebSocket-Protocol stands more than once")
    };
    vec![
        chooses("the server chooses the first subprotocol", "chat"),
        chooses("the server chooses the second subprotocol", "superchat"),
        // Section 4.2.2 allows it. Python's `websockets` takes it, `ws` does not.
        offering("the server chooses no subprotocol")
            .answers("")
            .opens(None, &[]),
        fails(
            Case::new("the server chooses where none is offered"),
            "chat",
        ),
        fails(offering("the server chooses what is not offered"), "chat2"),
        // The RFC does not say whether case matters. `ws` and Python's `websockets` compare bytes.
        fails(offering("the server chooses in another case"), "Chat"),
        fails(offering("the server chooses nothing in words"), ""),
        fails(
            offering("the server chooses two in one field"),
            "chat, superchat",
        ),
        fails(
            offering("the server chooses one twice in one field"),
            "chat, chat",
        ),
        fails(offering("the server chooses with a comma"), "chat,"),
        fails(offering("the server chooses with a parameter"), "chat;v=1"),
        repeated(
            "the server chooses two in two fields",
            "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: superchat\r\n",
        ),
        repeated(
            "the server chooses one in two fields",
            "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n",
        ),
        repeated(
            "the server chooses one and nothing",
            "Sec-WebSocket-Protocol: chat\r\nsec-websocket-protocol:\r\n",
        ),
    ]
}

fn extensions() -> Vec<Case> {
    let fails = |name, value: &str| {
        Case::new(name)
            .answers(&format!("Sec-WebSocket-Extensions: {value}\r\n"))
            .breaks_the_handshake(&format!(
                "the server chose the extension {value:?}, which was not offered"
            ))
    };
    vec![
        fails("the server chooses an unknown extension", "x-unknown"),
        // What browsers had before permessage-deflate.
        fails(
            "the server chooses an old extension",
            "x-webkit-deflate-frame",
        ),
        // Section 9.1 has at least one in the list, but only an extension that was not offered is
        // to fail the connection. `ws` and Python's `websockets` refuse it all the same.
        Case::new("the server chooses no extension in words")
            .answers("Sec-WebSocket-Extensions:\r\n")
            .opens(None, &[("Sec-WebSocket-Extensions", "")]),
    ]
}

/// Several things are wrong, or right for another reading of the answer.
fn conflicts() -> Vec<Case> {
    vec![
        Case::new("a bare 101 accepts nothing")
            .sends("HTTP/1.1 101 ok\r\n\r\n")
            .breaks_the_handshake(NO_UPGRADE),
        // Section 4.1: "If the status code received from the server is not 101, the client handles
        // the response per HTTP procedures."
        Case::new("200 does not accept, whatever its fields say").refuses(
            "200 OK",
            &[
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ],
        ),
        Case::new("a server may know other versions only")
            .refuses("426 Upgrade Required", &[("Sec-WebSocket-Version", "7, 8")]),
    ]
}
