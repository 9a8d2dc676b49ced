//! The servers that others wrote, where they compress: with which parameters they do
//! (RFC 7692, section 7.1), and that they do not unless that is offered.

use integration_tests::{Server, on_each_deflating_server, on_servers, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wasocket::{Message, SendOptions};

on_each_deflating_server! {
    messages_come_back_from_a_server_that_may_compress,
}

// libwebsockets 4.1.6 aborts if it is to compress a message that is empty, unless it is the first.
on_servers! {
    empty_messages_come_back_from_a_server_that_may_compress,:
    node_deflate
    node_deflate_server_no_context_takeover
    node_deflate_client_no_context_takeover
    node_deflate_small_windows
    node_deflate_threshold_zero
    python_deflate
    python_deflate_no_context_takeover
    python_deflate_small_windows
    tornado_deflate
}

async fn messages_come_back_from_a_server_that_may_compress(server: Server) {
    // Twice, so that a context that is taken over has something in it.
    assert_echoed(&server, &["Hello", &"Hello".repeat(20_000)].repeat(2)).await;
}

async fn empty_messages_come_back_from_a_server_that_may_compress(server: Server) {
    assert_echoed(&server, &["", "Hello", "", ""]).await;
}

/// Sends each of these, as text and as bytes, compressed and as its length has it, and asserts that
/// the same comes back.
async fn assert_echoed(server: &Server, texts: &[&str]) {
    let mut websocket = server.connect("/echo").await;
    let extensions = &websocket.handshake().unwrap().extensions;
    assert!(
        matches!(&extensions[..], [agreed] if agreed.starts_with("permessage-deflate; ")),
        "{extensions:?}"
    );
    for text in texts {
        for message in [Message::from(*text), text.as_bytes().into()] {
            for options in [SendOptions::new().compressed(), SendOptions::new()] {
                let sent = websocket.sender().send_with(message.clone(), options).await;
                sent.unwrap();
                assert_eq!(websocket.receive().await, Ok(Some(message.clone())));
            }
        }
    }
    assert!(websocket.close(1000, "").await.unwrap().was_clean);
}

#[test]
fn the_options_of_node_are_in_its_answer() {
    run(async {
        for (server, answer) in [
            (Server::node_deflate().await, "permessage-deflate"),
            (
                Server::node_deflate_server_no_context_takeover().await,
                "permessage-deflate; server_no_context_takeover",
            ),
            (
                Server::node_deflate_client_no_context_takeover().await,
                "permessage-deflate; client_no_context_takeover",
            ),
            (
                Server::node_deflate_small_windows().await,
                "permessage-deflate; client_max_window_bits=10; server_max_window_bits=9",
            ),
            (
                Server::node_deflate_threshold_zero().await,
                "permessage-deflate; server_no_context_takeover",
            ),
        ] {
            assert_eq!(answer_of(&server, OFFER).await.as_deref(), Some(answer));
        }
    });
}

#[test]
fn the_options_of_python_are_in_its_answer() {
    run(async {
        for (server, answer) in [
            (Server::python_deflate().await, "permessage-deflate"),
            (
                Server::python_deflate_no_context_takeover().await,
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            ),
            (
                Server::python_deflate_small_windows().await,
                "permessage-deflate; server_max_window_bits=9; client_max_window_bits=10",
            ),
        ] {
            assert_eq!(answer_of(&server, OFFER).await.as_deref(), Some(answer));
        }
    });
}

#[test]
fn tornado_takes_the_windows_that_are_offered() {
    run(async {
        let server = Server::tornado_deflate().await;
        for (offer, answer) in [
            (OFFER, "permessage-deflate"),
            (
                "permessage-deflate; server_max_window_bits=10",
                "permessage-deflate; server_max_window_bits=10",
            ),
            (
                "permessage-deflate; client_max_window_bits=10",
                "permessage-deflate; client_max_window_bits=10",
            ),
            // Section 7.1.1.1 has it decline this, or answer with the same.
            (
                "permessage-deflate; server_no_context_takeover",
                "permessage-deflate",
            ),
        ] {
            assert_eq!(answer_of(&server, offer).await.as_deref(), Some(answer));
        }
    });
}

#[test]
fn libwebsockets_takes_contexts_as_they_are_offered() {
    run(async {
        let server = Server::lws_deflate().await;
        // 4.1.6 is silent on `server_max_window_bits`, but newer ones need not be.
        for offer in [
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover",
        ] {
            assert_eq!(answer_of(&server, offer).await.as_deref(), Some(offer));
        }
    });
}

#[test]
fn a_server_that_is_not_to_compress_takes_no_offer() {
    run(async {
        for server in [
            Server::node().await,
            Server::python().await,
            Server::tornado().await,
            Server::lws().await,
        ] {
            assert_eq!(answer_of(&server, OFFER).await, None);
        }
    });
}

/// An offer that leaves all to the server, the client's window included.
const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// What a server answers to this offer of extensions, if anything.
async fn answer_of(server: &Server, offer: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    let request = format!(
        "GET /echo HTTP/1.1\r\n\
         Host: localhost\r\n\
         Connection: Upgrade\r\n\
         Upgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Extensions: {offer}\r\n\
         \r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-extensions"))
        .map(|(_, value)| value.to_owned())
}
