//! The task of one connection: owns its store, waits for the guest's pollables, its deadline and
//! the application's commands at once, and enters the guest only to do what can be done now.

mod streams;

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, trace};
use wasmtime::component::{Resource, ResourceAny};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi_io::bindings::wasi::io::poll::{Host as _, HostPollable as _};

use crate::bindings::{self, types};
use crate::command::{Command, CommandReceiver, Done, End, Queued};
use crate::counters::{ConnectionCounters, OpenConnection};
use crate::error::{Error, Failure, FailureKind, Step};
use crate::event::{Closed, Event, Message, Pong, ReadyState};
use crate::options::{Options, SendOptions};
use crate::outbox::{Handed, Load};
use crate::queue::EventSender;
use crate::sandbox::Sandbox;

use streams::{Incoming, Outgoing};

/// What the code of the Close frame is when the application dropped the connection: "an endpoint
/// is "going away"" (RFC 6455, section 7.4.1).
const GOING_AWAY: u16 = 1001;

/// After how many turns other tasks come first. Tokio does not see to it: this task is exempt from
/// its budget, and a peer that never stops sending never makes it wait.
const TURNS_BETWEEN_YIELDS: usize = 8;

/// One connection.
pub(crate) struct Driver {
    store: Sandbox,
    guest: bindings::Websocket,
    websocket: ResourceAny,
    commands: mpsc::UnboundedReceiver<Queued>,
    events: EventSender,
    ended: End,
    counters: Arc<ConnectionCounters>,
    /// From the opening to the end.
    open: Option<OpenConnection>,
    close_timeout: Duration,
    /// What the guest lent us to wait for.
    pollables: Vec<Resource<DynPollable>>,
    deadline: Option<Instant>,
    in_flight: InFlight,
    handed: Handed,
    /// The commands that are not carried out yet, in their order.
    backlog: VecDeque<Queued>,
    /// Those before the backlog that wait for the end of the message that is sent by parts.
    held: VecDeque<Queued>,
    /// The message that is sent by parts.
    outgoing: Option<Outgoing>,
    /// The message that is received by parts.
    incoming: Incoming,
    /// The length beyond which a message is given as a stream, in bytes.
    stream_over: u64,
    /// How many bytes waited to be sent when the guest had no room for the first of the backlog.
    waiting: Option<u64>,
    /// When a command to close the connection overtakes those that wait for room before it.
    close_due: Option<Instant>,
    /// The guest does not read, because the application does not take its events.
    paused: bool,
    /// The application closes the connection. What it does not take from here on is dropped once
    /// too much waits, so that the closing handshake is not held up by it.
    closing: bool,
    /// The application dropped its handles: nobody gives commands any more.
    abandoned: bool,
    opened: bool,
    failure: Option<Failure>,
    /// How the connection ended, once the guest has said so.
    closed: Option<Closed>,
}

/// The commands whose results are not known yet.
#[derive(Debug, Default)]
struct InFlight {
    /// By rising tokens, in whose order messages are sent.
    sends: VecDeque<(u64, Option<Done<()>>, Load)>,
    pings: Vec<(u64, Done<Pong>)>,
    closes: Vec<Done<Closed>>,
}

impl Driver {
    #[expect(
        clippy::too_many_arguments,
        reason = "it is the parts of a connection, which are put together in one place"
    )]
    pub(crate) fn new(
        store: Sandbox,
        guest: bindings::Websocket,
        websocket: ResourceAny,
        commands: CommandReceiver,
        events: EventSender,
        ended: End,
        counters: Arc<ConnectionCounters>,
        options: &Options,
    ) -> Self {
        Self {
            store,
            guest,
            websocket,
            commands: commands.queued,
            events,
            ended,
            counters,
            open: None,
            close_timeout: options.close_timeout_or_default(),
            pollables: Vec::new(),
            deadline: None,
            in_flight: InFlight::default(),
            handed: commands.handed,
            backlog: VecDeque::new(),
            held: VecDeque::new(),
            outgoing: None,
            incoming: Incoming::None,
            stream_over: options.stream_messages_over.unwrap_or(u64::MAX),
            waiting: None,
            close_due: None,
            paused: false,
            closing: false,
            abandoned: false,
            opened: false,
            failure: None,
            closed: None,
        }
    }

    /// Runs the connection to its end.
    pub(crate) async fn run(mut self) {
        let closed = match self.try_run().await {
            Ok(closed) => closed,
            Err(trap) => {
                error!("the component trapped: {trap:#}");
                self.handle_trap(trap)
            }
        };
        self.end(closed);
    }

    async fn try_run(&mut self) -> wasmtime::Result<Closed> {
        loop {
            for _ in 0..TURNS_BETWEEN_YIELDS {
                self.take_commands().await?;
                self.drive().await?;
                if let Some(closed) = self.closed.take() {
                    return Ok(closed);
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
        // Before anybody is told, so that who is told finds it counted.
        self.count().await?;
        self.count_handed(&turn.events).await?;
        for event in turn.events {
            self.handle_event(event);
        }
        if turn.resubscribe && self.closed.is_none() {
            self.resubscribe().await?;
        }
        Ok(())
    }

    async fn count(&mut self) -> wasmtime::Result<()> {
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let statistics = websocket
            .call_get_statistics(&mut self.store, self.websocket)
            .await?;
        self.counters.update(statistics.into());
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
        let deadline = [self.deadline, self.close_due].into_iter().flatten().min();
        let is_due = deadline.is_some_and(|deadline| deadline <= Instant::now());
        if is_due || self.has_room().await? {
            // There is more to do than fits one turn; others come first.
            tokio::task::yield_now().await;
            return Ok(());
        }
        let mut has_room = false;
        tokio::select! {
            biased;
            queued = self.commands.recv(), if !self.abandoned => match queued {
                Some(queued) => self.enqueue(queued),
                None => self.abandon(),
            },
            () = Outgoing::next(&mut self.outgoing), if self.waiting.is_none() => {}
            ready = ready(&mut self.store, &self.pollables) => ready?,
            () = self.events.room(), if self.paused => has_room = true,
            () = sleep(deadline) => {}
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

    /// Carries out the commands that wait, so that one turn sends them all.
    async fn take_commands(&mut self) -> wasmtime::Result<()> {
        while !self.abandoned {
            match self.commands.try_recv() {
                Ok(queued) => self.enqueue(queued),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => self.abandon(),
            }
        }
        if self.close_due.is_some_and(|due| due <= Instant::now()) {
            self.close_overtaking().await?;
        }
        if self.waiting.is_some() && !self.has_room().await? {
            return Ok(());
        }
        self.waiting = None;
        self.send_parts().await?;
        while self.waiting.is_none()
            && let Some(Queued { command, room }) = self.backlog.pop_front()
        {
            if self.outgoing.is_some() && command.waits_for_message() {
                self.held.push_back(Queued { command, room });
                continue;
            }
            if let Some((command, waiting)) = self.execute(command).await? {
                self.backlog.push_front(Queued { command, room });
                self.waiting = Some(waiting);
                break;
            }
        }
        Ok(())
    }

    fn enqueue(&mut self, queued: Queued) {
        if matches!(queued.command, Command::Close { .. }) {
            let due = || Instant::now() + self.close_timeout;
            self.close_due.get_or_insert_with(due);
        }
        self.backlog.push_back(queued);
    }

    /// Nobody holds the connection any more: close it after all that was sent, and see it to its
    /// end.
    fn abandon(&mut self) {
        debug!("dropped by the application");
        self.abandoned = true;
        self.enqueue(Queued {
            command: Command::Close {
                code: Some(GOING_AWAY),
                reason: None,
                done: None,
            },
            room: None,
        });
    }

    /// Closes the connection before what found no room in time: the server does not read.
    async fn close_overtaking(&mut self) -> wasmtime::Result<()> {
        self.release_held();
        let is_close = |queued: &Queued| matches!(queued.command, Command::Close { .. });
        while let Some(close) = self.backlog.iter().position(is_close) {
            if let Some(queued) = self.backlog.remove(close) {
                self.execute(queued.command).await?;
            }
        }
        Ok(())
    }

    /// Whether the first of the backlog is worth another try. Each copies the whole message into
    /// the guest, so that half of what was in its way has to have left before.
    async fn has_room(&mut self) -> wasmtime::Result<bool> {
        let Some(before) = self.waiting else {
            return Ok(false);
        };
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let waiting = websocket
            .call_get_buffered_amount(&mut self.store, self.websocket)
            .await?;
        Ok(waiting <= before / 2)
    }

    /// Carries out a command. If the guest has no room for it, returns it with the number of bytes
    /// that wait to be sent.
    async fn execute(&mut self, command: Command) -> wasmtime::Result<Option<(Command, u64)>> {
        let websocket = self.guest.wasocket_websocket_client().websocket();
        match command {
            Command::Send {
                message,
                options,
                done,
                mut load,
            } => {
                let message = types::Message::from(message);
                let flags = send_options(options);
                let sent = websocket
                    .call_send(&mut self.store, self.websocket, &message, flags)
                    .await?;
                match (sent, done) {
                    (Ok(token), done) => {
                        self.handed.take(&mut load);
                        self.in_flight.sends.push_back((token, done, load));
                    }
                    (Err(types::CallError::QueueFull(waiting)), done) => {
                        let message = message.into();
                        let command = Command::Send {
                            message,
                            options,
                            done,
                            load,
                        };
                        return Ok(Some((command, waiting)));
                    }
                    (Err(error), Some(done)) => {
                        drop(load);
                        reply(done, Err(self.call_error(error)));
                    }
                    // It tells of itself by the events that closed the connection.
                    (Err(_), None) => {}
                }
            }
            Command::Start {
                kind,
                options,
                parts,
                started,
                sent,
                load,
            } => {
                let flags = send_options(options);
                let token = websocket
                    .call_start_message(&mut self.store, self.websocket, kind.into(), flags)
                    .await?;
                match token {
                    Ok(token) => {
                        reply(started, Ok(()));
                        self.outgoing = Some(Outgoing::new(parts, token, sent, load));
                    }
                    Err(types::CallError::QueueFull(waiting)) => {
                        let command = Command::Start {
                            kind,
                            options,
                            parts,
                            started,
                            sent,
                            load,
                        };
                        return Ok(Some((command, waiting)));
                    }
                    Err(error) => reply(started, Err(self.call_error(error))),
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
                        return Ok(Some((command, waiting)));
                    }
                    Err(error) => reply(done, Err(self.call_error(error))),
                }
            }
            Command::Close { code, reason, done } => {
                let closing = websocket
                    .call_close(&mut self.store, self.websocket, code, reason.as_deref())
                    .await?;
                match (closing, done) {
                    (Ok(_), done) => {
                        self.in_flight.closes.extend(done);
                        self.begin_closing().await?;
                    }
                    (Err(error), Some(done)) => reply(done, Err(self.call_error(error))),
                    // It is closed already.
                    (Err(_), None) => {}
                }
                self.close_due = None;
            }
        }
        Ok(None)
    }

    async fn begin_closing(&mut self) -> wasmtime::Result<()> {
        self.closing = true;
        self.cut_off_outgoing();
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
                self.open = Some(self.counters.opened());
                self.events.push(Event::Open(opened.into()));
            }
            types::Event::Message(message) => self.handle_message(message.into()),
            types::Event::MessagePart(part) => self.handle_part(part),
            types::Event::Sent(token) => {
                while let Some((sent, done, load)) = self
                    .in_flight
                    .sends
                    .pop_front_if(|(sent, ..)| *sent <= token)
                {
                    debug_assert_eq!(sent, token);
                    drop(load);
                    if let Some(done) = done {
                        reply(done, Ok(()));
                    }
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
            types::Event::Close(closed) => self.closed = Some(closed.into()),
        }
    }

    fn handle_message(&self, message: Message) {
        trace!(len = message.len(), "message");
        if !(self.closing && self.events.is_full()) {
            self.events.push(Event::Message(message));
        }
    }

    /// Tells why the guest ended before it said so; returns how the connection ended.
    fn handle_trap(&mut self, trap: wasmtime::Error) -> Closed {
        if let Some(closed) = self.closed.take() {
            return closed;
        }
        let report = self.store.report(trap);
        if self.failure.is_none() {
            self.handle_failure(Failure {
                step: if self.opened { Step::Open } else { Step::Start },
                message: format!("the component trapped: {report}"),
                kind: FailureKind::Trap(report),
            });
        }
        Closed::abnormally()
    }

    fn handle_failure(&mut self, failure: Failure) {
        match &failure.kind {
            // Not all that the server says, such as cookies.
            FailureKind::Refused(refusal) => debug!(status = refusal.status, "refused"),
            kind => debug!(step = %failure.step, ?kind, "failed"),
        }
        self.counters.failed(failure.step);
        self.failure = Some(failure.clone());
        self.events.push(Event::Error(failure));
    }

    /// Gives back what the connection has, and tells that it is closed.
    fn end(self, closed: Closed) {
        let Self {
            store,
            mut commands,
            mut backlog,
            mut held,
            mut in_flight,
            handed,
            outgoing,
            incoming,
            events,
            ended,
            counters,
            open,
            failure,
            ..
        } = self;
        // First, so that whoever is told finds its place in the pool free. With the store goes
        // whatever the guest holds: asking the guest to drop it could wait for a peer that does not
        // read.
        drop(store);
        let metrics = counters.metrics();
        debug!(
            code = closed.code,
            was_clean = closed.was_clean,
            sent_bytes = metrics.sent.bytes,
            sent_messages = metrics.sent.messages,
            received_bytes = metrics.received.bytes,
            received_messages = metrics.received.messages,
            "closed"
        );
        if let Some(open) = open {
            counters.closed(open, closed.code);
        }
        ended.set(match failure {
            Some(failure) => Error::Failed(failure),
            None => Error::Closed(closed.clone()),
        });
        // Whoever waits for something else is told by `ended`, once the commands are dropped.
        commands.close();
        while let Ok(queued) = commands.try_recv() {
            backlog.push_back(queued);
        }
        // Nothing waits any more when the end is told.
        drop((outgoing, incoming, handed));
        in_flight.sends.clear();
        held.append(&mut backlog);
        for Queued { command, .. } in held {
            if let Command::Close { done, .. } = command {
                in_flight.closes.extend(done);
            }
        }
        for done in in_flight.closes {
            reply(done, Ok(closed.clone()));
        }
        events.push(Event::Close(closed));
    }

    fn call_error(&self, error: types::CallError) -> Error {
        match error {
            types::CallError::InvalidArgument(argument) => argument.into(),
            types::CallError::InvalidState(state) => Error::InvalidState(state.into()),
            // Answered by holding the command back, and of an open connection.
            types::CallError::QueueFull(_)
            | types::CallError::MessageInProgress
            | types::CallError::NoMessageInProgress => Error::InvalidState(ReadyState::Open),
        }
    }
}

fn send_options(options: SendOptions) -> types::SendOptions {
    let mut flags = types::SendOptions::empty();
    if options.unmasked {
        flags |= types::SendOptions::UNMASKED;
    }
    match options.compress {
        Some(true) => flags |= types::SendOptions::COMPRESSED,
        Some(false) => flags |= types::SendOptions::UNCOMPRESSED,
        None => {}
    }
    flags
}

/// Tells the result of a command, if somebody waits for it.
fn reply<T>(done: Done<T>, result: Result<T, Error>) {
    let _ = done.send(result);
}

/// Waits until one of the pollables is ready; for ever if there is none.
async fn ready(store: &mut Sandbox, pollables: &[Resource<DynPollable>]) -> wasmtime::Result<()> {
    let table = store.rest();
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
