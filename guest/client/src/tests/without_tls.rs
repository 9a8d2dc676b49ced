use alloc::format;
use alloc::string::ToString;

use super::*;

#[test]
fn a_url_with_wss_is_refused_and_says_why() {
    for host in ["example.org", "127.0.0.1", "[::1]"] {
        let url = url(&format!("wss://{host}/"));
        let mut contexts = TlsContexts::new();
        let options = Options::default();
        let refused = WebSocket::new(url, &options, &mut contexts, Box::new(Zeros), START);
        let error = refused.map(|_| ()).expect_err("an error");
        assert_eq!(
            error.to_string(),
            "this component is built without TLS: the URL has to start with ws"
        );
    }
}

#[test]
fn no_roots_are_added() {
    let mut options = Options::default();
    let error = options.add_roots(b"-----BEGIN CERTIFICATE-----\n");
    let error = error.expect_err("an error");
    assert_eq!(error.part, Part::Roots);
    assert_eq!(
        error.to_string(),
        "this component is built without TLS of its own, and trusts no roots"
    );
}

#[test]
fn without_tls_all_else_is_as_ever() {
    let mut websocket = open();
    let message = Outgoing::new(MessageKind::Text, b"Hello").expect("a text");
    let sent = websocket.send(message, SendOptions::default(), START);
    assert!(sent.is_ok());
    assert!(!transmitted(&mut websocket).is_empty());
}
