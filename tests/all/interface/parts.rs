//! Messages that are sent and received by parts.

use integration_tests::guest::{Guest, is_close, run_guest, types};
use integration_tests::{Scripted, frame};
use tokio::sync::oneshot;
use types::{CallError, Event, InvalidArgument, Message, MessageKind, MessagePart, ReadyState};
use wasmtime::component::ResourceAny;

use super::{quiet, text};

async fn start(
    guest: &mut Guest,
    websocket: ResourceAny,
    kind: MessageKind,
) -> Result<types::Token, CallError> {
    let (store, client) = guest.client();
    let options = types::SendOptions::empty();
    let started = client
        .websocket()
        .call_start_message(store, websocket, kind, options)
        .await;
    started.expect("no trap")
}

async fn send_part(
    guest: &mut Guest,
    websocket: ResourceAny,
    part: &[u8],
) -> Result<(), CallError> {
    let (store, client) = guest.client();
    let websockets = client.websocket();
    let sent = websockets.call_send_part(store, websocket, part).await;
    sent.expect("no trap")
}

async fn finish(guest: &mut Guest, websocket: ResourceAny) -> Result<(), CallError> {
    let (store, client) = guest.client();
    let websockets = client.websocket();
    let finished = websockets.call_finish_message(store, websocket).await;
    finished.expect("no trap")
}

async fn abandon(
    guest: &mut Guest,
    websocket: ResourceAny,
) -> Result<Option<types::Token>, CallError> {
    let (store, client) = guest.client();
    let websockets = client.websocket();
    let abandoned = websockets.call_abandon_message(store, websocket).await;
    abandoned.expect("no trap")
}

fn part(content: Message, is_first: bool, is_last: bool) -> Event {
    Event::MessagePart(MessagePart {
        content,
        is_first,
        is_last,
    })
}

fn is_message_error(error: &CallError) -> bool {
    matches!(error, CallError::InvalidArgument(InvalidArgument { part, .. })
        if *part == types::Part::Message)
}

#[test]
fn parts_go_out_as_fragments_and_other_messages_are_refused_meanwhile() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x01, b"\xe4\xb8").await;
            stream.expect_frame(0x89, b"ping").await;
            stream.expect_frame(0x00, b"\x96").await;
            stream.expect_frame(0x80, b"").await;
            stream.expect_frame(0x81, b"next").await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let token = start(&mut guest, websocket, MessageKind::Text).await;
        let in_progress = Err(CallError::MessageInProgress);
        assert_eq!(guest.send(websocket, "x").await, in_progress);
        let another = start(&mut guest, websocket, MessageKind::Binary).await;
        assert_eq!(another, in_progress);
        send_part(&mut guest, websocket, b"\xe4\xb8").await.unwrap();
        guest.ping(websocket, b"ping").await.unwrap();
        // The text cannot end there, nor go on so.
        let unfinished = finish(&mut guest, websocket).await.unwrap_err();
        assert!(is_message_error(&unfinished), "{unfinished:?}");
        let refused = send_part(&mut guest, websocket, b"x").await.unwrap_err();
        assert!(is_message_error(&refused), "{refused:?}");
        send_part(&mut guest, websocket, b"\x96").await.unwrap();
        finish(&mut guest, websocket).await.unwrap();
        let next = guest.send(websocket, "next").await.unwrap();
        let sent = Event::Sent(next);
        let events = guest.until(websocket, |event| *event == sent).await;
        assert_eq!(events, [Event::Sent(token.unwrap()), Event::Sent(next)]);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn parts_without_a_message_are_refused() {
    run_guest(async |mut guest| {
        let server = quiet().await;
        let websocket = guest.connect(&server.url(), None).await;
        let connecting = CallError::InvalidState(ReadyState::Connecting);
        let started = start(&mut guest, websocket, MessageKind::Text).await;
        assert_eq!(started, Err(connecting));
        guest
            .until(websocket, integration_tests::guest::is_open)
            .await;
        let none = CallError::NoMessageInProgress;
        let sent = send_part(&mut guest, websocket, b"x").await;
        assert_eq!(sent, Err(none.clone()));
        assert_eq!(finish(&mut guest, websocket).await, Err(none.clone()));
        assert_eq!(abandon(&mut guest, websocket).await, Err(none));
    });
}

#[test]
fn a_message_is_given_up_with_the_connection_once_some_of_it_is_sent() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x02, b"some").await;
            let (first, payload) = stream.frame().await;
            assert_eq!((first, &payload[..2]), (0x88, &1011_u16.to_be_bytes()[..]));
            stream.send(&frame(0x88, &payload)).await;
            stream.end().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        start(&mut guest, websocket, MessageKind::Text)
            .await
            .unwrap();
        assert_eq!(abandon(&mut guest, websocket).await, Ok(None));
        start(&mut guest, websocket, MessageKind::Binary)
            .await
            .unwrap();
        send_part(&mut guest, websocket, b"some").await.unwrap();
        let token = abandon(&mut guest, websocket).await.unwrap();
        assert!(token.is_some());
        let events = guest.until(websocket, is_close).await;
        assert!(
            matches!(&events[..], [Event::Close(closed)] if closed.token == token),
            "{events:?}"
        );
        server.finish().await;
    });
}

#[test]
fn messages_come_by_parts_in_the_order_of_all_events_and_whole_again() {
    run_guest(async |mut guest| {
        let (go_on, told_to_go_on) = oneshot::channel();
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x01, b"Hel")).await;
            stream.until_read().await;
            stream.send(&frame(0x89, b"1")).await;
            stream.send(&frame(0x80, b"lo")).await;
            stream.send(&frame(0x82, b"\xff")).await;
            stream.send(&frame(0x89, b"2")).await;
            told_to_go_on.await.unwrap();
            stream.send(&frame(0x01, b"who")).await;
            stream.send(&frame(0x80, b"le")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        guest.receive_parts(websocket, true).await;
        let last = Event::Ping(b"2".to_vec());
        let events = guest.until(websocket, |event| *event == last).await;
        let text_of = |text: &str| Message::Text(text.to_owned());
        assert_eq!(
            events,
            [
                part(text_of("Hel"), true, false),
                Event::Ping(b"1".to_vec()),
                part(text_of("lo"), false, true),
                part(Message::Binary(b"\xff".to_vec()), true, true),
                last,
            ]
        );
        guest.receive_parts(websocket, false).await;
        go_on.send(()).unwrap();
        let whole = text("whole");
        let events = guest.until(websocket, |event| *event == whole).await;
        assert_eq!(events, [whole]);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn a_paused_websocket_tells_no_parts_of_what_was_read_unless_it_ends() {
    run_guest(async |mut guest| {
        const LEN: usize = 32 << 20;

        // More than one turn tells, so that some is left.
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x82, &vec![7; LEN])).await;
            stream.drain().await;
        })
        .await;
        let options = guest.options().await;
        let (store, client) = guest.client();
        let setters = client.connect_options();
        for set in [
            setters
                .call_set_max_message_size(&mut *store, options, LEN as u64)
                .await,
            setters
                .call_set_max_frame_size(&mut *store, options, LEN as u64)
                .await,
        ] {
            set.expect("no trap").expect("a limit");
        }
        let websocket = guest.open_with(&server.url(), Some(options)).await;
        guest.receive_parts(websocket, true).await;
        let mut received = 0;
        let is_part = |event: &Event| matches!(event, Event::MessagePart(_));
        while received < LEN {
            let events = guest.until(websocket, is_part).await;
            let len: usize = events.iter().map(part_len).sum();
            assert!(len <= 1 << 20, "{len} bytes in one turn");
            received += len;
            guest.pause(websocket).await;
            let turn = guest.drive(websocket).await;
            assert_eq!((turn.events, turn.deadline), (vec![], None));
            guest.resume(websocket).await;
        }
        assert_eq!(received, LEN);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

fn part_len(event: &Event) -> usize {
    match event {
        Event::MessagePart(part) => match &part.content {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        },
        other => panic!("{other:?}"),
    }
}
