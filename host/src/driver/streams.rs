//! Messages that are sent and received by parts.

use std::future::pending;

use tokio::sync::mpsc;
use tracing::trace;

use super::{Driver, reply};
use crate::bindings::types;
use crate::command::Done;
use crate::error::Error;
use crate::event::{Message, ReadyState};
use crate::outbox::Load;
use crate::reader::PieceSender;
use crate::sandbox::Sandbox;
use crate::writer::Part;

/// A message that is sent by parts.
pub(super) struct Outgoing {
    parts: mpsc::Receiver<Part>,
    /// What is to be sent next, if that is known.
    next: Next,
    token: u64,
    sent: Done<()>,
    load: Load,
}

#[derive(Debug, Default)]
enum Next {
    #[default]
    Unknown,
    Part(Part),
    /// The application dropped the message.
    Abandon,
}

impl Outgoing {
    pub(super) fn new(parts: mpsc::Receiver<Part>, token: u64, sent: Done<()>, load: Load) -> Self {
        Self {
            parts,
            next: Next::Unknown,
            token,
            sent,
            load,
        }
    }

    /// Waits until there is something to be sent of the message; for ever if there is none.
    ///
    /// Cancel safe: what came is kept.
    pub(super) async fn next(outgoing: &mut Option<Self>) {
        match outgoing {
            None => pending().await,
            Some(outgoing) => {
                if matches!(outgoing.next, Next::Unknown) {
                    let part = outgoing.parts.recv().await;
                    outgoing.next = part.map_or(Next::Abandon, Next::Part);
                }
            }
        }
    }

    /// What is to be sent next, if that has come.
    fn take_next(&mut self) -> Option<Next> {
        match std::mem::take(&mut self.next) {
            Next::Unknown => match self.parts.try_recv() {
                Ok(part) => Some(Next::Part(part)),
                Err(mpsc::error::TryRecvError::Disconnected) => Some(Next::Abandon),
                Err(mpsc::error::TryRecvError::Empty) => None,
            },
            next => Some(next),
        }
    }
}

/// A message that is received by parts.
pub(super) enum Incoming {
    /// There is none.
    None,
    /// It is not too long yet to be given whole.
    Joining(Message),
    /// It is read as a stream.
    Streaming(PieceSender),
    /// The connection closes, and nobody takes what arrives.
    Discarding,
}

impl Driver {
    /// Sends what has come of the message that is sent by parts, as far as there is room.
    pub(super) async fn send_parts(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        while self.waiting.is_none()
            && let Some(mut outgoing) = self.outgoing.take()
        {
            let Some(next) = outgoing.take_next() else {
                self.outgoing = Some(outgoing);
                return Ok(());
            };
            self.send_next(store, outgoing, next).await?;
        }
        Ok(())
    }

    async fn send_next(
        &mut self,
        store: &mut Sandbox,
        mut outgoing: Outgoing,
        next: Next,
    ) -> wasmtime::Result<()> {
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let result = match next {
            Next::Part(Part::Bytes(bytes, mut load)) => {
                let taken = websocket
                    .call_send_part(&mut *store, self.websocket, &bytes)
                    .await?;
                match taken {
                    Ok(()) => {
                        self.handed.take(&mut load);
                        self.outgoing = Some(outgoing);
                        return Ok(());
                    }
                    Err(types::CallError::QueueFull(waiting)) => {
                        outgoing.next = Next::Part(Part::Bytes(bytes, load));
                        self.outgoing = Some(outgoing);
                        self.waiting = Some(waiting);
                        return Ok(());
                    }
                    Err(error) => Err(error),
                }
            }
            Next::Part(Part::End) => {
                websocket
                    .call_finish_message(&mut *store, self.websocket)
                    .await?
            }
            Next::Unknown | Next::Abandon => {
                self.abandon_message(store).await?;
                self.release_held();
                return Ok(());
            }
        };
        let Outgoing {
            token, sent, load, ..
        } = outgoing;
        match result {
            Ok(()) => self.in_flight.sends.push_back((token, Some(sent), load)),
            Err(error) => {
                self.abandon_message(store).await?;
                reply(sent, Err(self.call_error(error)));
            }
        }
        self.release_held();
        Ok(())
    }

    async fn abandon_message(&mut self, store: &mut Sandbox) -> wasmtime::Result<()> {
        let abandoned = self
            .guest
            .wasocket_websocket_client()
            .websocket()
            .call_abandon_message(&mut *store, self.websocket)
            .await?;
        match abandoned {
            Ok(Some(_)) => self.begin_closing(store).await,
            // Nothing of it was sent, or the connection closes already.
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Says that a Close frame cut off the message that is sent by parts, if there is one.
    pub(super) fn cut_off_outgoing(&mut self) {
        if let Some(outgoing) = self.outgoing.take() {
            reply(outgoing.sent, Err(Error::InvalidState(ReadyState::Closing)));
            self.release_held();
        }
    }

    /// Puts the commands that waited for the end of a message back where they were.
    pub(super) fn release_held(&mut self) {
        self.held.append(&mut self.backlog);
        std::mem::swap(&mut self.held, &mut self.backlog);
    }

    /// Counts what the component has and is not handed to the transport, after a turn that came to
    /// these events.
    pub(super) async fn count_handed(
        &mut self,
        store: &mut Sandbox,
        events: &[types::Event],
    ) -> wasmtime::Result<()> {
        if self.handed.is_empty() {
            return Ok(());
        }
        let last_sent = events.iter().rev().find_map(|event| match event {
            types::Event::Sent(token) => Some(*token),
            _ => None,
        });
        let last = self.in_flight.sends.back().map(|(token, ..)| *token);
        if self.outgoing.is_none() && last <= last_sent {
            self.handed.set(0);
            return Ok(());
        }
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let bytes = websocket
            .call_get_buffered_amount(&mut *store, self.websocket)
            .await?;
        self.handed.set(bytes);
        Ok(())
    }

    pub(super) fn handle_part(&mut self, part: types::MessagePart) {
        let content = Message::from(part.content);
        if part.is_first {
            self.incoming = Incoming::Joining(Message::empty(content.kind()));
        }
        self.incoming = match std::mem::replace(&mut self.incoming, Incoming::None) {
            Incoming::Joining(mut message) => {
                message.push(content);
                self.take_joined(message, part.is_last)
            }
            Incoming::Streaming(pieces) if self.closing && self.events.is_full() => {
                // Its reader is told that it was cut off.
                drop(pieces);
                Incoming::Discarding
            }
            Incoming::Streaming(pieces) => {
                pieces.push(content);
                stream_on(pieces, part.is_last)
            }
            Incoming::None | Incoming::Discarding => Incoming::Discarding,
        };
    }

    /// Takes a message as far as it has arrived.
    fn take_joined(&self, message: Message, is_last: bool) -> Incoming {
        if message.len() as u64 > self.stream_over {
            if self.closing && self.events.is_full() {
                return Incoming::Discarding;
            }
            trace!("the start of a message");
            let pieces = self.events.push_start(message.kind());
            pieces.push(message);
            return stream_on(pieces, is_last);
        }
        if is_last {
            self.handle_message(message);
            return Incoming::None;
        }
        Incoming::Joining(message)
    }
}

fn stream_on(pieces: PieceSender, is_last: bool) -> Incoming {
    if is_last {
        pieces.end();
        Incoming::None
    } else {
        Incoming::Streaming(pieces)
    }
}
