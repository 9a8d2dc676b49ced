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
//! Handlers and callbacks run on one task of the connection's own, one after another, and never
//! inside of a call. They may call everything here, drop the last handle too, and should not block.
//!
//! Events are told in the order in which they happened, and so is what came of commands: callbacks of
//! messages, for example, come in the order of the calls. A callback is called before the events of
//! what happened after it; as it does not wait for the events before it, it may come before those
//! too.
//!
//! A handler or callback that panics ends its connection, and no other: nothing more is called, not
//! even the handlers of `close`, the server is told close code 1001, and [`Handle::closed`]
//! completes. The panic itself is reported as that of every task, by the panic hook.

use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::unconstrained;

use crate::command::{Command, CommandSender, Done};
use crate::counters::{ConnectionCounters, Metrics};
use crate::error::Error;
use crate::event::{Closed, Event, Message, Pong, ReadyState};
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
/// A command that cannot be carried out, because of its arguments or the state of the connection, is
/// told to the handlers of `error`, and its callback is not called. What is not done when the
/// connection ends is not told one by one: `close` tells it, and `error` before it if the connection
/// failed. After that, commands do nothing.
///
/// The connection lives on without its handles, until it is closed or fails.
#[derive(Clone)]
pub struct Handle {
    calls: mpsc::UnboundedSender<Call>,
    /// As far as handlers were told.
    state: watch::Receiver<ReadyState>,
    counters: Arc<ConnectionCounters>,
}

/// A command with its callback.
enum Call {
    /// What needs an open connection, before the handlers of `open` were called.
    TooEarly,
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

    /// Sets how to connect. Handlers get whole messages, so that
    /// [`Options::stream_messages_over`] has no effect.
    pub fn set_options(&mut self, options: Options) {
        self.options = options.without_streams();
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
    /// last, after the callback of `close`.
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
    /// `host` is a name, or an address (an IPv6 one in brackets), with `ws://` or `wss://` before it
    /// if need be, or a whole URL; `localhost` if `None`. `port` is 80 for `ws` and 443 for `wss` if
    /// it is given neither here nor in `host`, `path` is `/`. What is given twice has to be the same.
    ///
    /// An argument that cannot be used is told to the handlers of `error` and then of `close`, as
    /// everything else that keeps the connection from being opened.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, as everything of Tokio's network does.
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
        let (state_tx, state) = watch::channel(ReadyState::Connecting);
        let counters = self.runtime.attempt();
        let handle = Handle {
            calls,
            state,
            counters: counters.clone(),
        };
        let dispatcher = Dispatcher {
            handle: handle.clone(),
            state: state_tx,
            handlers: self.handlers,
            done: FuturesUnordered::new(),
        };
        let host = host.map(str::to_owned);
        let path = path.map(str::to_owned);
        tokio::spawn(async move {
            let started = self
                .runtime
                .start(
                    host.as_deref(),
                    port,
                    path.as_deref(),
                    &self.options,
                    &counters,
                )
                .await;
            dispatcher.run(started, calls_rx).await;
        });
        handle
    }
}

impl Handle {
    /// Sends a message, and calls `callback` when every byte of it is handed to the transport. The
    /// connection has to be open.
    ///
    /// How much waits to be sent is not bounded here: who sends a lot waits for callbacks.
    pub fn send(
        &self,
        message: impl Into<Message>,
        options: SendOptions,
        callback: impl FnOnce(&Self) + Send + 'static,
    ) {
        let callback: Callback<()> = Box::new(move |handle, ()| callback(handle));
        self.call_when_open(Call::Send(message.into(), options, callback));
    }

    /// Sends a ping with up to 125 bytes of payload, and calls `callback` with the pong. The
    /// connection has to be open.
    pub fn ping(
        &self,
        payload: impl Into<Vec<u8>>,
        options: SendOptions,
        callback: impl FnOnce(&Self, Pong) + Send + 'static,
    ) {
        self.call_when_open(Call::Ping(payload.into(), options, Box::new(callback)));
    }

    /// Closes the connection, after all that was sent, and calls `callback` when it is closed.
    ///
    /// The code is one of 1000 to 1003, 1007 to 1014 and 3000 to 4999, the reason has up to 123
    /// bytes.
    pub fn close(
        &self,
        reason: impl Into<String>,
        code: u16,
        callback: impl FnOnce(&Self, Closed) + Send + 'static,
    ) {
        self.call(Call::Close(reason.into(), code, Box::new(callback)));
    }

    /// Waits until the connection is closed and its last handler has returned, or one has panicked.
    pub async fn closed(&self) {
        let is_closed = |state: &ReadyState| *state == ReadyState::Closed;
        // It fails if the task is gone, which is as closed as can be.
        let _ = self.state.clone().wait_for(is_closed).await;
    }

    /// What the connection has counted so far, as [`Sender::metrics`](crate::Sender::metrics) tells it.
    pub fn metrics(&self) -> Metrics {
        self.counters.metrics()
    }

    fn call_when_open(&self, call: Call) {
        let is_early = *self.state.borrow() == ReadyState::Connecting;
        self.call(if is_early { Call::TooEarly } else { call });
    }

    fn call(&self, call: Call) {
        // Once the connection is closed, there is nobody to tell.
        let _ = self.calls.send(call);
    }
}

/// Runs handlers and callbacks.
struct Dispatcher {
    handle: Handle,
    state: watch::Sender<ReadyState>,
    handlers: Handlers,
    /// What becomes of each command. They come out in the order in which they are known.
    done: FuturesUnordered<BoxFuture<'static, Outcome>>,
}

/// A callback that is due, or why it is not; `None` if the connection ended before.
type Outcome = Option<Result<Due, Error>>;

type Due = Box<dyn FnOnce(&Handle) + Send>;

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
        let closed = loop {
            tokio::select! {
                Some(outcome) = unconstrained(self.done.next()) => self.handle_done(outcome),
                event = websocket.event() => {
                    // What was done before it happened is known by now.
                    self.handle_all_done();
                    match event {
                        Some(Event::Close(closed)) => break closed,
                        Some(event) => self.handle_event(event),
                        None => break Closed::abnormally(),
                    }
                }
                Some(call) = calls.recv() => {
                    let Some((command, outcome)) = call.into_command(sender.commands()) else {
                        self.error(Error::InvalidState(ReadyState::Connecting));
                        continue;
                    };
                    self.done.push(outcome);
                    // Waits for the new one too. Those that are waited for come out in the order in
                    // which they become known.
                    self.handle_all_done();
                    // Whether or not there is room: the server may read no more before messages of
                    // its are taken.
                    if let Err(error) = sender.commands().push(command) {
                        self.handle_done(Some(Err(error)));
                    }
                }
            }
        };
        self.finish(closed).await;
    }

    /// Handles what is known now of commands, whether or not Tokio's budget is used up.
    fn handle_all_done(&mut self) {
        while let Some(Some(outcome)) = unconstrained(self.done.next()).now_or_never() {
            self.handle_done(outcome);
        }
    }

    fn handle_done(&mut self, outcome: Outcome) {
        match outcome {
            Some(Ok(callback)) => callback(&self.handle),
            // The end of the connection is told by itself, once.
            Some(Err(Error::Failed(_) | Error::Closed(_))) | None => {}
            Some(Err(error)) => self.error(error),
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Open(_) => {
                self.state.send_replace(ReadyState::Open);
                call_all(&mut self.handlers.open, &self.handle, ());
            }
            Event::Message(message) => {
                call_all(&mut self.handlers.message, &self.handle, message);
            }
            Event::Error(failure) => self.error(failure.into()),
            // Here all messages are whole.
            Event::MessageStart(_) | Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
        }
    }

    /// Calls what is still due, and the handlers of `close` last.
    async fn finish(&mut self, closed: Closed) {
        while let Some(outcome) = self.done.next().await {
            self.handle_done(outcome);
        }
        self.close(closed);
    }

    fn error(&mut self, error: Error) {
        call_all(&mut self.handlers.error, &self.handle, error);
    }

    fn close(&mut self, closed: Closed) {
        call_all(&mut self.handlers.close, &self.handle, closed);
        self.state.send_replace(ReadyState::Closed);
    }
}

impl Call {
    /// The command, and what becomes of it; `None` if it came too early.
    fn into_command(
        self,
        commands: &CommandSender,
    ) -> Option<(Command, BoxFuture<'static, Outcome>)> {
        match self {
            Self::TooEarly => None,
            Self::Send(message, options, callback) => {
                let (done, outcome) = outcome(callback);
                let load = commands.outbox().load(message.len(), 1);
                let command = Command::Send {
                    message,
                    options,
                    done: Some(done),
                    load,
                };
                Some((command, outcome))
            }
            Self::Ping(payload, options, callback) => {
                let (done, outcome) = outcome(callback);
                let command = Command::Ping {
                    payload,
                    options,
                    done,
                };
                Some((command, outcome))
            }
            Self::Close(reason, code, callback) => {
                let (done, outcome) = outcome(callback);
                let command = Command::Close {
                    code: Some(code),
                    reason: Some(reason),
                    done: Some(done),
                };
                Some((command, outcome))
            }
        }
    }
}

/// Where to say what came of a command, and what then becomes of its callback.
fn outcome<T: Send + 'static>(callback: Callback<T>) -> (Done<T>, BoxFuture<'static, Outcome>) {
    let (done, result) = oneshot::channel::<Result<T, Error>>();
    let outcome = async move {
        let result = result.await.ok()?;
        let due = |result| -> Due { Box::new(move |handle| callback(handle, result)) };
        Some(result.map(due))
    };
    (done, outcome.boxed())
}

/// Calls each handler, in the order in which they were set. The last gets the argument itself, which
/// may be long.
fn call_all<T: Clone>(handlers: &mut [Handler<T>], handle: &Handle, argument: T) {
    if let Some((last, others)) = handlers.split_last_mut() {
        for handler in others {
            handler(handle, argument.clone());
        }
        last(handle, argument);
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
