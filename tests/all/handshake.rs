//! The opening handshake.

use integration_tests::{Scripted, run, runtime};
use wasocket::Options;

#[test]
fn the_request_has_what_was_asked_for() {
    run(async {
        let peer = Scripted::start(async |mut stream| {
            let request = stream.accept().await;
            assert!(request.head.starts_with("GET /chat?x=1 HTTP/1.1\r\n"));
            assert_eq!(request.values("X-Test"), ["a", "b"]);
            assert_eq!(request.values("Origin"), ["https://example.org"]);
            assert_eq!(request.values("Sec-WebSocket-Version"), ["13"]);
            stream.drain().await;
        })
        .await;
        let options = Options::new()
            .header("X-Test", "a")
            .header("x-test", "b")
            .origin("https://example.org");
        let url = format!("{}chat?x=1", peer.url());
        runtime().connect_with(&url, &options).await.unwrap();
        peer.finish().await;
    });
}
