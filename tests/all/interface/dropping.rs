//! Dropping in any order: it must not trap, which would take every other websocket of the instance
//! with it.

use std::time::Duration;

use integration_tests::guest::{
    Guest, Network, Pollable, is_close, is_open, run_guest, run_guest_on, types,
};
use integration_tests::{Echo, Scripted};
use tokio::sync::oneshot;
use types::ReadyState;
use wasmtime::component::ResourceAny;

use super::{assert_closes, assert_echoes, quiet};

/// Where a websocket stands, and what there is to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Resolving,
    Connecting,
    TlsHandshake,
    OpeningHandshake,
    Open,
    Closing,
    Closed,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Resolving,
        Self::Connecting,
        Self::TlsHandshake,
        Self::OpeningHandshake,
        Self::Open,
        Self::Closing,
        Self::Closed,
    ];
}

/// A network in which every state can be reached.
fn network() -> Network {
    Network::default()
        .unresolved("unresolved.test")
        .silent("127.0.0.2")
}

/// A websocket in this state, and its server.
async fn in_state(guest: &mut Guest, state: State) -> (ResourceAny, Option<Scripted>) {
    match state {
        State::Resolving => (connecting(guest, "ws://unresolved.test/").await, None),
        State::Connecting => (connecting(guest, "ws://127.0.0.2/").await, None),
        State::TlsHandshake | State::OpeningHandshake => {
            // It takes what it gets, and answers nothing.
            let (arrived, mut arriving) = oneshot::channel();
            let server = Scripted::start(async move |mut stream| {
                let first = match state {
                    State::TlsHandshake => b"\x16",
                    _ => b"G",
                };
                stream.expect(first).await;
                arrived.send(()).expect("the test waits");
                stream.drain().await;
            })
            .await;
            let scheme = match state {
                State::TlsHandshake => "wss",
                _ => "ws",
            };
            let url = format!("{scheme}://127.0.0.1:{}/", server.port());
            let websocket = guest.connect(&url, None).await;
            while arriving.try_recv().is_err() {
                assert_eq!(guest.drive(websocket).await.events, []);
                tokio::task::yield_now().await;
            }
            (websocket, Some(server))
        }
        State::Open => {
            let server = quiet().await;
            (guest.open(&server.url()).await, Some(server))
        }
        State::Closing => {
            let server = quiet().await;
            let websocket = guest.open(&server.url()).await;
            guest.close(websocket, None, None).await.expect("closing");
            guest.drive(websocket).await;
            (websocket, Some(server))
        }
        State::Closed => {
            let server = Scripted::start(async |mut stream| {
                stream.accept().await;
                stream.end().await;
            })
            .await;
            let websocket = guest.connect(&server.url(), None).await;
            guest.until(websocket, is_close).await;
            (websocket, Some(server))
        }
    }
}

async fn connecting(guest: &mut Guest, url: &str) -> ResourceAny {
    let websocket = guest.connect(url, None).await;
    assert_eq!(guest.drive(websocket).await.events, []);
    websocket
}

async fn lent_in(guest: &mut Guest, websocket: ResourceAny, state: State) -> Vec<Pollable> {
    let lent = guest.subscribe(websocket).await;
    assert_eq!(lent.is_empty(), state == State::Closed, "{state:?}");
    let expected = match state {
        State::Open => ReadyState::Open,
        State::Closing => ReadyState::Closing,
        State::Closed => ReadyState::Closed,
        _ => ReadyState::Connecting,
    };
    assert_eq!(guest.ready_state(websocket).await, expected);
    lent
}

#[test]
fn a_websocket_is_dropped_in_any_state_and_nothing_of_it_is_left() {
    run_guest_on(network(), async |mut guest| {
        for state in State::ALL {
            let (websocket, _server) = in_state(&mut guest, state).await;
            let lent = lent_in(&mut guest, websocket, state).await;
            guest.unsubscribe(websocket, lent).await;
            guest.drop(websocket).await;
            assert!(guest.holds_nothing(), "{state:?}");
        }
    });
}

#[test]
fn a_websocket_is_dropped_before_its_pollables_and_others_go_on() {
    run_guest_on(network(), async |mut guest| {
        let server = Echo::start().await;
        let bystander = guest.open(&server.url()).await;
        for state in State::ALL {
            let (websocket, server) = in_state(&mut guest, state).await;
            let lent = lent_in(&mut guest, websocket, state).await;
            guest.drop(websocket).await;
            assert_echoes(&mut guest, bystander).await;
            // The peer is told though the handles are kept.
            if let Some(server) = server {
                server.finish().await;
            }
            for pollable in lent {
                guest.drop_pollable(pollable);
            }
            assert_echoes(&mut guest, bystander).await;
        }
        assert_closes(&mut guest, bystander).await;
    });
}

#[test]
fn a_websocket_closes_while_its_pollables_are_out() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let websocket = guest.open(&server.url()).await;
        let mut lent = guest.subscribe(websocket).await;
        lent.extend(guest.subscribe(websocket).await);
        assert_closes(&mut guest, websocket).await;
        assert!(guest.drive(websocket).await.resubscribe);
        // All or some, in any order.
        while let Some(pollable) = lent.pop() {
            assert!(!guest.holds_nothing());
            guest.unsubscribe(websocket, vec![pollable]).await;
        }
        assert!(guest.holds_nothing());
        guest.drop(websocket).await;
    });
}

#[test]
fn pollables_that_a_websocket_did_not_lend_are_dropped() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let websocket = guest.open(&server.url()).await;
        let timers = vec![
            guest.timer(Duration::ZERO),
            guest.timer(Duration::from_secs(3_600)),
        ];
        guest.unsubscribe(websocket, timers).await;
        guest.unsubscribe(websocket, Vec::new()).await;
        let lent = guest.subscribe(websocket).await;
        guest.unsubscribe(websocket, lent).await;
        assert_echoes(&mut guest, websocket).await;
        assert_closes(&mut guest, websocket).await;
        assert!(guest.holds_nothing());
    });
}

#[test]
fn options_are_dropped_before_their_websocket_opens() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let options = guest.options().await;
        let websocket = guest.connect(&server.url(), Some(options)).await;
        guest.drop(options).await;
        guest.until(websocket, is_open).await;
        assert_echoes(&mut guest, websocket).await;
    });
}

#[test]
fn a_waiter_is_dropped_before_or_after_what_it_waited_for() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let bystander = guest.open(&server.url()).await;
        for waiter_first in [true, false] {
            let websocket = guest.open(&server.url()).await;
            let waiter = guest.waiter().await;
            for pollable in guest.subscribe(websocket).await {
                guest.add(waiter, pollable).await;
            }
            let timer = guest.timer(Duration::ZERO);
            guest.add(waiter, timer).await;
            let ready = guest.wait(waiter, &[websocket, bystander], None).await;
            assert!(ready.is_ok(), "{ready:?}");
            let order = if waiter_first {
                [waiter, websocket]
            } else {
                [websocket, waiter]
            };
            for resource in order {
                guest.drop(resource).await;
            }
            assert_echoes(&mut guest, bystander).await;
        }
    });
}

/// wasmtime lets the dropping of a stream wait for what is being written to it.
#[test]
fn dropping_does_not_wait_for_a_server_that_does_not_read() {
    run_guest(async |mut guest| {
        let server = Echo::start().await;
        let bystander = guest.open(&server.url()).await;
        let (read, reading) = oneshot::channel();
        let server = Scripted::start(async |mut stream| {
            stream.accept().await;
            reading.await.unwrap();
            stream.drain().await;
        })
        .await;
        let websocket = guest.open(&server.url()).await;
        let message = types::Message::Binary(vec![7; 16 << 20]);
        guest.send_message(websocket, &message).await.unwrap();
        guest.drive(websocket).await;
        assert!(guest.buffered_amount(websocket).await > 0);
        guest.drop(websocket).await;
        assert_echoes(&mut guest, bystander).await;

        // What was handed over arrives; then there is nothing more to hold.
        read.send(()).unwrap();
        server.finish().await;
        assert_closes(&mut guest, bystander).await;
        while !guest.holds_nothing() {
            guest.drive(bystander).await;
            tokio::task::yield_now().await;
        }
    });
}
