//! What the application asks for, on its way into the guest.

use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::debug;

use super::streams::Outgoing;
use super::{Driver, reply};
use crate::bindings::types;
use crate::command::{Command, Done, Queued};
use crate::event::Message;
use crate::options::SendOptions;
use crate::outbox::Load;
use crate::sandbox::Sandbox;

/// What the code of the Close frame is when the application dropped the connection: "an endpoint
/// is "going away"" (RFC 6455, section 7.4.1).
const GOING_AWAY: u16 = 1001;

/// How many bytes of messages one call into the guest takes, at most, unless it is one message: what
/// is written at once.
const JOINED_LEN: usize = 64 << 10;

impl Driver {
    /// Carries out the commands that wait, so that one turn sends them all.
    pub(super) async fn take_commands(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        while !self.abandoned {
            match self.commands.try_recv() {
                Ok(queued) => self.enqueue(queued),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => self.abandon(),
            }
        }
        if self.close_due.is_some_and(|due| due <= Instant::now()) {
            self.close_overtaking(store).await?;
        }
        if self.waiting.is_some() && !self.has_room(store).await? {
            return Ok(());
        }
        self.waiting = None;
        self.send_parts(store).await?;
        while self.waiting.is_none()
            && let Some(Queued { command, room }) = self.backlog.pop_front()
        {
            if self.outgoing.is_some() && command.waits_for_message() {
                self.held.push_back(Queued { command, room });
                continue;
            }
            if let Some((command, waiting)) = self.execute(store, command).await? {
                self.backlog.push_front(Queued { command, room });
                self.waiting = Some(waiting);
                break;
            }
        }
        Ok(())
    }

    pub(super) fn enqueue(&mut self, queued: Queued) {
        if matches!(queued.command, Command::Close { .. }) {
            let due = || Instant::now() + self.close_timeout;
            self.close_due.get_or_insert_with(due);
        }
        self.backlog.push_back(queued);
    }

    /// Nobody holds the connection any more: close it after all that was sent, and see it to its
    /// end.
    pub(super) fn abandon(&mut self) {
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
    async fn close_overtaking(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        self.release_held();
        let is_close = |queued: &Queued| matches!(queued.command, Command::Close { .. });
        while let Some(close) = self.backlog.iter().position(is_close) {
            if let Some(queued) = self.backlog.remove(close) {
                self.execute(store, queued.command).await?;
            }
        }
        Ok(())
    }

    /// Whether the first of the backlog is worth another try. Each copies the whole message into
    /// the guest, so that half of what was in its way has to have left before.
    pub(super) async fn has_room(&self, store: &mut Sandbox) -> wasmtime::Result<bool> {
        let Some(before) = self.waiting else {
            return Ok(false);
        };
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let waiting = websocket
            .call_get_buffered_amount(&mut *store, self.websocket)
            .await?;
        Ok(waiting <= before / 2)
    }

    /// Carries out a command. If the guest has no room for it, returns it with the number of bytes
    /// that wait to be sent.
    async fn execute(
        &mut self,
        store: &mut Sandbox,
        command: Command,
    ) -> wasmtime::Result<Option<(Command, u64)>> {
        let websocket = self.guest.wasocket_websocket_client().websocket();
        match command {
            Command::Send {
                message,
                options,
                done,
                load,
            } => return self.send(store, message, options, done, load).await,
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
                    .call_start_message(&mut *store, self.websocket, kind.into(), flags)
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
                    .call_ping(&mut *store, self.websocket, &payload, flags)
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
                    .call_close(&mut *store, self.websocket, code, reason.as_deref())
                    .await?;
                match (closing, done) {
                    (Ok(_), done) => {
                        self.in_flight.closes.extend(done);
                        self.begin_closing(store).await?;
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

    /// Sends a message, and with it those behind it that go in the same way: one call into the guest
    /// for many small ones. Returns as [`Self::execute`].
    async fn send(
        &mut self,
        store: &mut Sandbox,
        message: Message,
        options: SendOptions,
        done: Option<Done<()>>,
        load: Load,
    ) -> wasmtime::Result<Option<(Command, u64)>> {
        let mut len = message.len();
        let mut messages = vec![types::Message::from(message)];
        let mut told = vec![(done, load)];
        while let Some((message, done, load)) = self.pop_send(options, len) {
            len += message.len();
            messages.push(message.into());
            told.push((done, load));
        }
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let flags = send_options(options);
        let sent = websocket
            .call_send_all(&mut *store, self.websocket, &messages, flags)
            .await?;
        match sent {
            Ok(token) => {
                for (done, mut load) in told {
                    self.handed.take(&mut load);
                    self.in_flight.sends.push_back((token, done, load));
                }
                Ok(None)
            }
            Err(types::CallError::QueueFull(waiting)) => {
                let commands = messages.into_iter().zip(told);
                let mut commands = commands.map(|(message, (done, load))| Command::Send {
                    message: message.into(),
                    options,
                    done,
                    load,
                });
                let first = commands.next();
                for command in commands.rev() {
                    self.backlog.push_front(Queued {
                        command,
                        room: None,
                    });
                }
                Ok(first.map(|first| (first, waiting)))
            }
            Err(error) => {
                let error = self.call_error(error);
                for (done, load) in told {
                    drop(load);
                    // Otherwise the events that closed the connection tell of it.
                    if let Some(done) = done {
                        reply(done, Err(error.clone()));
                    }
                }
                Ok(None)
            }
        }
    }

    /// Takes the next command, if it is to send a message in this way that can join others of `len`
    /// bytes.
    fn pop_send(
        &mut self,
        options: SendOptions,
        len: usize,
    ) -> Option<(Message, Option<Done<()>>, Load)> {
        let joins = |queued: &mut Queued| match &queued.command {
            Command::Send {
                message,
                options: its,
                ..
            } => *its == options && len + message.len() <= JOINED_LEN,
            Command::Start { .. } | Command::Ping { .. } | Command::Close { .. } => false,
        };
        match self.backlog.pop_front_if(joins)?.command {
            Command::Send {
                message,
                done,
                load,
                ..
            } => Some((message, done, load)),
            Command::Start { .. } | Command::Ping { .. } | Command::Close { .. } => None,
        }
    }

    pub(super) async fn begin_closing(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        self.closing = true;
        self.cut_off_outgoing();
        if self.paused {
            self.set_paused(store, false).await?;
        }
        Ok(())
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
