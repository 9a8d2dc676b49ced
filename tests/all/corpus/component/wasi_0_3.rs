//! The component for WASI 0.3, through its WIT interface.

use integration_tests::corpus::{Case, Fault, Refused, Told};
use integration_tests::guest_0_3::{Guest, types, with_guest};
use types::{ConnectError, Error, ErrorCode, Event, Header, Message, Step};
use wasmtime::component::ResourceAny;

use super::{Client, test_client};

struct Guest03;

test_client!(Guest03);

impl Client for Guest03 {
    async fn tell(case: &Case, url: &str) -> Vec<Told> {
        with_guest(async |guest| tell(guest, case, url).await).await
    }
}

async fn tell(guest: &Guest<'_>, case: &Case, url: &str) -> Vec<Told> {
    let options = guest.options().await;
    guest
        .set_subprotocols(options, &case.offer.subprotocols)
        .await;
    let websocket = match guest.connect(url, Some(options)).await {
        Ok(websocket) => websocket,
        // The end, too, is told by that.
        Err(ConnectError::Failed(error)) => {
            return vec![failure(case, error), Told::abnormal_closure()];
        }
        Err(other) => panic!("{}: {other:?}", case.name),
    };
    let opened = guest.opened(websocket).await;
    let close = async {
        match &case.client_closes {
            None => None,
            Some((code, reason)) => Some(guest.close(websocket, Some(*code), Some(reason)).await),
        }
    };
    let (closed, events) = tokio::join!(close, all_events(guest, websocket));
    if let Some(closed) = closed {
        let last = closed.ok().map(Event::Close);
        assert_eq!(last.as_ref(), events.last(), "{}", case.name);
    }
    let opened = Told::opened(
        opened.subprotocol,
        opened.extensions,
        named_values(opened.headers),
    );
    let events = events.into_iter().map(|event| told(case, event));
    std::iter::once(opened).chain(events).collect()
}

/// All that happens until the connection is closed.
async fn all_events(guest: &Guest<'_>, websocket: ResourceAny) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let mut events = guest.events(websocket).await;
        if events.is_empty() {
            return all;
        }
        all.append(&mut events);
    }
}

fn told(case: &Case, event: Event) -> Told {
    match event {
        Event::Message(Message::Text(text)) => Told::Text(text),
        Event::Message(Message::Binary(bytes)) => Told::Binary(bytes),
        Event::Ping(payload) => Told::Ping(payload),
        Event::Pong(payload) => Told::Pong(payload),
        Event::Error(error) => failure(case, error),
        Event::Close(closed) => Told::Close {
            code: closed.code,
            reason: closed.reason,
            was_clean: closed.was_clean,
        },
    }
}

fn failure(case: &Case, error: Error) -> Told {
    let open = match case.client_closes {
        None => Step::Open,
        Some(_) => Step::Close,
    };
    let (step, fault) = match error.code {
        ErrorCode::Refused(refusal) => {
            assert_eq!(error.step, Step::Handshake, "{}", case.name);
            let text = format!("the server refused with status {}", refusal.status);
            assert!(error.message.starts_with(&text), "{}", error.message);
            return Told::Refused(Refused {
                status: refusal.status,
                reason_phrase: refusal.reason_phrase,
                fields: named_values(refusal.headers),
                body: refusal.body,
            });
        }
        ErrorCode::HandshakeInvalid => (Step::Handshake, Fault::Answer),
        ErrorCode::ConnectionEnded if error.step == Step::Handshake => {
            (Step::Handshake, Fault::Unanswered)
        }
        ErrorCode::ConnectionEnded => (open, Fault::StreamEnded),
        ErrorCode::ProtocolError => (open, Fault::Frame(1002)),
        ErrorCode::InvalidUtf8 | ErrorCode::CompressedDataInvalid => (open, Fault::Frame(1007)),
        ErrorCode::MessageTooBig => (open, Fault::Frame(1009)),
        other => panic!("{}: {other:?}", case.name),
    };
    assert_eq!(error.step, step, "{}", case.name);
    Told::Error(fault, error.message)
}

fn named_values(headers: Vec<Header>) -> Vec<(String, Vec<u8>)> {
    headers
        .into_iter()
        .map(|header| (header.name, header.value))
        .collect()
}
