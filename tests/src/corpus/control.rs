//! Ping and Pong (RFC 6455, sections 5.5.2 and 5.5.3) as a server sends them.

use super::Case;

/// The cases of this topic.
pub fn cases() -> Vec<Case> {
    [pings(), floods(), pongs()].concat()
}

fn pings() -> Vec<Case> {
    let mut cases: Vec<Case> = [0, 1, 124, 125]
        .into_iter()
        .map(|len| {
            Case::open(format!("a ping of {len} bytes is answered with them"))
                .pings(&vec![0xff; len])
                .closes(1000, "")
        })
        .collect();
    cases.extend([
        Case::open("pings are answered in their order")
            .pings(b"1")
            .pings(b"2")
            .pings(b"")
            .pings(b"2")
            .pings(b"1")
            .closes(1000, ""),
        Case::open("messages and pings are told in their order")
            .pings(b"1")
            .sends(b"\x81\x01a")
            .tells_text("a")
            .pings(b"2")
            .sends(b"\x82\x01b")
            .tells_binary(b"b")
            .pings(b"3")
            .closes(1000, ""),
        // It is answered, or the server would not know that it has arrived.
        Case::open("a ping before a close frame is answered, and one after it is not")
            .pings(b"before")
            .closes(1000, "")
            .sends(b"\x89\x05after"),
        Case::open("a ping before a close frame is answered though the stream ends")
            .pings(b"before")
            .closes(1000, "")
            .ends_at_once(),
        Case::open("a ping before a bad frame is answered before the connection fails")
            .pings(b"before")
            .sends(b"\x83")
            .fails(1002, "the opcode 0x3 is reserved")
            .sends(b"\x00\x89\x05after"),
        Case::open("64 pings at once are all answered")
            .repeated(64, |case, index| case.pings(&[index as u8]))
            .closes(1000, ""),
    ]);
    cases
}

/// More than are held: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in
/// response to previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the
/// most recently processed Ping frame." How many that leaves, the server's reading decides.
fn floods() -> Vec<Case> {
    let floods = |name: &str, count: u16, len: usize| {
        Case::open(name)
            .may_skip_pongs()
            .repeated(count, |case, index| {
                let mut payload = vec![0; len];
                payload[..2].copy_from_slice(&index.to_be_bytes());
                case.pings(&payload)
            })
    };
    vec![
        floods("of 65 pings at once the last is answered", 65, 2),
        floods("of 1,000 short pings the last is answered", 1000, 2),
        floods("of 5,000 long pings the last is answered", 5000, 125),
        floods("a flood of pings holds no message up", 1000, 125)
            .sends(b"\x81\x05Hello")
            .tells_text("Hello"),
    ]
}

/// Section 5.5.3: "A response to an unsolicited Pong frame is not expected."
fn pongs() -> Vec<Case> {
    let mut cases: Vec<Case> = [0, 1, 125]
        .into_iter()
        .map(|len| {
            Case::open(format!(
                "a pong of {len} bytes that answers nothing is told"
            ))
            .pongs(&vec![0xfe; len])
            .closes(1000, "")
        })
        .collect();
    cases.extend([
        Case::open("a flood of pongs is told, and not answered")
            .repeated(1000, |case, index| case.pongs(&index.to_be_bytes()))
            .closes(1000, ""),
        Case::open("pings and pongs are told apart")
            .pongs(b"a")
            .pings(b"a")
            .pongs(b"a")
            .closes(1000, ""),
    ]);
    cases
}
