//! Messages that are sent or taken by parts.

use wasocket_proto::{Instant, MessageKind, MessagePart, SendOptions};

use super::{Stage, WebSocket};
use crate::error::CommandError;
use crate::event::Token;

impl WebSocket {
    /// Starts a message that is sent by parts. Until it is finished, no other can be sent.
    ///
    /// # Errors
    ///
    /// If the connection is not open, a message is being sent by parts already, or too much waits to
    /// be sent.
    pub fn start_message(
        &mut self,
        kind: MessageKind,
        options: SendOptions,
    ) -> Result<Token, CommandError> {
        self.command(|connection| connection.start_message(kind, options))
            .map(|token| token.get())
    }

    /// Queues the next part of the message that was started. The parts of a text may end anywhere.
    ///
    /// # Errors
    ///
    /// If the connection is not open, no message was started, too much waits to be sent, or the text
    /// is not UTF-8. Nothing of the part is queued then.
    pub fn send_part(&mut self, part: &[u8], now: Instant) -> Result<(), CommandError> {
        self.command(|connection| connection.send_part(part, now))
    }

    /// Ends the message that was started.
    ///
    /// # Errors
    ///
    /// If the connection is not open, no message was started, or the text ends inside of a
    /// character.
    pub fn finish_message(&mut self, now: Instant) -> Result<(), CommandError> {
        self.command(|connection| connection.finish_message(now))
    }

    /// Gives up the message that was started. It cannot be taken back, so this starts the closing
    /// handshake with 1011, and returns its token; unless no part of the message was queued yet.
    ///
    /// # Errors
    ///
    /// If the connection is not open, or no message was started.
    pub fn abandon_message(&mut self, now: Instant) -> Result<Option<Token>, CommandError> {
        let closing = self.command(|connection| connection.abandon_message(now))?;
        if let (Some(_), Stage::Linked(link)) = (closing, &mut self.stage) {
            link.set_close_called();
        }
        Ok(closing.map(|token| token.get()))
    }

    /// Whether a message is being sent by parts; no longer once a Close frame cut it off.
    pub fn is_message_in_progress(&self) -> bool {
        match &self.stage {
            Stage::Linked(link) => link.connection().is_message_in_progress(),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => false,
        }
    }

    /// Takes what is there of the next message; input is handled for it, as by
    /// [`Self::poll_event`].
    ///
    /// From the first call on a connected websocket until its last part is taken, that message comes by parts, and not as
    /// [`Event::Message`](crate::Event::Message); no more than 64 KiB of it are held, about, and no
    /// input is wanted beyond. `None` says that there is nothing now: take events, and ask again
    /// after them, or after input.
    ///
    /// A message was cut off if its last part has not come when
    /// [`Event::Close`](crate::Event::Close) is taken and this returns `None`.
    pub fn poll_part(&mut self, now: Instant) -> Option<MessagePart> {
        match &mut self.stage {
            Stage::Linked(link) => link.poll_part(now),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => None,
        }
    }

    /// Undoes [`Self::poll_part`]: the next message comes as an event, unless a part of it was taken.
    pub fn cancel_parts(&mut self, now: Instant) {
        if let Stage::Linked(link) = &mut self.stage {
            link.connection_mut().cancel_parts(now);
        }
    }

    /// Whether [`Self::poll_part`] would return something, of what is handled already.
    pub fn has_part(&self) -> bool {
        match &self.stage {
            Stage::Linked(link) => link.connection().has_part(),
            Stage::Dialing(_) | Stage::Securing(_) | Stage::GivenUp => false,
        }
    }
}
