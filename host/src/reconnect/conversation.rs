//! What goes over one connection, from its opening to its end.

use std::future::pending;

use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::cause::Cause;
use super::dial::{Line, Outcome};
use super::event::Event;
use super::queue::{EventSender, Taken};
use super::shared::{Close, Shared, Stop};
use crate::error::{Error, Failure};
use crate::event::{self, Closed, Message, ReadyState};
use crate::options::SendOptions;
use crate::queue::event_cost;

/// A connection that is open, and what is under way on it.
pub(super) struct Conversation<'a, L> {
    line: L,
    shared: &'a mut Shared,
    events: EventSender,
    /// Messages that the connection has.
    sends: FuturesUnordered<BoxFuture<'static, (Sent, Result<(), Error>)>>,
    /// Pings, each with the number of the last message before it.
    pings: FuturesUnordered<BoxFuture<'static, (u64, Result<(), Error>)>>,
    /// What the server sent, and waits for room, with its cost.
    held: Option<(Event, u64)>,
    failure: Option<Failure>,
    closing: Closing,
    /// The connection takes nothing any more.
    ending: bool,
}

/// Which message was sent.
#[derive(Clone, Copy, Debug)]
enum Sent {
    /// One of those that the hook at the opening gave.
    First,
    /// One of the application, with its number.
    Queued(u64),
}

/// Whether the application closes the connection.
enum Closing {
    Not,
    Waiting(Close, Outcome<Closed>),
    /// It is closed; `None` if it had ended in another way before.
    Done(Close, Option<Closed>),
}

impl<'a, L: Line> Conversation<'a, L> {
    pub(super) fn new(line: L, shared: &'a mut Shared) -> Self {
        Self {
            line,
            events: shared.events.clone(),
            shared,
            sends: FuturesUnordered::new(),
            pings: FuturesUnordered::new(),
            held: None,
            failure: None,
            closing: Closing::Not,
            ending: false,
        }
    }

    /// Sends `first`, then what waits, and hands on what the server sends. Returns why the
    /// connection was lost.
    pub(super) async fn run(mut self, first: Vec<Message>) -> Result<Cause, Stop> {
        for message in first {
            self.send(Sent::First, message, SendOptions::new());
        }
        loop {
            self.give();
            let is_closing = !matches!(self.closing, Closing::Not);
            let is_closed = matches!(self.closing, Closing::Done(..));
            if is_closed {
                // Without waiting for room: what is left is no more than the connection keeps for
                // the application.
                self.hand_on(Taken::new());
            }
            tokio::select! {
                command = self.shared.command(), if !is_closing => {
                    if let Some(close) = command? {
                        self.close(close);
                    }
                }
                () = self.events.closed(), if is_closing => return Err(Stop::Dropped),
                Some((sent, result)) = self.sends.next() => {
                    if let Err(error) = self.handle_sent(sent, result) {
                        return Ok(error.into());
                    }
                }
                Some((last, result)) = self.pings.next() => self.handle_pinged(last, result),
                closed = self.closing.outcome() => self.handle_closed(closed),
                room = room(&self.events, &self.held), if !is_closed => self.hand_on(room),
                event = self.line.event(), if self.held.is_none() => {
                    if let Some(cause) = self.handle_event(event) {
                        return self.end(cause).await;
                    }
                }
            }
        }
    }

    /// Gives the connection what it has room for, and asks whether it arrived.
    fn give(&mut self) {
        if self.ending {
            return;
        }
        while let Some((sequence, message, options)) = self.shared.outbox.give() {
            self.send(Sent::Queued(sequence), message, options);
        }
        if self.shared.outbox.wants_ping() {
            self.ping();
        }
    }

    fn send(&self, sent: Sent, message: Message, options: SendOptions) {
        let result = self.line.send(message, options);
        self.sends
            .push(Box::pin(async move { (sent, result.await) }));
    }

    fn ping(&mut self) {
        let last = self.shared.outbox.handle_pinged();
        // Not the payload of any keepalive ping, which is 8 bytes.
        let result = self.line.ping(format!("sent {last:016x}").into_bytes());
        self.pings
            .push(Box::pin(async move { (last, result.await) }));
    }

    /// Closes the connection after all that waits, and asks whether that arrived.
    fn close(&mut self, close: Close) {
        if !self.ending {
            while let Some((sequence, message, options)) = self.shared.outbox.give_more() {
                self.send(Sent::Queued(sequence), message, options);
            }
            if self.shared.outbox.is_unconfirmed() {
                self.ping();
            }
        }
        let closed = self.line.close(close.code, close.reason.clone());
        self.closing = Closing::Waiting(close, closed);
    }

    /// Fails if the connection is of no use without this message.
    fn handle_sent(&mut self, sent: Sent, result: Result<(), Error>) -> Result<(), Error> {
        let outbox = &mut self.shared.outbox;
        match (sent, result) {
            (Sent::Queued(sequence), Ok(())) => {
                if let Some(entry) = outbox.handle_handed(sequence) {
                    self.shared.settle(entry);
                }
            }
            (Sent::Queued(sequence), Err(error @ Error::InvalidArgument { .. })) => {
                if let Some(entry) = outbox.handle_refused(sequence) {
                    self.shared.give_up(entry, error.into());
                }
            }
            (Sent::Queued(sequence), Err(Error::InvalidState(_))) => {
                outbox.handle_not_taken(sequence);
                self.ending = true;
            }
            (Sent::First, Ok(())) => {}
            (Sent::First, Err(error @ Error::InvalidArgument { .. })) => return Err(error),
            (Sent::First, Err(Error::InvalidState(_)))
            | (_, Err(Error::Failed(_) | Error::Closed(_))) => self.ending = true,
        }
        Ok(())
    }

    fn handle_pinged(&mut self, last: u64, result: Result<(), Error>) {
        match result {
            Ok(()) => {
                for entry in self.shared.outbox.handle_pong(last) {
                    self.shared.settle(entry);
                }
            }
            Err(_) => self.ending = true,
        }
    }

    fn handle_closed(&mut self, result: Result<Closed, Error>) {
        let Closing::Waiting(close, _) = std::mem::replace(&mut self.closing, Closing::Not) else {
            return;
        };
        match result {
            // The application asked for what is not possible, and can ask again.
            Err(error @ Error::InvalidArgument { .. }) => {
                // Nobody has to wait for it.
                let _ = close.done.send(Err(error));
            }
            result => self.closing = Closing::Done(close, result.ok()),
        }
    }

    /// Returns why the connection is lost, if it is.
    fn handle_event(&mut self, event: Option<event::Event>) -> Option<Cause> {
        let Some(event) = event else {
            return Some(self.lost(Error::InvalidState(ReadyState::Closed)));
        };
        let cost = event_cost(&event);
        let event = match event {
            event::Event::Message(message) => Event::Message(message),
            event::Event::Ping(payload) => Event::Ping(payload),
            event::Event::Pong(payload) => Event::Pong(payload),
            event::Event::Error(failure) => {
                self.failure = Some(failure);
                return None;
            }
            // The one was told before all of these, the other is not asked for.
            event::Event::Open(_) | event::Event::MessageStart(_) => return None,
            event::Event::Close(closed) => return Some(self.lost(Error::Closed(closed))),
        };
        self.held = Some((event, cost));
        None
    }

    fn lost(&mut self, closed: Error) -> Cause {
        self.failure.take().map_or(closed, Error::Failed).into()
    }

    fn hand_on(&mut self, room: Taken) {
        if let Some((event, _)) = self.held.take() {
            self.events.push(event, room);
        }
    }

    /// The connection has ended: takes what became of all that was under way.
    async fn end(mut self, cause: Cause) -> Result<Cause, Stop> {
        while let Some((sent, result)) = self.sends.next().await {
            if let Err(error) = self.handle_sent(sent, result) {
                return Ok(error.into());
            }
        }
        while let Some((last, result)) = self.pings.next().await {
            self.handle_pinged(last, result);
        }
        if matches!(self.closing, Closing::Waiting(..)) {
            let closed = self.closing.outcome().await;
            self.handle_closed(closed);
        }
        match self.closing {
            Closing::Done(close, closed) => Err(Stop::Closed(close, closed)),
            Closing::Not | Closing::Waiting(..) => Ok(cause),
        }
    }
}

impl Closing {
    /// Waits for the end of the closing handshake; for ever if there is none.
    async fn outcome(&mut self) -> Result<Closed, Error> {
        match self {
            Self::Waiting(_, outcome) => outcome.await,
            Self::Not | Self::Done(..) => pending().await,
        }
    }
}

/// Waits for room for what is held; for ever if nothing is.
async fn room(events: &EventSender, held: &Option<(Event, u64)>) -> Taken {
    match held {
        Some((_, cost)) => events.room(*cost).await,
        None => pending().await,
    }
}
