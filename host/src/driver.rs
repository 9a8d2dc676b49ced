//! The task of one connection: waits for the guest's pollables, its deadline and the application's
//! commands at once, and enters the guest only to do what can be done now.

mod commands;
mod events;
mod streams;

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tracing::error;
use wasmtime::component::{Resource, ResourceAny};

use crate::bindings;
use crate::command::{CommandReceiver, Done, End, Queued};
use crate::counters::{ConnectionCounters, OpenConnection};
use crate::error::{Error, Failure, TrapReport};
use crate::event::{Closed, Pong};
use crate::instances::Tenancy;
use crate::options::Options;
use crate::outbox::{Handed, Load};
use crate::queue::EventSender;
use crate::sandbox::Sandbox;
use crate::start::Started;
use crate::wasi::Clock;
use crate::wasi::pollable::{Pollable, any_ready};

use streams::{Incoming, Outgoing};

/// After how many turns other tasks come first. Tokio does not see to it: this task is exempt from
/// its budget, and a peer that never stops sending never makes it wait.
const TURNS_BETWEEN_YIELDS: usize = 8;

/// One connection.
pub(crate) struct Driver {
    tenancy: Tenancy,
    guest: Arc<bindings::Websocket>,
    websocket: ResourceAny,
    clock: Clock,
    commands: mpsc::UnboundedReceiver<Queued>,
    events: EventSender,
    ended: End,
    counters: Arc<ConnectionCounters>,
    /// From the opening to the end.
    open: Option<OpenConnection>,
    close_timeout: Duration,
    /// What the guest lent us to wait for.
    lent: Vec<Resource<Pollable>>,
    /// The same, for waiting without the store.
    pollables: Vec<Pollable>,
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
    /// The application has taken enough of its events for the guest to read again.
    has_room: bool,
    /// There is more to do than fitted the last turn.
    more: bool,
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
    pub(crate) fn new(
        tenancy: Tenancy,
        guest: Started,
        commands: CommandReceiver,
        events: EventSender,
        ended: End,
        counters: Arc<ConnectionCounters>,
        options: &Options,
    ) -> Self {
        Self {
            tenancy,
            guest: guest.guest,
            websocket: guest.websocket,
            clock: guest.clock,
            commands: commands.queued,
            events,
            ended,
            counters,
            open: None,
            close_timeout: options.close_timeout_or_default(),
            lent: Vec::new(),
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
            has_room: false,
            more: false,
            closing: false,
            abandoned: false,
            opened: false,
            failure: None,
            closed: None,
        }
    }

    /// Runs the connection to its end, which is to be told by [`Self::end`].
    pub(crate) async fn run(&mut self) -> Closed {
        match self.try_run().await {
            Ok(closed) => closed,
            Err(report) => {
                error!("the component trapped: {report}");
                self.handle_trap(report)
            }
        }
    }

    async fn try_run(&mut self) -> Result<Closed, TrapReport> {
        loop {
            for _ in 0..TURNS_BETWEEN_YIELDS {
                let mut entered = self.tenancy.enter().await?;
                // Most connections are idle most of the time: the room that a turn takes is theirs
                // only meanwhile.
                let turn = Box::pin(self.turn(entered.sandbox()));
                if let Err(trap) = turn.await {
                    return Err(self.tenancy.trap(&entered, trap));
                }
                drop(entered);
                if let Some(closed) = self.closed.take() {
                    return Ok(closed);
                }
                self.wait().await?;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Does what can be done now.
    async fn turn(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        if std::mem::take(&mut self.has_room) {
            self.set_paused(store, false).await?;
        }
        self.take_commands(store).await?;
        self.drive(store).await?;
        if self.closed.is_some() {
            return Ok(());
        }
        // Whether or not there is more to do at once: a server that is fast enough always sees to
        // that.
        if !self.paused && !self.closing && self.events.is_full() {
            self.set_paused(store, true).await?;
        }
        let is_due = self.due().is_some_and(|due| due <= Instant::now());
        self.more = is_due || self.has_room(store).await?;
        Ok(())
    }

    /// Lets the guest do what can be done now, and tells what happened.
    async fn drive(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        let turn = self
            .guest
            .wasocket_websocket_client()
            .websocket()
            .call_drive(&mut *store, self.websocket)
            .await?;
        self.deadline = turn.deadline.and_then(|nanos| self.clock.instant(nanos));
        // Before anybody is told, so that who is told finds it counted.
        self.counters.update(turn.statistics.into());
        self.count_handed(store, &turn.events).await?;
        for event in turn.events {
            self.handle_event(event);
        }
        if turn.resubscribe && self.closed.is_none() {
            self.resubscribe(store).await?;
        }
        Ok(())
    }

    async fn resubscribe(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        let websocket = self.guest.wasocket_websocket_client().websocket();
        if !self.lent.is_empty() {
            let lent = std::mem::take(&mut self.lent);
            websocket
                .call_unsubscribe(&mut *store, self.websocket, &lent)
                .await?;
        }
        self.lent = websocket
            .call_subscribe(&mut *store, self.websocket)
            .await?;
        self.pollables = store.data().wasi.pollables(&self.lent)?;
        Ok(())
    }

    /// When there is something to do, whatever comes.
    fn due(&self) -> Option<Instant> {
        [self.deadline, self.close_due].into_iter().flatten().min()
    }

    /// Waits until there is something to do.
    async fn wait(&mut self) -> Result<(), TrapReport> {
        if self.more {
            // Others come first.
            tokio::task::yield_now().await;
            return Ok(());
        }
        let due = self.due();
        tokio::select! {
            biased;
            queued = self.commands.recv(), if !self.abandoned => match queued {
                Some(queued) => self.enqueue(queued),
                None => self.abandon(),
            },
            () = Outgoing::next(&mut self.outgoing), if self.waiting.is_none() => {}
            () = any_ready(&self.pollables) => {}
            () = self.events.room(), if self.paused => self.has_room = true,
            report = self.tenancy.trapped(), if self.tenancy.is_shared() => return Err(report),
            () = sleep(due) => {}
        }
        Ok(())
    }

    async fn set_paused(&mut self, store: &mut Sandbox, paused: bool) -> wasmtime::Result<()> {
        self.paused = paused;
        let websocket = self.guest.wasocket_websocket_client().websocket();
        if paused {
            websocket.call_pause(&mut *store, self.websocket).await?;
            // Do not wait for what the guest will not read.
            self.resubscribe(store).await
        } else {
            websocket.call_resume(&mut *store, self.websocket).await
        }
    }
}

/// Tells the result of a command, if somebody waits for it.
fn reply<T>(done: Done<T>, result: Result<T, Error>) {
    let _ = done.send(result);
}

async fn sleep(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}
