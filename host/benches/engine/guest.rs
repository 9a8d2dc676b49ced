//! An instance of the embedded component with one connection, driven through its WIT interface. No
//! call of it waits, and none leaves the process.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use integration_tests::guest::types::{Event, Message, SendOptions};
use integration_tests::guest::{Websocket, WebsocketPre, client};
use tokio_tungstenite::tungstenite;
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use crate::peer::{Peer, Transport};
use crate::wasi::State;
use crate::wires::Wires;

/// A long message.
pub(crate) static LONG: [u8; 64 << 10] = [7; 64 << 10];

/// How often a guest is driven at most until something happened: more often than it takes.
const MAX_TURNS: usize = 64;

/// A guest, and its peer.
pub(crate) struct Guest {
    store: Store<State>,
    world: Websocket,
    websocket: Option<ResourceAny>,
    peer: Peer,
    /// How long its calls took.
    computed: Duration,
}

impl Guest {
    /// Starts an instance.
    pub(crate) fn start(component: &WebsocketPre<State>, transport: &Transport) -> Self {
        let wires = Wires::default();
        let mut store = Store::new(component.engine(), State::new(wires.clone()));
        // An engine that counts no fuel refuses it, and needs none.
        let _ = store.set_fuel(u64::MAX);
        // Nobody counts epochs here.
        store.set_epoch_deadline(1);
        let world = component.instantiate_async(&mut store).now_or_never();
        Self {
            store,
            world: world.expect("nothing to wait for").expect("no trap"),
            websocket: None,
            peer: Peer::new(transport, wires),
            computed: Duration::ZERO,
        }
    }

    /// Opens a connection.
    pub(crate) fn open(&mut self, transport: &Transport) {
        let url = format!("{}://127.0.0.1/", transport.scheme());
        let options = match transport {
            Transport::Ws => None,
            Transport::Wss(_, roots) => Some(self.options_with(roots)),
        };
        let connected = self.call(async |store, client| {
            let websocket = client.websocket();
            let connected = websocket.call_connect(store, Some(&url), None, None, options);
            connected.await
        });
        self.websocket = Some(connected.expect("arguments that can be used"));
        let events = self.drive_until(|event| matches!(event, Event::Open(_)), 1);
        assert_eq!(events.len(), 1, "{events:?}");
    }

    fn options_with(&mut self, roots: &str) -> ResourceAny {
        self.call(async |store, client| {
            let setters = client.connect_options();
            let options = setters.call_constructor(&mut *store).await?;
            setters
                .call_remove_built_in_roots(&mut *store, options)
                .await?;
            let added = setters.call_add_roots(store, options, roots.as_bytes());
            assert_eq!(added.await?, Ok(1));
            Ok(options)
        })
    }

    /// Sends a message so many times by one call.
    pub(crate) fn send(&mut self, message: &[u8], count: usize) {
        let messages = vec![Message::Binary(message.to_vec()); count];
        let websocket = self.websocket();
        let queued = self.call(async |store, client| {
            let websockets = client.websocket();
            let none = SendOptions::empty();
            websockets
                .call_send_all(store, websocket, &messages, none)
                .await
        });
        let token = queued.expect("there is room");
        let mut received = Vec::new();
        for _ in 0..MAX_TURNS {
            let events = self.drive();
            received.extend(self.peer.serve());
            if events.contains(&Event::Sent(token)) {
                break;
            }
        }
        assert!(
            received.len() == count && received.iter().all(|it| it.clone().into_data() == message),
            "{} of {count} messages arrived",
            received.len()
        );
    }

    /// Receives a message so many times, all of which have arrived.
    pub(crate) fn receive(&mut self, message: &[u8], count: usize) {
        let sent = tungstenite::Message::binary(message.to_vec());
        self.peer.send(&sent, count);
        let events = self.drive_until(|event| matches!(event, Event::Message(_)), count);
        let right = events.iter().filter(|event| match event {
            Event::Message(Message::Binary(bytes)) => bytes == message,
            _ => false,
        });
        assert_eq!(right.count(), count);
    }

    /// Receives a message, and sends it back.
    pub(crate) fn echo(&mut self, message: &[u8]) {
        self.receive(message, 1);
        self.send(message, 1);
    }

    /// How much fuel its calls took, and its instantiation.
    pub(crate) fn fuel(&self) -> u64 {
        u64::MAX - self.store.get_fuel().expect("fuel is counted")
    }

    /// How long its calls took.
    pub(crate) fn computed(&self) -> Duration {
        self.computed
    }

    fn websocket(&self) -> ResourceAny {
        self.websocket.expect("it is open")
    }

    /// Ends the peer alone, for a guest that stays as it is.
    pub(crate) fn without_peer(self) -> (Store<State>, Websocket) {
        (self.store, self.world)
    }

    /// Drives it, and the peer beside it, until there are `count` events such as this; returns all.
    fn drive_until(&mut self, is_wanted: impl Fn(&Event) -> bool, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..MAX_TURNS {
            events.extend(self.drive());
            self.peer.serve();
            if events.iter().filter(|event| is_wanted(event)).count() == count {
                return events;
            }
        }
        panic!("it did not come to it: {events:?}");
    }

    fn drive(&mut self) -> Vec<Event> {
        let websocket = self.websocket();
        let turn = self.call(async |store, client| {
            let websockets = client.websocket();
            websockets.call_drive(store, websocket).await
        });
        turn.events
    }

    fn call<T>(
        &mut self,
        call: impl AsyncFnOnce(&mut Store<State>, &client::Guest) -> wasmtime::Result<T>,
    ) -> T {
        let client = self.world.wasocket_websocket_client();
        let start = Instant::now();
        let returned = call(&mut self.store, client).now_or_never();
        self.computed += start.elapsed();
        returned.expect("nothing to wait for").expect("no trap")
    }
}
