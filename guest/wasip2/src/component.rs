use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::{Ref, RefCell};

use wasip2::clocks::monotonic_clock;
use wasip2::io::poll::Pollable;
use wasocket_client::{InvalidArgument, Options, Outgoing, PackedMessages, WebSocketUrl};

use crate::bindings::exports::wasocket::websocket::client::{
    self, ConnectOptionsBorrow, Guest, GuestConnectOptions, GuestWaiter, GuestWebsocket, Ready,
    WebsocketBorrow,
};
use crate::bindings::exports::wasocket::websocket::types;
use crate::driver::Driver;
use crate::host::{self, HostEntropy};
use crate::{tls, wait};

struct Component;

crate::bindings::export!(Component);

/// A call cannot enter the instance while another is in it, so that no borrow of these cells ever
/// meets another: each is let go before the call returns.
struct ConnectOptionsResource(RefCell<Options>);

struct WebsocketResource(RefCell<Driver>);

struct WaiterResource(RefCell<BTreeMap<u32, Pollable>>);

impl Guest for Component {
    type ConnectOptions = ConnectOptionsResource;
    type Websocket = WebsocketResource;
    type Waiter = WaiterResource;
}

impl GuestWaiter for WaiterResource {
    fn new() -> Self {
        Self(RefCell::default())
    }

    fn add(&self, pollable: Pollable) -> u32 {
        let mut pollables = self.0.borrow_mut();
        let free = (0..).find(|number| !pollables.contains_key(number));
        // There are fewer handles than numbers.
        let number = free.unwrap_or(u32::MAX);
        pollables.insert(number, pollable);
        number
    }

    fn remove(&self, number: u32) -> Option<Pollable> {
        self.0.borrow_mut().remove(&number)
    }

    fn wait(
        &self,
        websockets: Vec<WebsocketBorrow<'_>>,
        deadline: Option<monotonic_clock::Instant>,
    ) -> Result<Ready, types::InvalidArgument> {
        let drivers: Vec<Ref<'_, Driver>> = websockets
            .iter()
            .map(|websocket| websocket.get::<WebsocketResource>().0.borrow())
            .collect();
        let pollables = self.0.borrow();
        Ok(wait::wait(&drivers, &pollables, deadline)?)
    }
}

wasocket_shell::connect_options!(types, ConnectOptionsResource);

impl GuestWebsocket for WebsocketResource {
    fn connect(
        host: Option<String>,
        port: Option<u16>,
        path: Option<String>,
        options: Option<ConnectOptionsBorrow<'_>>,
    ) -> Result<client::Websocket, types::InvalidArgument> {
        let url = WebSocketUrl::from_parts(host.as_deref(), port, path.as_deref())
            .map_err(InvalidArgument::from)?;
        let defaults = RefCell::default();
        let options = match &options {
            None => &defaults,
            Some(options) => &options.get::<ConnectOptionsResource>().0,
        };
        let websocket = tls::websocket(url, &options.borrow(), Box::new(HostEntropy), host::now())?;
        let driver = RefCell::new(Driver::new(websocket));
        Ok(client::Websocket::new(Self(driver)))
    }

    fn send(
        &self,
        message: types::Message,
        options: types::SendOptions,
    ) -> Result<types::Token, types::CallError> {
        let mut driver = self.0.borrow_mut();
        let command = driver.command();
        Ok(command.send(Outgoing::from(&message), options.into(), host::now())?)
    }

    fn send_all(
        &self,
        messages: Vec<types::Message>,
        options: types::SendOptions,
    ) -> Result<types::Token, types::CallError> {
        let messages = messages.iter().map(Outgoing::from);
        let mut driver = self.0.borrow_mut();
        let command = driver.command();
        Ok(command.send_all(messages, options.into(), host::now())?)
    }

    fn send_packed(
        &self,
        messages: types::PackedMessages,
        options: types::SendOptions,
    ) -> Result<types::Token, types::CallError> {
        let messages = PackedMessages::from(messages);
        let messages = messages.outgoing()?;
        let mut driver = self.0.borrow_mut();
        let command = driver.command();
        Ok(command.send_all(messages, options.into(), host::now())?)
    }

    fn start_message(
        &self,
        kind: types::MessageKind,
        options: types::SendOptions,
    ) -> Result<types::Token, types::CallError> {
        let mut driver = self.0.borrow_mut();
        let command = driver.command();
        Ok(command.start_message(kind.into(), options.into())?)
    }

    fn send_part(&self, part: Vec<u8>) -> Result<(), types::CallError> {
        let mut driver = self.0.borrow_mut();
        Ok(driver.command().send_part(&part, host::now())?)
    }

    fn finish_message(&self) -> Result<(), types::CallError> {
        let mut driver = self.0.borrow_mut();
        Ok(driver.command().finish_message(host::now())?)
    }

    fn abandon_message(&self) -> Result<Option<types::Token>, types::CallError> {
        let mut driver = self.0.borrow_mut();
        Ok(driver.command().abandon_message(host::now())?)
    }

    fn receive_parts(&self, enabled: bool) {
        self.0.borrow_mut().receive_parts(enabled);
    }

    fn receive_packed(&self, enabled: bool) {
        self.0.borrow_mut().receive_packed(enabled);
    }

    fn ping(
        &self,
        payload: Vec<u8>,
        options: types::SendOptions,
    ) -> Result<types::Token, types::CallError> {
        let unmasked = options.contains(types::SendOptions::UNMASKED);
        let mut driver = self.0.borrow_mut();
        Ok(driver.command().ping(&payload, unmasked, host::now())?)
    }

    fn close(
        &self,
        code: Option<u16>,
        reason: Option<String>,
    ) -> Result<types::Token, types::CallError> {
        let mut driver = self.0.borrow_mut();
        Ok(driver.command().close(code, reason, host::now())?)
    }

    fn pause(&self) {
        self.0.borrow_mut().pause();
    }

    fn resume(&self) {
        self.0.borrow_mut().resume();
    }

    fn drive(&self) -> types::Turn {
        self.0.borrow_mut().turn().into()
    }

    fn subscribe(&self) -> Vec<Pollable> {
        self.0.borrow_mut().subscribe()
    }

    fn unsubscribe(&self, pollables: Vec<Pollable>) {
        self.0.borrow_mut().unsubscribe(pollables);
    }

    fn get_ready_state(&self) -> types::ReadyState {
        self.0.borrow().websocket().ready_state().into()
    }

    fn get_buffered_amount(&self) -> u64 {
        self.0.borrow().websocket().buffered_amount()
    }

    fn get_statistics(&self) -> types::Statistics {
        self.0.borrow().websocket().statistics().into()
    }
}
