//! Drives the component for WASI 0.3 as another component would: through its WIT interface. The names
//! are those of `wit/0.3/client.wit`.

mod stream;

use std::sync::OnceLock;
use std::time::Duration;

use futures_channel::{mpsc, oneshot};
use wasmtime::component::{Accessor, Component, Linker, ResourceAny, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p3};

use crate::run;

mod generated {
    #![expect(missing_docs, reason = "bindgen-generated code")]

    wasmtime::component::bindgen!({
        path: "../wit/0.3",
        world: "websocket",
        with: { "wasi": wasmtime_wasi::p3::bindings },
        require_store_data_send: true,
        exports: { default: async | store },
        additional_derives: [Clone, PartialEq],
    });
}

pub use generated::exports::wasocket::websocket::{client, types};

crate::packed::packing!();

/// What a call came to, if the component did not trap.
type Call<T> = wasmtime::Result<T>;

/// Runs a test with an instance of the component that may connect to anything. The component is
/// compiled before the test's time starts.
///
/// # Panics
///
/// As [`run`].
#[track_caller]
pub fn run_guest(test: impl AsyncFnOnce(&Guest<'_>)) {
    component();
    run(with_guest(test));
}

/// Calls `work` with an instance of the component that may connect to anything. Calls of several of
/// its futures are in flight at once.
///
/// # Panics
///
/// If the component cannot be instantiated.
pub async fn with_guest<R>(work: impl AsyncFnOnce(&Guest<'_>) -> R) -> R {
    let pre = component();
    let mut store = Store::new(pre.engine(), State::new());
    let world = pre
        .instantiate_async(&mut store)
        .await
        .expect("an instance");
    let done = store.run_concurrent(async |accessor| {
        let client = world.wasocket_websocket_client();
        work(&Guest { accessor, client }).await
    });
    // wasmtime 48 takes a socket for not writable when Tokio's budget is used up.
    tokio::task::unconstrained(done).await.expect("no trap")
}

/// The component, compiled once for all tests.
fn component() -> &'static generated::WebsocketPre<State> {
    static COMPONENT: OnceLock<generated::WebsocketPre<State>> = OnceLock::new();
    COMPONENT.get_or_init(|| {
        let engine = Engine::default();
        let component = Component::from_binary(&engine, wasocket::COMPONENT_0_3);
        let mut linker = Linker::new(&engine);
        p3::add_to_linker(&mut linker).expect("WASI");
        let pre = linker.instantiate_pre(&component.expect("a component"));
        generated::WebsocketPre::new(pre.expect("all that it imports")).expect("what it exports")
    })
}

/// One instance of the component. Every call panics if the component traps.
pub struct Guest<'a> {
    accessor: &'a Accessor<State>,
    client: &'a client::Guest,
}

impl Guest<'_> {
    /// For calls that have no name here: what they are made with, and what has them.
    #[must_use]
    pub fn client(&self) -> (&Accessor<State>, &client::Guest) {
        (self.accessor, self.client)
    }

    /// `connect-options`, by its constructor.
    pub async fn options(&self) -> ResourceAny {
        let options = self.client.connect_options();
        no_trap(options.call_constructor(self.accessor).await)
    }

    /// Options that trust these roots alone, PEM.
    pub async fn options_with_roots(&self, pem: &str) -> ResourceAny {
        let options = self.options().await;
        let setters = self.client.connect_options();
        no_trap(
            setters
                .call_remove_built_in_roots(self.accessor, options)
                .await,
        );
        let pem = pem.as_bytes().to_vec();
        let added = setters.call_add_roots(self.accessor, options, pem).await;
        assert_eq!(no_trap(added), Ok(1));
        options
    }

    /// `connect-options.set-subprotocols`.
    pub async fn set_subprotocols(&self, options: ResourceAny, names: &[String]) {
        let setters = self.client.connect_options();
        let set = setters.call_set_subprotocols(self.accessor, options, names.to_vec());
        assert_eq!(no_trap(set.await), Ok(()));
    }

    /// `connect-options.set-close-timeout`.
    pub async fn set_close_timeout(&self, options: ResourceAny, timeout: Duration) {
        let nanos = u64::try_from(timeout.as_nanos()).expect("a short time");
        let setters = self.client.connect_options();
        let set = setters.call_set_close_timeout(self.accessor, options, nanos);
        assert_eq!(no_trap(set.await), Ok(()));
    }

    /// `websocket.connect` to a URL.
    pub async fn connect(
        &self,
        url: &str,
        options: Option<ResourceAny>,
    ) -> Result<ResourceAny, types::ConnectError> {
        let websocket = self.client.websocket();
        let host = Some(url.to_owned());
        no_trap(
            websocket
                .call_connect(self.accessor, host, None, None, options)
                .await,
        )
    }

    /// An open websocket.
    pub async fn open(&self, url: &str) -> ResourceAny {
        self.connect(url, None).await.expect("an open connection")
    }

    /// `websocket.get-opened`.
    pub async fn opened(&self, websocket: ResourceAny) -> types::Opened {
        no_trap(
            self.client
                .websocket()
                .call_get_opened(self.accessor, websocket)
                .await,
        )
    }

    /// `websocket.send` of a text.
    pub async fn send(&self, websocket: ResourceAny, text: &str) -> Result<(), types::CallError> {
        self.send_message(websocket, types::Message::Text(text.to_owned()))
            .await
    }

    /// `websocket.send`.
    pub async fn send_message(
        &self,
        websocket: ResourceAny,
        message: types::Message,
    ) -> Result<(), types::CallError> {
        self.send_with(websocket, message, types::SendOptions::empty())
            .await
    }

    /// `websocket.send`, with options.
    pub async fn send_with(
        &self,
        websocket: ResourceAny,
        message: types::Message,
        options: types::SendOptions,
    ) -> Result<(), types::CallError> {
        let calls = self.client.websocket();
        no_trap(
            calls
                .call_send(self.accessor, websocket, message, options)
                .await,
        )
    }

    /// `websocket.send-all`.
    pub async fn send_all(
        &self,
        websocket: ResourceAny,
        messages: Vec<types::Message>,
    ) -> Result<(), types::CallError> {
        let options = types::SendOptions::empty();
        let calls = self.client.websocket();
        no_trap(
            calls
                .call_send_all(self.accessor, websocket, messages, options)
                .await,
        )
    }

    /// `websocket.send-packed`.
    pub async fn send_packed(
        &self,
        websocket: ResourceAny,
        messages: types::PackedMessages,
    ) -> Result<(), types::CallError> {
        let options = types::SendOptions::empty();
        let calls = self.client.websocket();
        no_trap(
            calls
                .call_send_packed(self.accessor, websocket, messages, options)
                .await,
        )
    }

    /// `websocket.receive-packed`.
    pub async fn receive_packed(
        &self,
        websocket: ResourceAny,
    ) -> Result<Option<types::PackedMessages>, types::Error> {
        no_trap(
            self.client
                .websocket()
                .call_receive_packed(self.accessor, websocket)
                .await,
        )
    }

    /// `websocket.send-stream`; the payload is what comes from the channel.
    pub async fn send_stream(
        &self,
        websocket: ResourceAny,
        kind: types::MessageKind,
        payload: mpsc::Receiver<Vec<u8>>,
    ) -> Result<u64, types::CallError> {
        let payload = self
            .accessor
            .with(|access| stream::to_guest(access, payload));
        let options = types::SendOptions::empty();
        let calls = self.client.websocket();
        no_trap(
            calls
                .call_send_stream(self.accessor, websocket, kind, payload, options)
                .await,
        )
    }

    /// `websocket.receive-stream`: the kind, the payload piece by piece, and whether it is whole.
    pub async fn receive_stream(
        &self,
        websocket: ResourceAny,
    ) -> Result<Option<Incoming>, types::Error> {
        let calls = self.client.websocket();
        let message = no_trap(calls.call_receive_stream(self.accessor, websocket).await)?;
        Ok(message.map(|(kind, payload, is_whole)| {
            self.accessor.with(|mut access| Incoming {
                kind,
                payload: stream::from_guest(&mut access, payload),
                is_whole: stream::value_from_guest(&mut access, is_whole),
            })
        }))
    }

    /// `websocket.ping`.
    pub async fn ping(
        &self,
        websocket: ResourceAny,
        payload: &[u8],
    ) -> Result<types::Pong, types::CallError> {
        let options = types::SendOptions::empty();
        let calls = self.client.websocket();
        no_trap(
            calls
                .call_ping(self.accessor, websocket, payload.to_vec(), options)
                .await,
        )
    }

    /// `websocket.receive`.
    pub async fn receive(
        &self,
        websocket: ResourceAny,
    ) -> Result<Option<types::Message>, types::Error> {
        no_trap(
            self.client
                .websocket()
                .call_receive(self.accessor, websocket)
                .await,
        )
    }

    /// `websocket.events`.
    pub async fn events(&self, websocket: ResourceAny) -> Vec<types::Event> {
        no_trap(
            self.client
                .websocket()
                .call_events(self.accessor, websocket)
                .await,
        )
    }

    /// `websocket.close`.
    pub async fn close(
        &self,
        websocket: ResourceAny,
        code: Option<u16>,
        reason: Option<&str>,
    ) -> Result<types::Closed, types::InvalidArgument> {
        let reason = reason.map(str::to_owned);
        let calls = self.client.websocket();
        no_trap(
            calls
                .call_close(self.accessor, websocket, code, reason)
                .await,
        )
    }

    /// `websocket.closed`.
    pub async fn closed(&self, websocket: ResourceAny) -> types::Closed {
        no_trap(
            self.client
                .websocket()
                .call_closed(self.accessor, websocket)
                .await,
        )
    }

    /// `websocket.get-ready-state`.
    pub async fn ready_state(&self, websocket: ResourceAny) -> types::ReadyState {
        no_trap(
            self.client
                .websocket()
                .call_get_ready_state(self.accessor, websocket)
                .await,
        )
    }

    /// `websocket.get-buffered-amount`.
    pub async fn buffered_amount(&self, websocket: ResourceAny) -> u64 {
        no_trap(
            self.client
                .websocket()
                .call_get_buffered_amount(self.accessor, websocket)
                .await,
        )
    }

    /// `websocket.get-statistics`.
    pub async fn statistics(&self, websocket: ResourceAny) -> types::Statistics {
        no_trap(
            self.client
                .websocket()
                .call_get_statistics(self.accessor, websocket)
                .await,
        )
    }
}

/// A message of the server as it arrives.
#[derive(Debug)]
pub struct Incoming {
    /// Its kind.
    pub kind: types::MessageKind,
    /// Its payload. What is not taken of it is not asked of the component.
    pub payload: mpsc::Receiver<Vec<u8>>,
    /// Whether it is whole, once the payload has ended.
    pub is_whole: oneshot::Receiver<bool>,
}

#[track_caller]
fn no_trap<T>(call: Call<T>) -> T {
    call.expect("no trap")
}

/// The data of an instance's store.
pub struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl State {
    fn new() -> Self {
        let wasi = WasiCtx::builder()
            .allow_tcp(true)
            .allow_ip_name_lookup(true)
            .inherit_network()
            .build();
        Self {
            wasi,
            table: ResourceTable::new(),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}
