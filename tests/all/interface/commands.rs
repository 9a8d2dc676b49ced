//! Arguments, options and commands, and the states in which they are possible.

use integration_tests::guest::{Guest, is_close, is_message, is_open, run_guest, types};
use integration_tests::{Echo, Scripted, close_payload, frame};
use tokio::sync::oneshot;
use types::{CallError, Event, InvalidArgument, Part, ReadyState};
use wasmtime::component::ResourceAny;

use super::{assert_closes, quiet, text};

#[test]
fn arguments_of_connect_that_cannot_be_used_are_named_by_part() {
    run_guest(async |mut guest| {
        for (host, port, path, part) in [
            ("http://localhost/", None, None, Part::Scheme),
            ("ws://", None, None, Part::Host),
            ("local host", None, None, Part::Host),
            ("::1", None, None, Part::Host),
            ("localhost:65536", None, None, Part::Port),
            ("localhost:81", Some(82), None, Part::Port),
            ("localhost", Some(0), None, Part::Port),
            ("localhost", None, Some("/a b"), Part::Path),
            ("ws://localhost/a", None, Some("/b"), Part::Path),
            ("ws://localhost/#a", None, None, Part::Fragment),
            ("ws://a%3Ab:c@localhost/", None, None, Part::Credentials),
        ] {
            let connected = guest.try_connect(Some(host), port, path, None).await;
            let error = connected.err().unwrap_or_else(|| panic!("{host}"));
            assert_eq!(error.part, part, "{host}: {}", error.message);
            assert!(!error.message.is_empty());
        }
        let options = guest.options().await;
        let (store, client) = guest.client();
        client
            .connect_options()
            .call_remove_built_in_roots(store, options)
            .await
            .expect("no trap");
        let connected = guest
            .try_connect(Some("wss://localhost"), None, None, Some(options))
            .await;
        assert_eq!(connected.unwrap_err().part, Part::Roots);
        assert!(guest.holds_nothing());
    });
}

/// Calls setters of options; each fails by this part.
macro_rules! assert_refused {
    ($guest:expr, $options:expr, $($call:ident($($argument:expr),*) => $part:ident,)*) => {$(
        let (store, client) = $guest.client();
        let set = client.connect_options().$call(store, $options, $($argument),*).await;
        let error = set.expect("no trap").unwrap_err();
        assert_eq!(error.part, Part::$part, "{}", error.message);
    )*};
}

#[test]
fn options_that_cannot_be_used_are_named_by_part_and_change_nothing() {
    run_guest(async |mut guest| {
        let options = guest.options().await;
        assert_refused! { guest, options,
            call_add_header("a b", b"") => HeaderName,
            call_add_header("Host", b"") => HeaderName,
            call_add_header("X", b"a\r\nb") => HeaderValue,
            call_set_subprotocols(&["a".into(), "a".into()]) => Subprotocol,
            call_set_origin(Some("")) => Origin,
            call_add_roots(b"not PEM") => Roots,
            call_set_connect_timeout(0) => Timeout,
            call_set_close_timeout(0) => Timeout,
            call_set_pong_timeout(0) => Timeout,
            call_set_ping_interval(Some(0)) => Timeout,
            call_set_max_message_size(0) => Limit,
            call_set_max_frame_size((1 << 30) + 1) => Limit,
            call_set_max_fragments(0) => Limit,
            call_set_max_response_head(63) => Limit,
            call_set_max_buffered_amount(0) => Limit,
        }
        let server = Scripted::start(async |mut stream| {
            let request = stream.accept().await;
            assert!(request.values("X").is_empty());
            assert!(request.values("Sec-WebSocket-Protocol").is_empty());
            stream.drain().await;
        })
        .await;
        let websocket = guest.open_with(&server.url(), Some(options)).await;
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn options_serve_many_connections_and_later_changes_do_not_reach_them() {
    run_guest(async |mut guest| {
        async fn server(values: &'static [&'static str]) -> Scripted {
            Scripted::start(async move |mut stream| {
                assert_eq!(stream.accept().await.values("X"), values);
                stream.drain().await;
            })
            .await
        }
        let options = guest.options().await;
        add_header(&mut guest, options, "1").await;
        let (first, second) = (server(&["1"]).await, server(&["1"]).await);
        let (third, fourth) = (server(&["1", "2"]).await, server(&["1", "2"]).await);
        let mut websockets = Vec::new();
        for server in [&first, &second] {
            websockets.push(guest.connect(&server.url(), Some(options)).await);
        }
        add_header(&mut guest, options, "2").await;
        for server in [&third, &fourth] {
            websockets.push(guest.connect(&server.url(), Some(options)).await);
        }
        guest.drop(options).await;
        for websocket in websockets {
            guest.until(websocket, is_open).await;
            guest.drop(websocket).await;
        }
        for server in [first, second, third, fourth] {
            server.finish().await;
        }
    });
}

async fn add_header(guest: &mut Guest, options: ResourceAny, value: &str) {
    let (store, client) = guest.client();
    client
        .connect_options()
        .call_add_header(store, options, "X", value.as_bytes())
        .await
        .expect("no trap")
        .expect("a header field");
}

#[test]
fn commands_in_a_wrong_state_change_nothing() {
    run_guest(async |mut guest| {
        let server = quiet().await;
        let websocket = guest.connect(&server.url(), None).await;
        assert_refuses_messages(&mut guest, websocket, ReadyState::Connecting).await;
        guest.until(websocket, is_open).await;
        guest.close(websocket, None, None).await.unwrap();
        assert_refuses_messages(&mut guest, websocket, ReadyState::Closing).await;

        let server = Echo::start().await;
        let websocket = guest.open(&server.url()).await;
        assert_closes(&mut guest, websocket).await;
        assert_refuses_messages(&mut guest, websocket, ReadyState::Closed).await;
        let closed = CallError::InvalidState(ReadyState::Closed);
        assert_eq!(guest.close(websocket, None, None).await, Err(closed));
        guest.pause(websocket).await;
        guest.resume(websocket).await;
        assert_eq!(guest.drive(websocket).await.events, []);
    });
}

async fn assert_refuses_messages(guest: &mut Guest, websocket: ResourceAny, state: ReadyState) {
    let refused = Err(CallError::InvalidState(state));
    assert_eq!(guest.ready_state(websocket).await, state);
    assert_eq!(guest.send(websocket, "x").await, refused);
    assert_eq!(guest.ping(websocket, b"").await, refused);
    assert_eq!(guest.ready_state(websocket).await, state);
}

#[test]
fn arguments_of_commands_that_cannot_be_used_are_named_by_part_and_change_nothing() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let websocket = guest.open(&server.url()).await;
        let long = "x".repeat(124);
        for (result, part) in [
            (guest.ping(websocket, &[0; 126]).await, Part::PingPayload),
            (
                guest.close(websocket, Some(1005), None).await,
                Part::CloseCode,
            ),
            (
                guest.close(websocket, None, Some(&long)).await,
                Part::CloseReason,
            ),
        ] {
            assert!(
                matches!(&result, Err(CallError::InvalidArgument(InvalidArgument { part: named, .. }))
                    if *named == part),
                "{result:?}"
            );
        }
        assert_eq!(guest.ready_state(websocket).await, ReadyState::Open);
        assert_eq!(guest.buffered_amount(websocket).await, 0);
        assert_closes(&mut guest, websocket).await;
    });
}

#[test]
fn tokens_rise_and_their_events_carry_them() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"a").await;
            stream.expect_frame(0x89, b"b").await;
            stream.expect_frame(0x81, b"c").await;
            stream.send(&frame(0x8a, b"b")).await;
            let close = close_payload(4000, "d");
            stream.expect_frame(0x88, &close).await;
            stream.send(&frame(0x88, &close)).await;
            stream.end().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let first = guest.send(websocket, "a").await.unwrap();
        let ping = guest.ping(websocket, b"b").await.unwrap();
        let second = guest.send(websocket, "c").await.unwrap();
        let close = guest.close(websocket, Some(4000), Some("d")).await.unwrap();
        assert!([first, ping, second, close].is_sorted_by(|a, b| a < b));
        // All calls of `close` complete together.
        assert_eq!(guest.close(websocket, None, None).await, Ok(close));
        let events = guest.until(websocket, is_close).await;
        assert_eq!(events[..2], [Event::Sent(first), Event::Sent(second)]);
        // The ping was given up for the closing handshake: its pong answers none.
        assert!(
            matches!(&events[2..], [Event::Pong(pong), Event::Close(closed)]
                if pong.payload == b"b" && closed.token == Some(close) && closed.code == 4000),
            "{events:?}"
        );
        server.finish().await;
    });
}

#[test]
fn a_pong_carries_the_token_of_its_ping() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let websocket = guest.open(&server.url()).await;
        let token = guest.ping(websocket, b"x").await.unwrap();
        let is_pong = |event: &Event| matches!(event, Event::Pong(_));
        let events = guest.until(websocket, is_pong).await;
        assert!(
            matches!(&events[..], [Event::Pong(pong)]
                if pong.token == Some(token) && pong.payload == b"x" && pong.round_trip.is_some()),
            "{events:?}"
        );
    });
}

#[test]
fn messages_that_are_sent_together_are_told_of_together() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let websocket = guest.open(&server.url()).await;
        let texts = ["a", "b", "c"];
        let messages = texts.map(|text| types::Message::Text(text.to_owned()));
        let token = guest.send_all(websocket, &messages).await.unwrap();
        let last = text("c");
        let events = guest.until(websocket, |event| *event == last).await;
        assert_eq!(
            events,
            [Event::Sent(token), text("a"), text("b"), text("c")]
        );
        assert_closes(&mut guest, websocket).await;
        let state = CallError::InvalidState(ReadyState::Closed);
        assert_eq!(guest.send_all(websocket, &messages).await, Err(state));
    });
}

#[test]
fn a_full_queue_has_room_again_after_a_message_is_sent() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let options = guest.options().await;
        let (store, client) = guest.client();
        client
            .connect_options()
            .call_set_max_buffered_amount(store, options, 10)
            .await
            .expect("no trap")
            .unwrap();
        let websocket = guest.open_with(&server.url(), Some(options)).await;
        for _ in 0..3 {
            // Longer than the limit, which is for what waits already.
            let token = guest.send(websocket, "a long message").await.unwrap();
            let waiting = guest.buffered_amount(websocket).await;
            assert_eq!(waiting, 2 + 4 + 14);
            let full = Err(CallError::QueueFull(waiting));
            assert_eq!(guest.send(websocket, "x").await, full);
            assert_eq!(guest.ping(websocket, b"").await, full);
            let both = ["x", "y"].map(|text| types::Message::Text(text.to_owned()));
            assert_eq!(guest.send_all(websocket, &both).await, full);
            assert_eq!(guest.buffered_amount(websocket).await, waiting);
            let sent = Event::Sent(token);
            guest.until(websocket, |event| *event == sent).await;
            assert_eq!(guest.buffered_amount(websocket).await, 0);
        }
    });
}

#[test]
fn what_a_server_does_not_read_waits() {
    run_guest(async |mut guest| {
        let (read, reading) = oneshot::channel();
        let message = vec![7; 16 << 20];
        let expected = message.clone();
        let server = Scripted::start(async move |mut stream| {
            stream.accept().await;
            reading.await.unwrap();
            stream.expect_frame(0x82, &expected).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let message = types::Message::Binary(message);
        let token = guest.send_message(websocket, &message).await.unwrap();
        let all = guest.buffered_amount(websocket).await;
        assert_eq!(all, (16 << 20) + 14);
        let turn = guest.drive(websocket).await;
        assert_eq!((turn.events, turn.deadline), (vec![], None));
        let left = guest.buffered_amount(websocket).await;
        assert!(0 < left && left < all, "{left}");
        read.send(()).unwrap();
        let sent = Event::Sent(token);
        guest.until(websocket, |event| *event == sent).await;
        assert_eq!(guest.buffered_amount(websocket).await, 0);
        guest.drop(websocket).await;
        server.finish().await;
    });
}

#[test]
fn a_paused_websocket_does_not_read() {
    run_guest(async |mut guest| {
        let (answer, asked) = oneshot::channel();
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            asked.await.unwrap();
            stream.send(&frame(0x81, b"Hello")).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let input = guest.subscribe(websocket).await;
        assert_eq!(input.len(), 1);
        guest.pause(websocket).await;
        answer.send(()).unwrap();
        guest.poll(&input).await;
        let turn = guest.drive(websocket).await;
        assert_eq!((turn.events, turn.deadline), (vec![], None));
        assert!(turn.resubscribe);
        guest.unsubscribe(websocket, input).await;
        assert!(guest.subscribe(websocket).await.is_empty());

        guest.resume(websocket).await;
        let events = guest.until(websocket, is_message).await;
        assert_eq!(events, [text("Hello")]);
    });
}

#[test]
fn closing_while_connecting_gives_up() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.request().await;
            stream.expect_eof().await;
        })
        .await;
        let websocket = guest.connect(&server.url(), None).await;
        // Until the request is under way.
        let waiter = guest.waiter().await;
        for _ in 0..2 {
            guest.drive(websocket).await;
            guest.wait(waiter, &[], Some(0)).await.unwrap();
        }
        let token = guest.close(websocket, None, None).await.unwrap();
        let turn = guest.drive(websocket).await;
        assert!(
            matches!(&turn.events[..], [Event::Close(closed)]
                if closed.code == 1006 && !closed.was_clean && closed.token == Some(token)),
            "{:?}",
            turn.events
        );
        assert!(guest.holds_nothing());
        drop(server);
    });
}
