//! The component for WASI 0.2, through the host crate.

use integration_tests::corpus::{Case, Fault, Refused, Told};
use integration_tests::{rest, runtime};
use wasocket::{Error, Event, Failure, FailureKind, Header, Message, Options, Step};

use super::{Client, test_client};

struct Host;

test_client!(Host);

impl Client for Host {
    async fn tell(case: &Case, url: &str) -> Vec<Told> {
        tell(case, url).await
    }
}

async fn tell(case: &Case, url: &str) -> Vec<Told> {
    let subprotocols = case.offer.subprotocols.iter();
    let options = subprotocols.fold(Options::new(), |options, name| options.subprotocol(name));
    let mut websocket = match runtime().connect_with(url, &options).await {
        Ok(websocket) => websocket,
        // The end, too, is told by that.
        Err(Error::Failed(failure)) => {
            return vec![told(case, Event::Error(failure)), Told::abnormal_closure()];
        }
        Err(other) => panic!("{}: {other:?}", case.name),
    };
    let opened = websocket.handshake().cloned().expect("an open connection");
    let sender = websocket.sender();
    let close = async {
        match &case.client_closes {
            None => None,
            Some((code, reason)) => Some(sender.close(*code, reason).await),
        }
    };
    let (closed, events) = tokio::join!(close, rest(&mut websocket));
    if let Some(closed) = closed {
        let last = closed.ok().map(Event::Close);
        assert_eq!(last.as_ref(), events.last(), "{}", case.name);
    }
    std::iter::once(Event::Open(opened))
        .chain(events)
        .map(|event| told(case, event))
        .collect()
}

fn told(case: &Case, event: Event) -> Told {
    match event {
        Event::Open(opened) => Told::opened(
            opened.subprotocol,
            opened.extensions,
            named_values(opened.headers),
        ),
        Event::Message(Message::Text(text)) => Told::Text(text),
        Event::Message(Message::Binary(bytes)) => Told::Binary(bytes),
        Event::Ping(payload) => Told::Ping(payload),
        Event::Pong(payload) => Told::Pong(payload),
        Event::Error(failure) => self::failure(case, failure),
        Event::Close(closed) => Told::Close {
            code: closed.code,
            reason: closed.reason,
            was_clean: closed.was_clean,
        },
        other => panic!("{}: {other:?}", case.name),
    }
}

fn failure(case: &Case, failure: Failure) -> Told {
    let open = match case.client_closes {
        None => Step::Open,
        Some(_) => Step::Close,
    };
    let (step, fault) = match failure.kind {
        FailureKind::Refused(refusal) => {
            assert_eq!(failure.step, Step::Handshake, "{}", case.name);
            let text = format!("the server refused with status {}", refusal.status);
            assert!(failure.message.starts_with(&text), "{}", failure.message);
            return Told::Refused(Refused {
                status: refusal.status,
                reason_phrase: refusal.reason_phrase,
                fields: named_values(refusal.headers),
                body: refusal.body,
            });
        }
        FailureKind::HandshakeInvalid => (Step::Handshake, Fault::Answer),
        FailureKind::ConnectionEnded if failure.step == Step::Handshake => {
            (Step::Handshake, Fault::Unanswered)
        }
        FailureKind::ConnectionEnded => (open, Fault::StreamEnded),
        FailureKind::ProtocolError => (open, Fault::Frame(1002)),
        FailureKind::InvalidUtf8 | FailureKind::CompressedDataInvalid => (open, Fault::Frame(1007)),
        FailureKind::MessageTooBig => (open, Fault::Frame(1009)),
        other => panic!("{}: {other:?}", case.name),
    };
    assert_eq!(failure.step, step, "{}", case.name);
    Told::Error(fault, failure.message)
}

fn named_values(headers: Vec<Header>) -> Vec<(String, Vec<u8>)> {
    headers
        .into_iter()
        .map(|header| (header.name, header.value))
        .collect()
}
