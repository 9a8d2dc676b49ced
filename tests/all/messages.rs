//! Messages, both ways, with servers that others wrote (RFC 6455, sections 5.4 to 5.6).

use futures_util::{SinkExt, StreamExt, stream};
use integration_tests::{Scripted, Server, on_each_peer, on_each_server, run, runtime};
use wasocket::{Event, Message, SendOptions, WebSocket};

on_each_server! {
    every_length_comes_back,
    every_length_of_characters_comes_back,
    messages_of_the_longest_length_come_back,
    a_thousand_messages_come_back_in_order,
    large_messages_go_both_ways_at_once,
}

on_each_peer! {
    fragments_of_one_byte_are_joined_around_a_ping,
    a_message_of_the_longest_length_arrives,
}

/// The longest message that is taken unless an option says otherwise.
const DEFAULT_MAX_MESSAGE_SIZE: usize = 16 << 20;

async fn every_length_comes_back(server: Server) {
    // Each form of the payload length (section 5.2) and both sides of what separates them.
    const LENGTHS: [usize; 8] = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

    let mut websocket = server.connect("/echo").await;
    for len in LENGTHS {
        assert_echoed(&mut websocket, "x".repeat(len)).await;
        assert_echoed(&mut websocket, pattern(len)).await;
    }
}

async fn every_length_of_characters_comes_back(server: Server) {
    // The first and the last character of each length in UTF-8, the noncharacters among them
    // included, and the neighbours of the surrogates.
    const CHARACTERS: &str =
        "\0\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}";

    let mut websocket = server.connect("/echo").await;
    assert_echoed(&mut websocket, "Grüße, 世界 🌍").await;
    assert_echoed(&mut websocket, CHARACTERS).await;
    assert_echoed(&mut websocket, CHARACTERS.repeat(5_000)).await;
}

async fn messages_of_the_longest_length_come_back(server: Server) {
    let mut websocket = server.connect("/echo").await;
    assert_echoed(&mut websocket, pattern(DEFAULT_MAX_MESSAGE_SIZE)).await;
    let text = "🌍".repeat(DEFAULT_MAX_MESSAGE_SIZE / "🌍".len());
    assert_echoed(&mut websocket, text).await;
}

async fn a_thousand_messages_come_back_in_order(server: Server) {
    const COUNT: usize = 1_000;

    let (mut sink, stream) = server.connect("/echo").await.split();
    let numbers = stream::iter(0..COUNT).map(|number| Ok(Message::from(number.to_string())));
    let send = async {
        sink.send_all(&mut { numbers }).await.unwrap();
    };
    let receive = stream.take(COUNT).collect::<Vec<_>>();
    let ((), received) = tokio::join!(send, receive);
    let expected: Vec<_> = (0..COUNT)
        .map(|number| Ok(Message::from(number.to_string())))
        .collect();
    assert_eq!(received, expected);
}

async fn large_messages_go_both_ways_at_once(server: Server) {
    // More in all than the buffers of TCP hold, so that the server stops reading while it cannot
    // write: what does not read while it writes gets stuck.
    const LEN: usize = 4 << 20;
    const COUNT: u8 = 8;

    let mut websocket = server.connect("/echo").await;
    let sender = websocket.sender();
    let send = async {
        for number in 0..COUNT {
            sender.send(vec![number; LEN]).await.unwrap();
        }
    };
    let receive = async {
        for number in 0..COUNT {
            let received = websocket.receive().await.unwrap().unwrap();
            assert_same(&received, &vec![number; LEN].into());
        }
    };
    tokio::join!(send, receive);
}

async fn fragments_of_one_byte_are_joined_around_a_ping(server: Server) {
    let mut websocket = server.connect("/fragments").await;
    assert_eq!(
        websocket.event().await,
        Some(Event::Ping(b"between fragments".to_vec()))
    );
    assert_eq!(
        websocket.event().await,
        Some(Event::Message("Grüße, 世界 🌍".into()))
    );
    assert_eq!(websocket.receive().await, Ok(None));
    assert!(websocket.closed().unwrap().was_clean);
}

async fn a_message_of_the_longest_length_arrives(server: Server) {
    let path = format!("/big?bytes={DEFAULT_MAX_MESSAGE_SIZE}");
    let mut websocket = server.connect(&path).await;
    let received = websocket.receive().await.unwrap().unwrap();
    assert_same(&received, &pattern(DEFAULT_MAX_MESSAGE_SIZE).into());
    assert_eq!(websocket.receive().await, Ok(None));
    assert!(websocket.closed().unwrap().was_clean);
}

#[test]
fn each_message_is_one_frame_of_its_kind() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"").await;
            stream.expect_frame(0x82, b"").await;
            stream.expect_frame(0x81, &[b'x'; 70_000]).await;
            stream.expect_frame(0x82, b"\xff\xfe").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        websocket.send("").await.unwrap();
        websocket.send(vec![]).await.unwrap();
        websocket.send("x".repeat(70_000)).await.unwrap();
        websocket.send(b"\xff\xfe".as_slice()).await.unwrap();
        peer.finish().await;
    });
}

#[test]
fn an_unmasked_message_travels_unchanged_under_a_key_of_zero() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect(b"\x81\x85\0\0\0\0Hello").await;
            stream.expect(b"\x82\x80\0\0\0\0").await;
        })
        .await;
        let websocket = runtime().connect(&peer.url()).await.unwrap();
        let sender = websocket.sender();
        let unmasked = SendOptions::new().unmasked();
        sender.send_with("Hello", unmasked).await.unwrap();
        sender.send_with(vec![], unmasked).await.unwrap();
        peer.finish().await;
    });
}

/// Bytes that tell where they stand, as the peers' `/big` has them.
fn pattern(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Sends a message, and asserts that the next one that comes is the same.
async fn assert_echoed(websocket: &mut WebSocket, message: impl Into<Message>) {
    let message = message.into();
    let sent = message.clone();
    // Not one after the other: an echo may start before all of the message is handed over.
    let sender = websocket.sender();
    let (sent, received) = tokio::join!(sender.send(sent), websocket.receive());
    sent.unwrap();
    assert_same(&received.unwrap().unwrap(), &message);
}

/// Does not show messages whole, which can be long.
fn assert_same(received: &Message, expected: &Message) {
    assert!(
        received == expected,
        "{} is not {}",
        summary(received),
        summary(expected)
    );
}

fn summary(message: &Message) -> String {
    let start = &message.as_bytes()[..message.len().min(50)];
    let kind = match message {
        Message::Text(_) => "text",
        Message::Binary(_) => "binary",
    };
    format!(
        "{kind} of {} bytes, {}...",
        message.len(),
        start.escape_ascii()
    )
}
