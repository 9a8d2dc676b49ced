//! The examples of the crate, as they are.

use std::collections::BTreeMap;

use integration_tests::{ClosedPort, Echo, Scripted, close_payload, frame, run, runtime};
use wasocket::{Error, Message};

#[expect(dead_code, reason = "its `main` is not what is called here")]
#[path = "../../../host/examples/chat.rs"]
mod chat;
#[expect(dead_code, reason = "its `main` is not what is called here")]
#[path = "../../../host/examples/echo.rs"]
mod echo;
#[expect(dead_code, reason = "its `main` is not what is called here")]
#[path = "../../../host/examples/fan_in.rs"]
mod fan_in;

#[test]
fn what_is_sent_comes_back() {
    run(async {
        let server = Echo::start().await;
        let answer = echo::echo(runtime(), &server.url(), "Hello").await;
        assert_eq!(answer.unwrap(), "Hello");
    });
}

#[test]
fn lines_are_said_and_what_others_say_is_printed() {
    run(async {
        let server = Echo::start().await;
        let websocket = runtime().connect(&server.url()).await.unwrap();
        let mut printed = Vec::new();
        let chat = chat::chat(websocket, &b"hello\nis anybody here?\n"[..], &mut printed);
        chat.await.unwrap();
        assert_eq!(printed, b"hello\nis anybody here?\n");
    });
}

#[test]
fn a_chat_ends_when_the_server_says_so() {
    run(async {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"closing time")).await;
            stream.send(&frame(0x88, &close_payload(1001, ""))).await;
            stream.expect_close(1001, "").await;
        })
        .await;
        let websocket = runtime().connect(&server.url()).await.unwrap();
        // Of which no line ever comes.
        let (input, _held) = tokio::io::duplex(1);
        let mut printed = Vec::new();
        let input = tokio::io::BufReader::new(input);
        let chat = chat::chat(websocket, input, &mut printed);
        chat.await.unwrap();
        assert_eq!(printed, b"closing time\n");
        server.finish().await;
    });
}

#[test]
fn all_feeds_are_read_and_one_that_fails_fails_alone() {
    run(async {
        let mut servers = Vec::new();
        for number in 0..5 {
            servers.push(
                Scripted::start(async move |mut stream| {
                    stream.accept().await;
                    for message in 0..3 {
                        let text = format!("{number}.{message}");
                        stream.send(&frame(0x81, text.as_bytes())).await;
                    }
                    stream.send(&frame(0x88, &close_payload(1000, ""))).await;
                    stream.expect_close(1000, "").await;
                })
                .await,
            );
        }
        let closed = ClosedPort::take();
        let nobody = format!("ws://{}/", closed.address());
        let mut urls: Vec<String> = servers.iter().map(Scripted::url).collect();
        urls.push(nobody.clone());

        let mut told: BTreeMap<String, Vec<Message>> = BTreeMap::new();
        let mut failed = Vec::new();
        fan_in::fan_in(runtime(), &urls, |url, news| match news {
            Ok(message) => told.entry(url.to_owned()).or_default().push(message),
            Err(error) => failed.push((url.to_owned(), error)),
        })
        .await;
        for (number, server) in servers.into_iter().enumerate() {
            let expected = [0, 1, 2].map(|message| Message::from(format!("{number}.{message}")));
            assert_eq!(told[&server.url()], expected);
            server.finish().await;
        }
        assert!(
            matches!(&failed[..], [(url, Error::Failed(_))] if *url == nobody),
            "{failed:?}"
        );
    });
}
