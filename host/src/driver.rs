//! The task of one connection: owns its store, waits for the guest's pollables, its deadline and
//! the application's commands at once, and enters the guest only to do what can be done now.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, trace};
use wasmtime::Store;
use wasmtime::component::{Resource, ResourceAny};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi_io::bindings::wasi::io::poll::{Host as _, HostPollable as _};

use crate::bindings::{self, types};
use crate::error::{Error, Failure, FailureKind, Step, TrapReport};
use crate::event::{Closed, Event, Message, Pong, ReadyState};
use crate::options::SendOptions;
use crate::queue::EventSender;
use crate::store::State;

/// What the code of the Close frame is when the application dropped the connection: "an endpoint
/// is "going away"" (RFC 6455, section 7.4.1).
const GOING_AWAY: u16 = 1001;

/// After how many turns other tasks come first. Tokio does not see to it: this task is exempt from
/// its budget, and a peer that never stops sending never makes it wait.
const TURNS_BETWEEN_YIELDS: usize = 8;

/// What the application asks of a connection, and where to say what came of it.
#[derive(Debug)]
pub(crate) enum Command {
    Send {
        message: Message,
        options: SendOptions,
        /// `None` if nobody waits for it.
        done: Option<Done<()>>,
    },
    Ping {
        payload: Vec<u8>,
        options: SendOptions,
        done: Done<Pong>,
    },
    Close {
        code: Option<u16>,
        reason: Option<String>,
        done: Done<Closed>,
    },
}

/// Why the connection takes no more commands, once it does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended(Arc<OnceLock<Error>>);

impl Ended {
    fn set(&self, error: Error) {
        // There is one end.
        let _ = self.0.set(error);
    }

    /// The error of a command that was not taken.
    pub(crate) fn error(&self) -> Error {
        let closed = Error::InvalidState(ReadyState::Closed);
        self.0.get().cloned().unwrap_or(closed)
    }
}

/// Takes the result of a command. Nobody has to wait for it.
pub(crate) type Done<T> = oneshot::Sender<Result<T, Error>>;

/// One connection.
pub(crate) struct Driver {
    store: Store<State>,
    guest: bindings::Websocket,
    websocket: ResourceAny,
    commands: mpsc::Receiver<Command>,
    events: EventSender,
    ended: Ended,
    /// What the guest lent us to wait for.
    pollables: Vec<Resource<DynPollable>>,
    deadline: Option<Instant>,
    in_flight: InFlight,
    /// What there was no room for. No other command is taken before it.
    held: Option<Held>,
    /// The guest does not read, because the application does not take its events.
    paused: bool,
    /// The application closes the connection. What it does not take from here on is dropped once
    /// too much waits, so that the closing handshake is not held up by it.
    closing: bool,
    /// The application dropped its handles: nobody gives commands any more.
    abandoned: bool,
    opened: bool,
    failure: Option<Failure>,
    closed: bool,
}

/// A message or a ping that the guest had no room for.
struct Held {
    command: Command,
    /// How many bytes waited to be sent then.
    waiting: u64,
}

/// The commands whose results are not known yet.
#[derive(Debug, Default)]
struct InFlight {
    /// By rising tokens, in whose order messages are sent.
    sends: VecDeque<(u64, Done<()>)>,
    pings: Vec<(u64, Done<Pong>)>,
    closes: Vec<Done<Closed>>,
}

impl Driver {
    pub(crate) fn new(
        store: Store<State>,
        guest: bindings::Websocket,
        websocket: ResourceAny,
        commands: mpsc::Receiver<Command>,
        events: EventSender,
        ended: Ended,
    ) -> Self {
        Self {
            store,
            guest,
            websocket,
            commands,
            events,
            ended,
            pollables: Vec::new(),
            deadline: None,
            in_flight: InFlight::default(),
            held: None,
            paused: false,
            closing: false,
            abandoned: false,
            opened: false,
            failure: None,
            closed: false,
        }
    }

    /// Runs the connection to its end.
    ///
    /// The store is dropped with this, and with it whatever the guest holds: asking the guest to
    /// drop it could wait for a peer that does not read.
    pub(crate) async fn run(mut self) {
        if let Err(trap) = self.try_run().await {
            error!("the component trapped: {trap:#}");
            self.handle_trap(trap);
        }
    }

    async fn try_run(&mut self) -> wasmtime::Result<()> {
        loop {
            for _ in 0..TURNS_BETWEEN_YIELDS {
                self.take_commands().await?;
                self.drive().await?;
                if self.closed {
                    return Ok(());
                }
                // Whether or not there is more to do at once: a server that is fast enough always
                // sees to that.
                if !self.paused && !self.closing && self.events.is_full() {
                    self.set_paused(true).await?;
                }
                self.wait().await?;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Lets the guest do what can be done now, and tells what happened.
    async fn drive(&mut self) -> wasmtime::Result<()> {
        let turn = self
            .guest
            .wasocket_websocket_client()
            .websocket()
            .call_drive(&mut self.store, self.websocket)
            .await?;
        let clock = self.store.data().clock;
        self.deadline = turn.deadline.and_then(|nanos| clock.instant(nanos));
        for event in turn.events {
            self.handle_event(event);
        }
        if turn.resubscribe && !self.closed {
            self.resubscribe().await?;
        }
        Ok(())
    }

    async fn resubscribe(&mut self) -> wasmtime::Result<()> {
        let websocket = self.guest.wasocket_websocket_client().websocket();
        if !self.pollables.is_empty() {
            let lent = std::mem::take(&mut self.pollables);
            websocket
                .call_unsubscribe(&mut self.store, self.websocket, &lent)
                .await?;
        }
        self.pollables = websocket
            .call_subscribe(&mut self.store, self.websocket)
            .await?;
        Ok(())
    }

    /// Waits until there is something to do.
    async fn wait(&mut self) -> wasmtime::Result<()> {
        let now = Instant::now();
        let is_due = self.deadline.is_some_and(|deadline| deadline <= now);
        if is_due || self.has_room().await? {
            // There is more to do than fits one turn; others come first.
            tokio::task::yield_now().await;
            return Ok(());
        }
        let takes_commands = self.held.is_none() && !self.abandoned;
        let mut has_room = false;
        tokio::select! {
            biased;
            command = self.commands.recv(), if takes_commands => match command {
                Some(command) => self.execute(command).await?,
                None => self.abandon().await?,
            },
            ready = ready(&mut self.store, &self.pollables) => ready?,
            () = self.events.room(), if self.paused => has_room = true,
            () = sleep(self.deadline) => {}
        }
        if has_room {
            self.set_paused(false).await?;
        }
        Ok(())
    }

    async fn set_paused(&mut self, paused: bool) -> wasmtime::Result<()> {
        self.paused = paused;
        let websocket = self.guest.wasocket_websocket_client().websocket();
        if paused {
            websocket
                .call_pause(&mut self.store, self.websocket)
                .await?;
            // Do not wait for what the guest will not read.
            self.resubscribe().await
        } else {
            websocket.call_resume(&mut self.store, self.websocket).await
        }
    }

    /// Takes the commands that wait, so that one turn sends them all.
    async fn take_commands(&mut self) -> wasmtime::Result<()> {
        if self.has_room().await?
            && let Some(held) = self.held.take()
        {
            self.execute(held.command).await?;
        }
        while self.held.is_none() && !self.abandoned {
            match self.commands.try_recv() {
                Ok(command) => self.execute(command).await?,
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => self.abandon().await?,
            }
        }
        Ok(())
    }

    /// Whether what is held is worth another try. Each copies the whole message into the guest, so
    /// that half of what was in its way has to have left before.
    async fn has_room(&mut self) -> wasmtime::Result<bool> {
        let Some(held) = &self.held else {
            return Ok(false);
        };
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let waiting = websocket
            .call_get_buffered_amount(&mut self.store, self.websocket)
            .await?;
        Ok(waiting <= held.waiting / 2)
    }

    async fn execute(&mut self, command: Command) -> wasmtime::Result<()> {
        let websocket = self.guest.wasocket_websocket_client().websocket();
        match command {
            Command::Send {
                message,
                options,
                done,
            } => {
                let message = types::Message::from(message);
                let flags = send_options(options);
                let sent = websocket
                    .call_send(&mut self.store, self.websocket, &message, flags)
                    .await?;
                match (sent, done) {
                    (Ok(token), Some(done)) => self.in_flight.sends.push_back((token, done)),
                    (Ok(_), None) => {}
                    (Err(types::CallError::QueueFull(waiting)), done) => {
                        let message = message.into();
                        let command = Command::Send {
                            message,
                            options,
                            done,
                        };
                        self.held = Some(Held { command, waiting });
                    }
                    (Err(error), Some(done)) => reply(done, Err(self.call_error(error))),
                    // It tells of itself by the events that closed the connection.
                    (Err(_), None) => {}
                }
            }
            Command::Ping {
                payload,
                options,
                done,
            } => {
                let flags = send_options(options);
                let sent = websocket
                    .call_ping(&mut self.store, self.websocket, &payload, flags)
                    .await?;
                match sent {
                    Ok(token) => self.in_flight.pings.push((token, done)),
                    Err(types::CallError::QueueFull(waiting)) => {
                        let command = Command::Ping {
                            payload,
                            options,
                            done,
                        };
                        self.held = Some(Held { command, waiting });
                    }
                    Err(error) => reply(done, Err(self.call_error(error))),
                }
            }
            Command::Close { code, reason, done } => {
                let closing = websocket
                    .call_close(&mut self.store, self.websocket, code, reason.as_deref())
                    .await?;
                match closing {
                    Ok(_) => {
                        self.in_flight.closes.push(done);
                        self.begin_closing().await?;
                    }
                    Err(error) => reply(done, Err(self.call_error(error))),
                }
            }
        }
        Ok(())
    }

    /// Nobody holds the connection any more: close it, and see it to its end.
    async fn abandon(&mut self) -> wasmtime::Result<()> {
        self.abandoned = true;
        debug!("dropped by the application");
        // It fails only if the connection is closed already.
        let _ = self
            .guest
            .wasocket_websocket_client()
            .websocket()
            .call_close(&mut self.store, self.websocket, Some(GOING_AWAY), None)
            .await?;
        self.begin_closing().await
    }

    async fn begin_closing(&mut self) -> wasmtime::Result<()> {
        self.closing = true;
        if self.paused {
            self.set_paused(false).await?;
        }
        Ok(())
    }

    fn handle_event(&mut self, event: types::Event) {
        match event {
            types::Event::Open(opened) => {
                debug!("open");
                self.opened = true;
                self.events.push(Event::Open(opened.into()));
            }
            types::Event::Message(message) => {
                let message = Message::from(message);
                trace!(len = message.len(), "message");
                if !(self.closing && self.events.is_full()) {
                    self.events.push(Event::Message(message));
                }
            }
            types::Event::Sent(token) => {
                while let Some((sent, done)) = self
                    .in_flight
                    .sends
                    .pop_front_if(|(sent, _)| *sent <= token)
                {
                    debug_assert_eq!(sent, token);
                    reply(done, Ok(()));
                }
            }
            types::Event::Ping(payload) => self.events.push(Event::Ping(payload)),
            types::Event::Pong(pong) => {
                let pings = &mut self.in_flight.pings;
                let answered = pings
                    .iter()
                    .position(|(token, _)| Some(*token) == pong.token);
                match answered {
                    Some(index) => {
                        let (_, done) = pings.remove(index);
                        reply(done, Ok(pong.into()));
                    }
                    None => self.events.push(Event::Pong(pong.payload)),
                }
            }
            types::Event::Error(error) => {
                let mut failure = Failure::from(error);
                if failure.kind == FailureKind::AccessDenied
                    && let Some(denied) = self.store.data().access.denied()
                {
                    failure.message = format!("not granted: {denied}");
                    failure.kind = FailureKind::NotGranted(denied);
                }
                self.handle_failure(failure);
            }
            types::Event::Close(closed) => self.handle_close(closed.into()),
        }
    }

    fn handle_trap(&mut self, trap: wasmtime::Error) {
        if self.closed {
            return;
        }
        let report = TrapReport::new(trap);
        if self.failure.is_none() {
            self.handle_failure(Failure {
                step: if self.opened { Step::Open } else { Step::Start },
                message: format!("the component trapped: {report}"),
                kind: FailureKind::Trap(report),
            });
        }
        self.handle_close(Closed::abnormally());
    }

    fn handle_failure(&mut self, failure: Failure) {
        debug!(step = %failure.step, kind = ?failure.kind, "failed");
        self.failure = Some(failure.clone());
        self.events.push(Event::Error(failure));
    }

    fn handle_close(&mut self, closed: Closed) {
        debug!(code = closed.code, was_clean = closed.was_clean, "closed");
        self.closed = true;
        let error = match &self.failure {
            Some(failure) => Error::Failed(failure.clone()),
            None => Error::Closed(closed.clone()),
        };
        for (_, done) in self.in_flight.sends.drain(..) {
            reply(done, Err(error.clone()));
        }
        for (_, done) in self.in_flight.pings.drain(..) {
            reply(done, Err(error.clone()));
        }
        match self.held.take().map(|held| held.command) {
            Some(Command::Send {
                done: Some(done), ..
            }) => reply(done, Err(error.clone())),
            Some(Command::Ping { done, .. }) => reply(done, Err(error.clone())),
            Some(Command::Send { done: None, .. } | Command::Close { .. }) | None => {}
        }
        self.ended.set(error);
        for done in self.in_flight.closes.drain(..) {
            reply(done, Ok(closed.clone()));
        }
        self.events.push(Event::Close(closed));
    }

    fn call_error(&self, error: types::CallError) -> Error {
        match error {
            types::CallError::InvalidArgument(argument) => argument.into(),
            types::CallError::InvalidState(state) => Error::InvalidState(state.into()),
            // Answered by holding the command back.
            types::CallError::QueueFull(_) => Error::InvalidState(ReadyState::Open),
        }
    }
}

fn send_options(options: SendOptions) -> types::SendOptions {
    if options.unmasked {
        types::SendOptions::UNMASKED
    } else {
        types::SendOptions::empty()
    }
}

/// Tells the result of a command, if somebody waits for it.
fn reply<T>(done: Done<T>, result: Result<T, Error>) {
    let _ = done.send(result);
}

/// Waits until one of the pollables is ready; for ever if there is none.
async fn ready(
    store: &mut Store<State>,
    pollables: &[Resource<DynPollable>],
) -> wasmtime::Result<()> {
    let table = &mut store.data_mut().table;
    match pollables {
        [] => pending().await,
        [one] => table.block(Resource::new_borrow(one.rep())).await,
        several => {
            let borrowed = several
                .iter()
                .map(|pollable| Resource::new_borrow(pollable.rep()))
                .collect();
            table.poll(borrowed).await.map(drop)
        }
    }
}

async fn sleep(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
