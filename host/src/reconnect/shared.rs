//! What is between the task of a reconnecting connection and the application.

use tokio::sync::{mpsc, oneshot};

use super::cause::Cause;
use super::event::{End, Event, NotDelivered, Undelivered};
use super::outbox::{Entry, Outbox};
use super::queue::{EventSender, MessageRoom, Taken};
use crate::error::Error;
use crate::event::{Closed, Message, ReadyState};
use crate::options::SendOptions;

/// What the application asks for.
#[derive(Debug)]
pub(super) enum Command {
    Send {
        message: Message,
        options: SendOptions,
        kept: Kept,
    },
    Close(Close),
}

/// What is kept with a message until it is settled.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) id: u64,
    pub(super) receipt: oneshot::Sender<Result<(), NotDelivered>>,
    pub(super) room: Taken,
}

/// The application closes the connection.
#[derive(Debug)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: String,
    pub(super) done: oneshot::Sender<Result<Option<Closed>, Error>>,
}

/// The task's end of it.
pub(super) struct Shared {
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) events: EventSender,
    pub(super) outbox: Outbox<Kept>,
    pub(super) room: MessageRoom,
}

/// Why there is no further attempt.
#[derive(Debug)]
pub(super) enum Stop {
    /// The application closed it. `Some` with how the connection closed, if one was open.
    Closed(Close, Option<Closed>),
    /// Nobody will take events any more.
    Dropped,
    /// It is of no use.
    Ended(End),
}

impl Shared {
    /// Does this, and takes messages meanwhile, unless the application wants no connection any more.
    pub(super) async fn unless_stopped<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Stop> {
        tokio::select! {
            biased;
            stop = self.stopped() => Err(stop),
            done = work => Ok(done),
        }
    }

    /// Takes messages until the application wants no connection any more.
    async fn stopped(&mut self) -> Stop {
        loop {
            match self.command().await {
                Ok(None) => {}
                Ok(Some(close)) => return Stop::Closed(close, None),
                Err(stop) => return stop,
            }
        }
    }

    /// Takes a command; returns it if it is to close the connection.
    pub(super) async fn command(&mut self) -> Result<Option<Close>, Stop> {
        let command = tokio::select! {
            () = self.events.closed() => None,
            command = self.commands.recv() => command,
        };
        command
            .map(|command| self.take(command))
            .ok_or(Stop::Dropped)
    }

    fn take(&mut self, command: Command) -> Option<Close> {
        match command {
            Command::Send {
                message,
                options,
                kept,
            } => {
                self.outbox.push(message, options, kept);
                None
            }
            Command::Close(close) => Some(close),
        }
    }

    /// A message is delivered, as far as the policy asks.
    pub(super) fn settle(&self, entry: Entry<Kept>) {
        let Kept { receipt, room, .. } = entry.kept;
        // Whoever is told finds room.
        drop(room);
        // Nobody has to wait for it.
        let _ = receipt.send(Ok(()));
    }

    /// A message is returned to the application. It has its room until it is taken.
    pub(super) fn give_up(&self, entry: Entry<Kept>, cause: Cause) {
        let Entry {
            message,
            kept: Kept { id, receipt, room },
            fate,
            ..
        } = entry;
        // Nobody has to wait for it.
        let _ = receipt.send(Err(NotDelivered {
            fate,
            cause: cause.clone(),
        }));
        let undelivered = Undelivered {
            id,
            message,
            fate,
            cause,
        };
        self.events.push(Event::Undelivered(undelivered), room);
    }

    /// Returns all that is not delivered, and tells the end.
    pub(super) async fn finish(mut self, stop: Stop) {
        let mut closes = Vec::new();
        let end = match stop {
            Stop::Closed(close, closed) => {
                closes.push(close);
                End::Closed(closed)
            }
            Stop::Dropped => End::Closed(None),
            Stop::Ended(end) => end,
        };
        self.room.close();
        self.commands.close();
        while let Some(command) = self.commands.recv().await {
            closes.extend(self.take(command));
        }
        let ended = Error::InvalidState(ReadyState::Closed);
        let (cause, closed) = match &end {
            End::Closed(closed) => {
                let cause = closed.clone().map_or(ended, Error::Closed);
                (cause.into(), Ok(closed.clone()))
            }
            End::Exhausted { cause, .. } | End::Final(cause) => (cause.clone(), Err(ended)),
        };
        for entry in self.outbox.take_all() {
            self.give_up(entry, cause.clone());
        }
        self.events.push(Event::Ended(end), Taken::new());
        for close in closes {
            // Nobody has to wait for it.
            let _ = close.done.send(closed.clone());
        }
    }
}
