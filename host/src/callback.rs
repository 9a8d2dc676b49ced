//! Connections in the shape of the API that this crate follows, the `websocket` module of IoT.js:
//! `connect`, `send`, `ping` and `close` take callbacks, and handlers are told of the events
//! `open`, `message`, `close` and `error`.
//!
//! ```no_run
//! use wasocket::callback::Websocket;
//! use wasocket::{Grants, Runtime, SendOptions};
//!
//! # async fn example() -> Result<(), wasocket::RuntimeError> {
//! let grants = Grants::new().host("127.0.0.1", 8080);
//! let runtime = Runtime::builder().grants(grants).build()?;
//!
//! let mut websocket = Websocket::new(&runtime);
//! websocket.on_message(|_, message| println!("message: {message:?}"));
//! websocket.on_error(|_, error| eprintln!("error: {error}"));
//! let handle = websocket.connect(Some("ws://127.0.0.1"), Some(8080), Some("/chat"), |handle| {
//!     handle.send("My first WebSocket message!", SendOptions::new(), |_| println!("sent"));
//!     handle.ping("Ping frame 1", SendOptions::new(), |_, pong| {
//!         println!("pong after {:?}", pong.round_trip);
//!     });
//!     handle.close("done", 1000, |_, closed| println!("closed with {}", closed.code));
//! });
//! handle.closed().await;
//! # Ok(())
//! # }
//! ```
//!
//! Handlers and callbacks run on one task, one after another, in the order of what they tell of.
//! They may call everything here, and should not block.

use std::fmt;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::command::{Command, CommandSender};
use crate::error::Error;
use crate::event::{Closed, Event, Message, Pong};
use crate::options::{Options, SendOptions};
use crate::runtime::Runtime;
use crate::websocket::WebSocket;

type Handler<T> = Box<dyn FnMut(&Handle, T) + Send>;
type Callback<T> = Box<dyn FnOnce(&Handle, T) + Send>;

/// A connection that is not yet made, and the handlers for its events.
pub struct Websocket {
    runtime: Runtime,
    options: Options,
    handlers: Handlers,
}

#[derive(Default)]
struct Handlers {
    open: Vec<Handler<()>>,
    message: Vec<Handler<Message>>,
    close: Vec<Handler<Closed>>,
    error: Vec<Handler<Error>>,
}

/// Gives commands to a connection, from handlers or from elsewhere. Cheap to clone.
///
/// A command that cannot be carried out is told to the handlers of `error`, and its callback is
/// not called.
#[derive(Clone)]
pub struct Handle {
    calls: mpsc::UnboundedSender<Call>,
    closed: watch::Receiver<bool>,
}

/// A command with its callback.
enum Call {
    Send(Message, SendOptions, Callback<()>),
    Ping(Vec<u8>, SendOptions, Callback<Pong>),
    Close(String, u16, Callback<Closed>),
}

impl Websocket {
    /// A connection that `runtime` will run.
    pub fn new(runtime: &Runtime) -> Self {
        Self {
            runtime: runtime.clone(),
            options: Options::new(),
            handlers: Handlers::default(),
        }
    }

    /// Sets how to connect.
    pub fn set_options(&mut self, options: Options) {
        self.options = options;
    }

    /// Calls `handler` when the connection is established.
    pub fn on_open(&mut self, mut handler: impl FnMut(&Handle) + Send + 'static) {
        self.handlers
            .open
            .push(Box::new(move |handle, ()| handler(handle)));
    }

    /// Calls `handler` with each message of the server.
    pub fn on_message(&mut self, handler: impl FnMut(&Handle, Message) + Send + 'static) {
        self.handlers.message.push(Box::new(handler));
    }

    /// Calls `handler` when the connection is closed, or could not be opened: exactly once, and
    /// last.
    pub fn on_close(&mut self, handler: impl FnMut(&Handle, Closed) + Send + 'static) {
        self.handlers.close.push(Box::new(handler));
    }

    /// Calls `handler` when the connection could not be opened or fails, and when a command cannot
    /// be carried out.
    pub fn on_error(&mut self, handler: impl FnMut(&Handle, Error) + Send + 'static) {
        self.handlers.error.push(Box::new(handler));
    }

    /// Connects, and calls `callback` when the connection is established.
    ///
    /// `host` is a name or an address, with `ws://` or `wss://` before it if need be, or a whole
    /// URL; `localhost` if `None`. `port` is 80 for `ws` and 443 for `wss` if `None`, `path` is
    /// `/`.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn connect(
        mut self,
        host: Option<&str>,
        port: Option<u16>,
        path: Option<&str>,
        callback: impl FnOnce(&Handle) + Send + 'static,
    ) -> Handle {
        let mut callback = Some(callback);
        self.on_open(move |handle| {
            if let Some(callback) = callback.take() {
                callback(handle);
            }
        });
        let (calls, calls_rx) = mpsc::unbounded_channel();
        let (closed_tx, closed) = watch::channel(false);
        let handle = Handle { calls, closed };
        let dispatcher = Dispatcher {
            handle: handle.clone(),
            handlers: self.handlers,
            done: JoinSet::new(),
        };
        let host = host.map(str::to_owned);
        let path = path.map(str::to_owned);
        tokio::spawn(async move {
            let started = self
                .runtime
                .start(host.as_deref(), port, path.as_deref(), &self.options)
                .await;
            dispatcher.run(started, calls_rx).await;
            // Nobody may wait for it.
            let _ = closed_tx.send(true);
        });
        handle
    }
}

impl Handle {
    /// Sends a message, and calls `callback` when it is handed to the transport.
    pub fn send(
        &self,
        message: impl Into<Message>,
        options: SendOptions,
        callback: impl FnOnce(&Self) + Send + 'static,
    ) {
        let callback: Callback<()> = Box::new(move |handle, ()| callback(handle));
        self.call(Call::Send(message.into(), options, callback));
    }

    /// Sends a ping with up to 125 bytes of payload, and calls `callback` with the pong.
    pub fn ping(
        &self,
        payload: impl Into<Vec<u8>>,
        options: SendOptions,
        callback: impl FnOnce(&Self, Pong) + Send + 'static,
    ) {
        self.call(Call::Ping(payload.into(), options, Box::new(callback)));
    }

    /// Closes the connection, and calls `callback` when it is closed.
    pub fn close(
        &self,
        reason: impl Into<String>,
        code: u16,
        callback: impl FnOnce(&Self, Closed) + Send + 'static,
    ) {
        self.call(Call::Close(reason.into(), code, Box::new(callback)));
    }

    /// Waits until the connection is closed and its last handler has returned.
    pub async fn closed(&self) {
        // It fails if the task is gone, which is as closed as can be.
        let _ = self.closed.clone().wait_for(|closed| *closed).await;
    }

    fn call(&self, call: Call) {
        // Once the connection is closed, there is nobody to tell.
        let _ = self.calls.send(call);
    }
}

/// Runs handlers and callbacks.
struct Dispatcher {
    handle: Handle,
    handlers: Handlers,
    /// What became of each command, once it is known.
    done: JoinSet<Outcome>,
}

/// A callback that is due, or why it is not.
type Outcome = Result<Box<dyn FnOnce(&Handle) + Send>, Error>;

impl Dispatcher {
    async fn run(
        mut self,
        started: Result<WebSocket, Error>,
        mut calls: mpsc::UnboundedReceiver<Call>,
    ) {
        let mut websocket = match started {
            Ok(websocket) => websocket,
            Err(error) => {
                self.error(error);
                self.close(Closed::abnormally());
                return;
            }
        };
        let sender = websocket.sender();
        loop {
            tokio::select! {
                biased;
                // Callbacks of commands come before events that came later.
                Some(outcome) = self.done.join_next() => self.handle_done(outcome),
                event = websocket.event() => match event {
                    Some(Event::Close(closed)) => {
                        self.finish(closed).await;
                        return;
                    }
                    Some(event) => self.handle_event(event),
                    None => return,
                },
                Some(call) = calls.recv() => self.handle_call(sender.commands(), call),
            }
        }
    }

    fn handle_call(&mut self, commands: &CommandSender, call: Call) {
        match call {
            Call::Send(message, options, callback) => {
                let given = commands.give_now(move |done| Command::Send {
                    message,
                    options,
                    done: Some(done),
                });
                self.await_done(given, callback);
            }
            Call::Ping(payload, options, callback) => {
                let given = commands.give_now(move |done| Command::Ping {
                    payload,
                    options,
                    done,
                });
                self.await_done(given, callback);
            }
            Call::Close(reason, code, callback) => {
                let given = commands.give_now(move |done| Command::Close {
                    code: Some(code),
                    reason: Some(reason),
                    done: Some(done),
                });
                self.await_done(given, callback);
            }
        }
    }

    fn await_done<T: Send + 'static>(
        &mut self,
        given: Result<impl Future<Output = Result<T, Error>> + Send + 'static, Error>,
        callback: Callback<T>,
    ) {
        match given {
            Err(error) => self.error(error),
            Ok(done) => {
                self.done.spawn(async move {
                    let result = done.await?;
                    let due: Box<dyn FnOnce(&Handle) + Send> =
                        Box::new(move |handle| callback(handle, result));
                    Ok(due)
                });
            }
        }
    }

    fn handle_done(&mut self, outcome: Result<Outcome, tokio::task::JoinError>) {
        match outcome {
            Ok(Ok(callback)) => callback(&self.handle),
            Ok(Err(error)) => self.error(error),
            // Its futures neither panic nor are they aborted.
            Err(_) => {}
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Open(_) => call_all(&mut self.handlers.open, &self.handle, &()),
            Event::Message(message) => {
                call_all(&mut self.handlers.message, &self.handle, &message);
            }
            Event::Error(failure) => self.error(failure.into()),
            Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
        }
    }

    /// Calls what is still due, and the handlers of `close` last.
    async fn finish(&mut self, closed: Closed) {
        while let Some(outcome) = self.done.join_next().await {
            // Why others were not carried out was told by the failure of the connection, or is that
            // it is closed.
            if let Ok(Ok(callback)) = outcome {
                callback(&self.handle);
            }
        }
        self.close(closed);
    }

    fn error(&mut self, error: Error) {
        call_all(&mut self.handlers.error, &self.handle, &error);
    }

    fn close(&mut self, closed: Closed) {
        call_all(&mut self.handlers.close, &self.handle, &closed);
    }
}

/// Calls each handler, in the order in which they were set.
fn call_all<T: Clone>(handlers: &mut [Handler<T>], handle: &Handle, argument: &T) {
    for handler in handlers {
        handler(handle, argument.clone());
    }
}

impl fmt::Debug for Websocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Websocket")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
