use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;

use spin::Mutex;
use wasocket_client::{
    InvalidArgument, Options, Outgoing, PackedMessages, TlsContexts, WebSocket, WebSocketUrl,
};
use wit_bindgen::{FutureReader, StreamReader};

use crate::bindings::exports::wasocket::websocket::client::{
    self, ConnectOptionsBorrow, Guest, GuestConnectOptions, GuestWebsocket,
};
use crate::bindings::exports::wasocket::websocket::types;
use crate::convert;
use crate::host::{self, HostEntropy};
use crate::websocket::Handle;

struct Component;

crate::bindings::export!(Component);

/// What the connections of the instance share, so that they resume each other's TLS sessions.
static TLS_CONTEXTS: Mutex<TlsContexts> = Mutex::new(TlsContexts::new());

struct ConnectOptionsResource(RefCell<Options>);

struct WebsocketResource(Handle);

impl Guest for Component {
    type ConnectOptions = ConnectOptionsResource;
    type Websocket = WebsocketResource;
}

wasocket_shell::connect_options!(types, ConnectOptionsResource);

impl GuestWebsocket for WebsocketResource {
    async fn connect(
        host: Option<String>,
        port: Option<u16>,
        path: Option<String>,
        options: Option<ConnectOptionsBorrow<'_>>,
    ) -> Result<client::Websocket, types::ConnectError> {
        let websocket = {
            let url = WebSocketUrl::from_parts(host.as_deref(), port, path.as_deref())
                .map_err(InvalidArgument::from)?;
            let defaults = RefCell::default();
            let options = match &options {
                None => &defaults,
                Some(options) => &options.get::<ConnectOptionsResource>().0,
            };
            WebSocket::new(
                url,
                &options.borrow(),
                &mut TLS_CONTEXTS.lock(),
                Box::new(HostEntropy),
                host::now(),
            )?
        };
        match Handle::connect(websocket).await {
            Ok(handle) => Ok(client::Websocket::new(Self(handle))),
            Err(error) => Err(types::ConnectError::Failed(error.into())),
        }
    }

    fn get_opened(&self) -> types::Opened {
        self.0.opened().clone().into()
    }

    async fn send(
        &self,
        message: types::Message,
        options: types::SendOptions,
    ) -> Result<(), types::CallError> {
        Ok(self
            .0
            .send([Outgoing::from(&message)], options.into())
            .await?)
    }

    async fn send_all(
        &self,
        messages: Vec<types::Message>,
        options: types::SendOptions,
    ) -> Result<(), types::CallError> {
        let messages = messages.iter().map(Outgoing::from);
        Ok(self.0.send(messages, options.into()).await?)
    }

    async fn send_packed(
        &self,
        messages: types::PackedMessages,
        options: types::SendOptions,
    ) -> Result<(), types::CallError> {
        let messages = PackedMessages::from(messages);
        let messages = messages.outgoing()?;
        Ok(self
            .0
            .send(messages.iter().copied(), options.into())
            .await?)
    }

    async fn send_stream(
        &self,
        kind: types::MessageKind,
        payload: StreamReader<u8>,
        options: types::SendOptions,
    ) -> Result<u64, types::CallError> {
        let options = options.into();
        Ok(self.0.send_stream(kind.into(), payload, options).await?)
    }

    async fn ping(
        &self,
        payload: Vec<u8>,
        options: types::SendOptions,
    ) -> Result<types::Pong, types::CallError> {
        let unmasked = options.contains(types::SendOptions::UNMASKED);
        Ok(self.0.ping(&payload, unmasked).await?.into())
    }

    async fn receive(&self) -> Result<Option<types::Message>, types::Error> {
        let message = self.0.receive().await?;
        Ok(message.map(types::Message::from))
    }

    async fn receive_packed(&self) -> Result<Option<types::PackedMessages>, types::Error> {
        let messages = self.0.receive_packed().await?;
        Ok(messages.map(types::PackedMessages::from))
    }

    async fn receive_stream(
        &self,
    ) -> Result<Option<(types::MessageKind, StreamReader<u8>, FutureReader<bool>)>, types::Error>
    {
        let message = self.0.receive_stream().await?;
        Ok(message.map(|(kind, payload, whole)| (kind.into(), payload, whole)))
    }

    async fn events(&self) -> Vec<types::Event> {
        let (events, error) = self.0.events().await;
        let event = |event| convert::event(event, error.as_ref());
        events.into_iter().filter_map(event).collect()
    }

    async fn close(
        &self,
        code: Option<u16>,
        reason: Option<String>,
    ) -> Result<types::Closed, types::InvalidArgument> {
        Ok(convert::closed(self.0.close(code, reason).await?))
    }

    async fn closed(&self) -> types::Closed {
        convert::closed(self.0.closed().await)
    }

    fn get_ready_state(&self) -> types::ReadyState {
        self.0.ready_state().into()
    }

    fn get_buffered_amount(&self) -> u64 {
        self.0.buffered_amount()
    }

    fn get_statistics(&self) -> types::Statistics {
        self.0.statistics().into()
    }
}
