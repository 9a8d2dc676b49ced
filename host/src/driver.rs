//! The task of one connection: owns its store, waits for the guest's pollables, its deadline and
//! the application's commands at once, and enters the guest only to do what can be done now.

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
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi_io::bindings::wasi::io::poll::{Host as _, HostPollable as _};

use crate::bindings;
use crate::command::{CommandReceiver, Done, End, Queued};
use crate::counters::{ConnectionCounters, OpenConnection};
use crate::error::{Error, Failure};
use crate::event::{Closed, Pong};
use crate::options::Options;
use crate::outbox::{Handed, Load};
use crate::queue::EventSender;
use crate::sandbox::Sandbox;

use streams::{Incoming, Outgoing};

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
        self.counters.update(turn.statistics.into());
        self.count_handed(&turn.events).await?;
        for event in turn.events {
            self.handle_event(event);
        }
        if turn.resubscribe && self.closed.is_none() {
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
