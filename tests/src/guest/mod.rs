//! Drives the component as another component would: through its WIT interface, without the host
//! crate. The names are those of `wit/0.2/client.wit`.

mod host;

use std::time::Duration;

use wasmtime::Store;
use wasmtime::component::{Resource, ResourceAny};
use wasmtime_wasi::clocks::WasiClocksView;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::Host as _;
use wasmtime_wasi::p2::bindings::io::poll::{Host as _, HostPollable};

use crate::run;

mod generated {
    #![expect(missing_docs, reason = "bindgen-generated code")]

    wasmtime::component::bindgen!({
        path: "../wit/0.2",
        world: "websocket",
        with: { "wasi": wasmtime_wasi::p2::bindings },
        require_store_data_send: true,
        exports: { default: async },
        additional_derives: [PartialEq],
    });
}

pub use generated::exports::wasocket::websocket::client::{self, Ready};
pub use generated::exports::wasocket::websocket::types;
pub use generated::{Websocket, WebsocketPre};
pub use host::{Denied, Network, State};

crate::packed::packing!();

/// A pollable, as the host's side sees it.
pub type Pollable = Resource<DynPollable>;

/// Runs a test with an instance of the component that may connect to anything on this machine. The
/// component is compiled before the test's time starts.
///
/// # Panics
///
/// As [`run`].
#[track_caller]
pub fn run_guest(test: impl AsyncFnOnce(Guest)) {
    run_guest_on(Network::default(), test);
}

/// The same with a network of the test's choice.
///
/// # Panics
///
/// As [`run`].
#[track_caller]
pub fn run_guest_on(network: Network, test: impl AsyncFnOnce(Guest)) {
    let pre = host::component();
    run(async {
        let mut store = Store::new(pre.engine(), State::new(network));
        let world = pre
            .instantiate_async(&mut store)
            .await
            .expect("an instance");
        let waiters = world.wasocket_websocket_client().waiter();
        let waiter = waiters.call_constructor(&mut store).await.expect("no trap");
        let guest = Guest {
            store,
            world,
            waiter,
        };
        // wasmtime 48 takes a socket for not writable when Tokio's budget is used up.
        tokio::task::unconstrained(test(guest)).await;
    });
}

/// One instance of the component. Every call panics if the component traps.
pub struct Guest {
    store: Store<State>,
    world: Websocket,
    /// What [`Self::until`] waits with.
    waiter: ResourceAny,
}

impl Guest {
    /// For calls that have no name here: what they are made on, and what has them.
    pub fn client(&mut self) -> (&mut Store<State>, &client::Guest) {
        (&mut self.store, self.world.wasocket_websocket_client())
    }

    /// `connect-options`, by its constructor.
    pub async fn options(&mut self) -> ResourceAny {
        let (store, client) = self.client();
        let options = client.connect_options().call_constructor(store).await;
        options.expect("no trap")
    }

    /// Options that trust these roots alone, PEM.
    pub async fn options_with_roots(&mut self, pem: &str) -> ResourceAny {
        let options = self.options().await;
        let (store, client) = self.client();
        let setters = client.connect_options();
        setters
            .call_remove_built_in_roots(&mut *store, options)
            .await
            .expect("no trap");
        let added = setters.call_add_roots(store, options, pem.as_bytes()).await;
        assert_eq!(added.expect("no trap"), Ok(1));
        options
    }

    /// `websocket.connect` to a URL.
    pub async fn connect(&mut self, url: &str, options: Option<ResourceAny>) -> ResourceAny {
        self.try_connect(Some(url), None, None, options)
            .await
            .expect("arguments that can be used")
    }

    /// `websocket.connect`.
    pub async fn try_connect(
        &mut self,
        host: Option<&str>,
        port: Option<u16>,
        path: Option<&str>,
        options: Option<ResourceAny>,
    ) -> Result<ResourceAny, types::InvalidArgument> {
        let (store, client) = self.client();
        client
            .websocket()
            .call_connect(store, host, port, path, options)
            .await
            .expect("no trap")
    }

    /// An open websocket, whose `open` is taken.
    pub async fn open(&mut self, url: &str) -> ResourceAny {
        self.open_with(url, None).await
    }

    /// An open websocket, whose `open` is taken.
    pub async fn open_with(&mut self, url: &str, options: Option<ResourceAny>) -> ResourceAny {
        let websocket = self.connect(url, options).await;
        let events = self.until(websocket, is_open).await;
        assert_eq!(events.len(), 1, "{events:?}");
        websocket
    }

    /// `websocket.send` of a text.
    pub async fn send(
        &mut self,
        websocket: ResourceAny,
        text: &str,
    ) -> Result<types::Token, types::CallError> {
        let message = types::Message::Text(text.to_owned());
        self.send_message(websocket, &message).await
    }

    /// `websocket.send`.
    pub async fn send_message(
        &mut self,
        websocket: ResourceAny,
        message: &types::Message,
    ) -> Result<types::Token, types::CallError> {
        let (store, client) = self.client();
        client
            .websocket()
            .call_send(store, websocket, message, types::SendOptions::empty())
            .await
            .expect("no trap")
    }

    /// `websocket.send-all`.
    pub async fn send_all(
        &mut self,
        websocket: ResourceAny,
        messages: &[types::Message],
    ) -> Result<types::Token, types::CallError> {
        let (store, client) = self.client();
        client
            .websocket()
            .call_send_all(store, websocket, messages, types::SendOptions::empty())
            .await
            .expect("no trap")
    }

    /// `websocket.send-packed`.
    pub async fn send_packed(
        &mut self,
        websocket: ResourceAny,
        messages: &types::PackedMessages,
    ) -> Result<types::Token, types::CallError> {
        let (store, client) = self.client();
        client
            .websocket()
            .call_send_packed(store, websocket, messages, types::SendOptions::empty())
            .await
            .expect("no trap")
    }

    /// `websocket.receive-packed`.
    pub async fn receive_packed(&mut self, websocket: ResourceAny, enabled: bool) {
        let (store, client) = self.client();
        let websockets = client.websocket();
        let set = websockets
            .call_receive_packed(store, websocket, enabled)
            .await;
        set.expect("no trap");
    }

    /// `websocket.receive-parts`.
    pub async fn receive_parts(&mut self, websocket: ResourceAny, enabled: bool) {
        let (store, client) = self.client();
        let websockets = client.websocket();
        let set = websockets
            .call_receive_parts(store, websocket, enabled)
            .await;
        set.expect("no trap");
    }

    /// `websocket.pause`.
    pub async fn pause(&mut self, websocket: ResourceAny) {
        let (store, client) = self.client();
        let paused = client.websocket().call_pause(store, websocket).await;
        paused.expect("no trap");
    }

    /// `websocket.resume`.
    pub async fn resume(&mut self, websocket: ResourceAny) {
        let (store, client) = self.client();
        let resumed = client.websocket().call_resume(store, websocket).await;
        resumed.expect("no trap");
    }

    /// `websocket.ping`.
    pub async fn ping(
        &mut self,
        websocket: ResourceAny,
        payload: &[u8],
    ) -> Result<types::Token, types::CallError> {
        let (store, client) = self.client();
        client
            .websocket()
            .call_ping(store, websocket, payload, types::SendOptions::empty())
            .await
            .expect("no trap")
    }

    /// `websocket.close`.
    pub async fn close(
        &mut self,
        websocket: ResourceAny,
        code: Option<u16>,
        reason: Option<&str>,
    ) -> Result<types::Token, types::CallError> {
        let (store, client) = self.client();
        client
            .websocket()
            .call_close(store, websocket, code, reason)
            .await
            .expect("no trap")
    }

    /// `websocket.drive`.
    pub async fn drive(&mut self, websocket: ResourceAny) -> types::Turn {
        let (store, client) = self.client();
        let turn = client.websocket().call_drive(store, websocket).await;
        turn.expect("no trap")
    }

    /// `websocket.subscribe`.
    pub async fn subscribe(&mut self, websocket: ResourceAny) -> Vec<Pollable> {
        let (store, client) = self.client();
        let lent = client.websocket().call_subscribe(store, websocket).await;
        lent.expect("no trap")
    }

    /// `websocket.unsubscribe`.
    pub async fn unsubscribe(&mut self, websocket: ResourceAny, pollables: Vec<Pollable>) {
        let (store, client) = self.client();
        client
            .websocket()
            .call_unsubscribe(store, websocket, &pollables)
            .await
            .expect("no trap");
    }

    /// `websocket.get-ready-state`.
    pub async fn ready_state(&mut self, websocket: ResourceAny) -> types::ReadyState {
        let (store, client) = self.client();
        client
            .websocket()
            .call_get_ready_state(store, websocket)
            .await
            .expect("no trap")
    }

    /// `websocket.get-buffered-amount`.
    pub async fn buffered_amount(&mut self, websocket: ResourceAny) -> u64 {
        let (store, client) = self.client();
        client
            .websocket()
            .call_get_buffered_amount(store, websocket)
            .await
            .expect("no trap")
    }

    /// `websocket.get-statistics`.
    pub async fn statistics(&mut self, websocket: ResourceAny) -> types::Statistics {
        let (store, client) = self.client();
        client
            .websocket()
            .call_get_statistics(store, websocket)
            .await
            .expect("no trap")
    }

    /// `waiter`, by its constructor.
    pub async fn waiter(&mut self) -> ResourceAny {
        let (store, client) = self.client();
        let waiter = client.waiter().call_constructor(store).await;
        waiter.expect("no trap")
    }

    /// `waiter.add`.
    pub async fn add(&mut self, waiter: ResourceAny, pollable: Pollable) -> u32 {
        let (store, client) = self.client();
        let number = client.waiter().call_add(store, waiter, pollable).await;
        number.expect("no trap")
    }

    /// `waiter.remove`.
    pub async fn remove(&mut self, waiter: ResourceAny, number: u32) -> Option<Pollable> {
        let (store, client) = self.client();
        let pollable = client.waiter().call_remove(store, waiter, number).await;
        pollable.expect("no trap")
    }

    /// `waiter.wait`.
    pub async fn wait(
        &mut self,
        waiter: ResourceAny,
        websockets: &[ResourceAny],
        deadline: Option<u64>,
    ) -> Result<Ready, types::InvalidArgument> {
        let (store, client) = self.client();
        client
            .waiter()
            .call_wait(store, waiter, websockets, deadline)
            .await
            .expect("no trap")
    }

    /// Drops a websocket, a waiter or options.
    pub async fn drop(&mut self, resource: ResourceAny) {
        let dropped = resource.resource_drop_async(&mut self.store).await;
        dropped.expect("no trap");
    }

    /// Drives a websocket, and waits in between, until `is_last` is true of an event. Returns all
    /// that came, which may be more.
    ///
    /// # Panics
    ///
    /// If the websocket is closed before.
    pub async fn until(
        &mut self,
        websocket: ResourceAny,
        is_last: impl Fn(&types::Event) -> bool,
    ) -> Vec<types::Event> {
        let mut events = Vec::new();
        loop {
            events.extend(self.drive(websocket).await.events);
            if events.iter().any(&is_last) {
                return events;
            }
            assert!(!events.iter().any(is_close), "{events:?}");
            let ready = self.wait(self.waiter, &[websocket], None).await;
            assert!(ready.is_ok(), "{ready:?}");
        }
    }

    /// A pollable that has nothing to do with any websocket, and is ready after this time.
    pub fn timer(&mut self, after: Duration) -> Pollable {
        let nanos = u64::try_from(after.as_nanos()).expect("a time that can be told");
        let timer = self.store.data_mut().clocks().subscribe_duration(nanos);
        timer.expect("room for it")
    }

    /// What time it is on the monotonic clock.
    pub fn now(&mut self) -> u64 {
        self.store.data_mut().clocks().now().expect("a time")
    }

    /// Waits until one of these pollables is ready, as a caller with a loop of its own does.
    pub async fn poll(&mut self, pollables: &[Pollable]) {
        let borrowed = pollables
            .iter()
            .map(|pollable| Resource::new_borrow(pollable.rep()))
            .collect();
        let ready = self.store.data_mut().table.poll(borrowed).await;
        assert!(!ready.expect("no trap").is_empty());
    }

    /// Drops a pollable that belongs to the caller.
    pub fn drop_pollable(&mut self, pollable: Pollable) {
        let table = &mut self.store.data_mut().table;
        HostPollable::drop(table, pollable).expect("it was there");
    }

    /// Whether the host holds nothing for the instance: no socket, no stream, no pollable.
    pub fn holds_nothing(&mut self) -> bool {
        self.store.data_mut().table.is_empty()
    }
}

/// Whether it is `open`.
pub fn is_open(event: &types::Event) -> bool {
    matches!(event, types::Event::Open(_))
}

/// Whether it is `message`.
pub fn is_message(event: &types::Event) -> bool {
    matches!(event, types::Event::Message(_))
}

/// Whether it is `close`.
pub fn is_close(event: &types::Event) -> bool {
    matches!(event, types::Event::Close(_))
}
