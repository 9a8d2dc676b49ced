//! What is said by `tracing`, and what is not.

use std::fmt;
use std::sync::{Arc, Mutex};

use integration_tests::{Authority, Scripted, close_payload, frame, run_on_one_thread, runtime};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use wasocket::Options;

/// Remembers all that is said, spans and events of every level, as text.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(Arc<Mutex<Vec<String>>>);

/// Writes fields behind a text.
struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        *self.0 += &format!(" {field}={value:?}");
    }
}

impl Said {
    fn say(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Fields<'_>)) {
        let mut text = format!("{} {}", metadata.target(), metadata.name());
        record(&mut Fields(&mut text));
        self.0.lock().unwrap().push(text);
    }

    /// What contains this text.
    pub(super) fn with(&self, text: &str) -> Vec<String> {
        let mut said = self.0.lock().unwrap().clone();
        said.retain(|one| one.contains(text));
        said
    }
}

impl Subscriber for Said {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.say(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = String::new();
        values.record(&mut Fields(&mut text));
        self.0.lock().unwrap().push(text);
    }

    fn event(&self, event: &Event<'_>) {
        self.say(event.metadata(), |fields| event.record(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A connection on which every payload, and all else that is nobody's business, has `SECRET` in it.
async fn exchange_secrets() {
    let authority = Authority::new();
    let peer = Scripted::start_tls(authority.issue().acceptor(), async |mut stream| {
        stream.accept().await;
        stream.expect_frame(0x81, b"SECRET text").await;
        stream.expect_frame(0x82, b"SECRET bytes").await;
        stream.expect_frame(0x89, b"SECRET ping").await;
        stream.send(&frame(0x8a, b"SECRET ping")).await;
        stream.send(&frame(0x81, b"SECRET answer")).await;
        stream
            .expect_frame(0x88, &close_payload(1000, "SECRET reason"))
            .await;
        stream
            .send(&frame(0x88, &close_payload(4001, "SECRET farewell")))
            .await;
        stream.end().await;
    })
    .await;
    let url = peer.url().replace("://", "://user:SECRET@") + "SECRET?token=SECRET";
    let options = Options::new()
        .roots(authority.pem())
        .header("Cookie", "SECRET");
    let mut websocket = runtime().connect_with(&url, &options).await.unwrap();
    websocket.send("SECRET text").await.unwrap();
    websocket.send(b"SECRET bytes".as_slice()).await.unwrap();
    websocket.ping("SECRET ping").await.unwrap();
    let answer = websocket.receive().await;
    assert_eq!(answer, Ok(Some("SECRET answer".into())));
    let closed = websocket.close(1000, "SECRET reason").await.unwrap();
    assert_eq!(closed.reason, "SECRET farewell");
    peer.finish().await;

    let peer = Scripted::start(async |mut stream| {
        stream.request().await;
        stream
            .send(b"HTTP/1.1 403 SECRET\r\nSet-Cookie: SECRET\r\nContent-Length: 6\r\n\r\nSECRET")
            .await;
    })
    .await;
    let refused = runtime().connect(&peer.url()).await.unwrap_err();
    assert!(refused.to_string().contains("403 SECRET"), "{refused}");
    peer.finish().await;
}

#[test]
fn a_connection_is_a_span_with_events_and_no_payload_is_in_them() {
    let said = Said::default();
    let _default = tracing::subscriber::set_default(said.clone());
    // Who says something for the first time in another test's thread is taken to have no listener,
    // until all who ever said something are asked again.
    run_on_one_thread(exchange_secrets());
    tracing::callsite::rebuild_interest_cache();
    run_on_one_thread(exchange_secrets());
    let ours = said.with("wasocket::").join("\n");
    for text in [
        "wasocket::runtime websocket id=",
        "message=looking up name=localhost",
        "message=connecting address=127.0.0.1:",
        "message=open",
        "message=message len=13",
        "message=closed code=4001 was_clean=true sent_bytes=",
        "message=refused status=403",
    ] {
        assert!(ours.contains(text), "{text}: {ours}");
    }
    // Nor in what the engine says. Lists of bytes would be written as the latter.
    for secret in ["SECRET", "83, 69, 67, 82, 69, 84"] {
        assert_eq!(said.with(secret), [""; 0]);
    }
}
