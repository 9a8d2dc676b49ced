//! `drive`, `subscribe` and `unsubscribe`, and the `waiter`.

use std::time::Duration;

use integration_tests::guest::{is_close, is_message, is_open, run_guest, types};
use integration_tests::{Echo, Scripted, close_payload, frame, pass, scaled};
use tokio::sync::oneshot;
use types::{Event, ReadyState};

use super::{assert_closes, assert_echoes, quiet, settle, text};

/// A time that is longer than any test.
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// As the documentation of `client` has it.
#[test]
fn a_caller_connects_drives_and_waits() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let waiter = guest.waiter().await;
        let websocket = guest.connect(&server.url(), None).await;
        let mut states = Vec::new();
        let mut token = None;
        loop {
            let turn = guest.drive(websocket).await;
            for event in turn.events {
                match event {
                    Event::Open(_) => {
                        states.push(guest.ready_state(websocket).await);
                        token = Some(guest.send(websocket, "Hello").await.unwrap());
                    }
                    Event::Sent(sent) => assert_eq!(Some(sent), token),
                    Event::Message(_) => {
                        assert_eq!(event, text("Hello"));
                        guest.close(websocket, None, None).await.unwrap();
                        states.push(guest.ready_state(websocket).await);
                    }
                    Event::Close(closed) => {
                        assert!(closed.was_clean);
                        states.push(guest.ready_state(websocket).await);
                        assert_eq!(
                            states,
                            [ReadyState::Open, ReadyState::Closing, ReadyState::Closed]
                        );
                        return;
                    }
                    other => panic!("{other:?}"),
                }
            }
            let ready = guest.wait(waiter, &[websocket], None).await.unwrap();
            assert_eq!(ready.websockets, [0]);
        }
    });
}

#[test]
fn a_caller_with_a_loop_of_its_own_borrows_what_to_wait_for() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let websocket = guest.connect(&server.url(), None).await;
        let mut lent = Vec::new();
        let mut events = Vec::new();
        while !events.iter().any(is_message) {
            let turn = guest.drive(websocket).await;
            if turn.events.iter().any(is_open) {
                guest.send(websocket, "Hello").await.unwrap();
                events.extend(guest.drive(websocket).await.events);
            }
            events.extend(turn.events);
            if turn.resubscribe {
                guest.unsubscribe(websocket, lent).await;
                lent = guest.subscribe(websocket).await;
            }
            if turn.deadline.is_none_or(|deadline| deadline > guest.now()) {
                guest.poll(&lent).await;
            }
        }
        assert!(events.contains(&text("Hello")), "{events:?}");
        guest.unsubscribe(websocket, lent).await;
        guest.drop(websocket).await;
        assert!(guest.holds_nothing());
    });
}

#[test]
fn one_waiter_waits_for_many_websockets() {
    const COUNT: usize = 20;
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let waiter = guest.waiter().await;
        let mut websockets = Vec::new();
        for _ in 0..COUNT {
            websockets.push(guest.connect(&server.url(), None).await);
        }
        let mut echoed = [0; COUNT];
        while echoed.iter().any(|count| *count < 3) {
            let ready = guest.wait(waiter, &websockets, None).await.unwrap();
            assert!(!ready.websockets.is_empty());
            assert!(ready.websockets.is_sorted_by(|a, b| a < b));
            for index in ready.websockets {
                let index = index as usize;
                let websocket = websockets[index];
                for event in guest.drive(websocket).await.events {
                    match event {
                        Event::Message(_) => {
                            assert_eq!(event, text(&format!("{index}: {}", echoed[index])));
                            echoed[index] += 1;
                        }
                        Event::Open(_) => {}
                        Event::Sent(_) => continue,
                        other => panic!("{other:?}"),
                    }
                    let message = format!("{index}: {}", echoed[index]);
                    guest.send(websocket, &message).await.unwrap();
                }
            }
        }
        for websocket in websockets {
            guest.drop(websocket).await;
        }
        assert!(guest.holds_nothing());
    });
}

#[test]
fn a_pollable_of_the_caller_is_named_by_its_number() {
    run_guest(async |mut guest| {
        let server = quiet().await;
        let websocket = guest.open(&server.url()).await;
        settle(&mut guest, websocket).await;
        let waiter = guest.waiter().await;
        let never = guest.timer(FOR_EVER);
        let soon = guest.timer(scaled(10));
        assert_eq!(guest.add(waiter, never).await, 0);
        assert_eq!(guest.add(waiter, soon).await, 1);
        let ready = guest.wait(waiter, &[websocket], None).await.unwrap();
        assert_eq!((ready.websockets, ready.pollables), (vec![], vec![1]));

        // A number that is free is given again, and names nothing until then.
        let never = guest.remove(waiter, 0).await.expect("it was added");
        assert!(guest.remove(waiter, 0).await.is_none());
        assert!(guest.remove(waiter, 7).await.is_none());
        let soon = guest.timer(scaled(10));
        assert_eq!(guest.add(waiter, soon).await, 0);
        pass(scaled(20)).await;
        let ready = guest.wait(waiter, &[], None).await.unwrap();
        assert_eq!(ready.pollables, [0, 1]);

        // They are told beside a websocket that is ready.
        guest.ping(websocket, b"").await.unwrap();
        let ready = guest.wait(waiter, &[websocket], None).await.unwrap();
        assert_eq!((ready.websockets, ready.pollables), (vec![0], vec![0, 1]));
        guest.drop_pollable(never);
    });
}

#[test]
fn when_the_deadline_comes_nothing_is_ready() {
    run_guest(async |mut guest| {
        let server = quiet().await;
        let websocket = guest.open(&server.url()).await;
        settle(&mut guest, websocket).await;
        let waiter = guest.waiter().await;
        let deadline = guest.now() + 20_000_000;
        for websockets in [&[websocket][..], &[]] {
            let ready = guest.wait(waiter, websockets, Some(deadline)).await;
            let ready = ready.unwrap();
            assert!(guest.now() >= deadline);
            assert!(ready.websockets.is_empty() && ready.pollables.is_empty());
        }
    });
}

#[test]
fn to_wait_for_nothing_is_an_error() {
    run_guest(async |mut guest| {
        let waiter = guest.waiter().await;
        let error = guest.wait(waiter, &[], None).await.unwrap_err();
        assert_eq!(error.part, types::Part::Pollables);

        // A websocket that is paused and has nothing to write never becomes ready.
        let server = quiet().await;
        let websocket = guest.open(&server.url()).await;
        guest.pause(websocket).await;
        guest.drive(websocket).await;
        let error = guest.wait(waiter, &[websocket], None).await.unwrap_err();
        assert_eq!(error.part, types::Part::Pollables);
    });
}

#[test]
fn a_websocket_that_did_something_or_is_closed_is_ready_at_once() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let waiter = guest.waiter().await;
        let websocket = guest.connect(&server.url(), None).await;
        let other = guest.open(&server.url()).await;
        let ready = guest.wait(waiter, &[other, websocket], None).await;
        assert_eq!(ready.unwrap().websockets, [1]);
        guest.until(websocket, is_open).await;
        assert_closes(&mut guest, websocket).await;
        for _ in 0..2 {
            let ready = guest.wait(waiter, &[other, websocket], None).await;
            assert_eq!(ready.unwrap().websockets, [1]);
        }
    });
}

#[test]
fn driving_a_closed_websocket_does_nothing() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let websocket = guest.open(&server.url()).await;
        assert_closes(&mut guest, websocket).await;
        for _ in 0..2 {
            let turn = guest.drive(websocket).await;
            assert_eq!((turn.events, turn.deadline), (vec![], None));
            assert!(guest.subscribe(websocket).await.is_empty());
        }
    });
}

/// One turn tells of 4,096 events at most, and the rest was forgotten until something else
/// happened.
#[test]
fn all_messages_are_told_of_as_sent_though_nothing_else_happens() {
    const COUNT: usize = 10_000;
    run_guest(async |mut guest| {
        let server = quiet().await;
        let websocket = guest.open(&server.url()).await;
        let mut tokens = Vec::new();
        for _ in 0..COUNT {
            tokens.push(guest.send(websocket, "").await.unwrap());
        }
        let last = Event::Sent(tokens[COUNT - 1]);
        let sent = guest.until(websocket, |event| *event == last).await;
        let expected: Vec<Event> = tokens.into_iter().map(Event::Sent).collect();
        assert!(sent == expected, "{} events", sent.len());
    });
}

/// The end of the stream was read over and over until the close timeout.
#[test]
fn a_websocket_whose_server_ended_its_side_rests_until_it_can_write() {
    run_guest(async |mut guest| {
        let (read, reading) = oneshot::channel();
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect(b"\x82").await;
            stream.send(&frame(0x88, &close_payload(1000, ""))).await;
            stream.end().await;
            reading.await.unwrap();
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let message = types::Message::Binary(vec![7; 16 << 20]);
        guest.send_message(websocket, &message).await.unwrap();
        while guest.ready_state(websocket).await != ReadyState::Closing {
            assert_eq!(guest.drive(websocket).await.events, []);
            tokio::task::yield_now().await;
        }
        settle(&mut guest, websocket).await;
        read.send(()).unwrap();
        let events = guest.until(websocket, is_close).await;
        assert!(matches!(&events[..], [Event::Sent(_), Event::Close(closed)] if closed.was_clean));
        server.finish().await;
    });
}

/// Timeouts were kept before what had arrived was read.
#[test]
fn a_pong_that_arrived_counts_though_the_caller_is_late() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x89, b"").await;
            stream.send(&frame(0x8a, b"")).await;
            stream.drain().await;
        })
        .await;
        let options = guest.options().await;
        let (store, client) = guest.client();
        let timeout = 50_000_000;
        client
            .connect_options()
            .call_set_pong_timeout(store, options, timeout)
            .await
            .expect("no trap")
            .unwrap();
        let websocket = guest.open_with(&server.url(), Some(options)).await;
        settle(&mut guest, websocket).await;
        let token = guest.ping(websocket, b"").await.unwrap();
        let turn = guest.drive(websocket).await;
        let deadline = turn.deadline.expect("a pong is due");
        // The pong is there, and its time is over.
        let lent = guest.subscribe(websocket).await;
        guest.poll(&lent).await;
        guest.unsubscribe(websocket, lent).await;
        let over = deadline.saturating_sub(guest.now()) + 1_000_000;
        pass(Duration::from_nanos(over)).await;
        let turn = guest.drive(websocket).await;
        assert!(
            matches!(&turn.events[..], [Event::Pong(pong)] if pong.token == Some(token)),
            "{:?}",
            turn.events
        );
        assert_eq!(guest.ready_state(websocket).await, ReadyState::Open);
    });
}

#[test]
fn what_a_server_sent_is_told_in_turns_of_bounded_size() {
    const COUNT: usize = 20_000;
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.send(&frame(0x81, b"").repeat(COUNT)).await;
            stream.drain().await;
        })
        .await;
        let websocket = guest.connect(&server.url(), None).await;
        let waiter = guest.waiter().await;
        let mut count = 0;
        while count < COUNT {
            guest.wait(waiter, &[websocket], None).await.unwrap();
            let events = guest.drive(websocket).await.events;
            assert!(events.len() <= 4_096, "{}", events.len());
            count += events.iter().filter(|event| is_message(event)).count();
        }
        assert_eq!(count, COUNT);
    });
}

#[test]
fn a_turn_names_the_time_at_which_to_drive_again() {
    run_guest(async |mut guest| {
        let server = Scripted::start(async |mut stream| stream.drain().await).await;
        let options = guest.options().await;
        let (store, client) = guest.client();
        let timeout = 50_000_000;
        client
            .connect_options()
            .call_set_connect_timeout(store, options, timeout)
            .await
            .expect("no trap")
            .unwrap();
        let start = guest.now();
        let websocket = guest.connect(&server.url(), Some(options)).await;
        let events = guest.until(websocket, is_close).await;
        assert!(guest.now() >= start + timeout);
        assert!(
            matches!(&events[..], [Event::Error(error), Event::Close(closed)]
                if error.code == types::ErrorCode::Timeout(types::Timeout::Connect)
                    && closed.code == 1006),
            "{events:?}"
        );
        let other = Echo::start().await;
        let other = guest.open(&other.url()).await;
        assert_echoes(&mut guest, other).await;
    });
}

#[test]
fn a_command_for_each_turn_keeps_input_back_for_no_more_than_one() {
    run_guest(async |mut guest| {
        let (answer, answered) = oneshot::channel();
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            stream.expect_frame(0x81, b"question").await;
            stream.send(&frame(0x81, b"answer")).await;
            answer.send(()).unwrap();
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let input = guest.subscribe(websocket).await;
        guest.send(websocket, "question").await.unwrap();
        let mut events = guest.drive(websocket).await.events;
        // It may be taken for ready before it is.
        answered.await.unwrap();
        guest.poll(&input).await;
        for _ in 0..2 {
            guest.send(websocket, "another").await.unwrap();
            events.extend(guest.drive(websocket).await.events);
        }
        let answer = text("answer");
        assert!(events.contains(&answer), "{events:?}");
        guest.unsubscribe(websocket, input).await;
        guest.drop(websocket).await;
        server.finish().await;
    });
}
