//! Messages that are sent or taken by parts.

use super::Connection;
use crate::assembler::{Delivery, Partial};
use crate::error::SendError;
use crate::event::Event;
use crate::frame::{CloseCode, CloseFrame};
use crate::message::{MessageKind, MessagePart, SendOptions};
use crate::receiver::Receiver;
use crate::state::{Closing, ClosingPhase, State};
use crate::time::Instant;
use crate::token::Token;

impl Connection {
    /// Starts a message that is sent by parts. Until it is finished, no other can be sent; pings can,
    /// and [`Self::close`] can be called at any time.
    ///
    /// [`Event::Sent`] follows with the token that is returned, once the message
    /// is finished and every byte of it is written.
    ///
    /// # Errors
    ///
    /// If the connection is not open, a message is being sent by parts already, or too much waits to
    /// be sent; nothing is started then.
    pub fn start_message(
        &mut self,
        kind: MessageKind,
        options: SendOptions,
    ) -> Result<Token, SendError> {
        self.check_no_message()?;
        self.check_room()?;
        let token = self.tokens.next();
        self.sender.start_message(kind, options, token);
        Ok(token)
    }

    /// Queues the next part of the message that was started, as a frame of its own unless it is
    /// empty.
    ///
    /// The parts of a text may end anywhere, inside of a character, too. Whether the message is
    /// compressed is decided for the first part, and each is compressed so that the peer can
    /// decompress it as it arrives: few long parts become shorter than many short ones.
    ///
    /// # Errors
    ///
    /// If the connection is not open, no message was started, too much waits to be sent, or the text
    /// is not UTF-8; nothing of the part is queued then, and another can take its place.
    pub fn send_part(&mut self, part: &[u8], now: Instant) -> Result<(), SendError> {
        self.check_open()?;
        if !self.sender.is_in_message() {
            return Err(SendError::NoMessageInProgress);
        }
        self.check_room()?;
        self.sender.push_part(part)?;
        self.compressor_used(now);
        Ok(())
    }

    /// Whether a message is being sent by parts; no longer once a Close frame cut it off.
    pub fn is_message_in_progress(&self) -> bool {
        self.sender.is_in_message()
    }

    /// Ends the message that was started. That takes a few bytes, whatever waits to be sent.
    ///
    /// # Errors
    ///
    /// If the connection is not open, no message was started, or the text ends inside of a
    /// character; nothing has changed then.
    pub fn finish_message(&mut self, now: Instant) -> Result<(), SendError> {
        self.check_open()?;
        self.sender.finish_message()?;
        self.compressor_used(now);
        Ok(())
    }

    /// Gives up the message that was started.
    ///
    /// RFC 6455 has no way to take back what was sent of it, but section 5.4 lets a Close frame stand
    /// between fragments. So this calls [`Self::close`] with 1011, and returns its token. If no part
    /// of the message was queued yet, it is as if it had not been started, and `None` is returned.
    ///
    /// # Errors
    ///
    /// If the connection is not open, or no message was started.
    pub fn abandon_message(&mut self, now: Instant) -> Result<Option<Token>, SendError> {
        self.check_open()?;
        if !self.sender.is_in_message() {
            return Err(SendError::NoMessageInProgress);
        }
        if self.sender.withdraw_message() {
            return Ok(None);
        }
        let frame = CloseFrame::failing(CloseCode::INTERNAL_ERROR, "a message was given up");
        // An open connection can be closed.
        self.close(&frame, now)
            .map(Some)
            .map_err(|_| SendError::NotOpen)
    }

    /// Takes what is there of the next message, if that is anything.
    ///
    /// From the first call on until its last part is taken, that message comes by parts, and not as
    /// [`Event::Message`]; and while [`Limits::untaken_len`](crate::Limits::untaken_len) bytes of it
    /// wait, or its last, no input is taken and pings do not time out. A message that waits as an event is one part.
    ///
    /// A message of which the last part never comes was cut off. That is known once
    /// [`Event::Closed`] is taken and this returns `None`: what arrived before the end can be taken
    /// after that event, too.
    pub fn poll_part(&mut self, now: Instant) -> Option<MessagePart> {
        let part = self.take_part();
        if part.as_ref().is_some_and(|part| part.is_last) {
            self.delivery = Delivery::Whole;
            self.answers.message_taken();
        } else {
            self.delivery = Delivery::Parts;
        }
        self.go_on_if_taken(now);
        part
    }

    /// Undoes [`Self::poll_part`]: the next message comes as [`Event::Message`], unless a part of it
    /// or [`Event::Closed`] was taken.
    pub fn cancel_parts(&mut self, now: Instant) {
        let is_over = matches!(self.state, State::Closed) && self.events.is_empty();
        if is_over || self.partial().is_some_and(Partial::is_begun) {
            return;
        }
        self.delivery = Delivery::Whole;
        let message = match self.receiver_mut() {
            Some(receiver) => receiver.take_whole(),
            None => self.cut_off.take().and_then(Partial::into_whole),
        };
        if let Some(message) = message {
            // What waits came after it.
            self.events.push_front(Event::Message(message));
        }
        self.go_on_if_taken(now);
    }

    /// Whether [`Self::poll_part`] would return something.
    pub fn has_part(&self) -> bool {
        matches!(self.events.front(), Some(Event::Message(_)))
            || self.partial().is_some_and(Partial::has_part)
    }

    /// Whether no input is taken before [`Self::poll_part`] is called.
    pub fn awaits_poll_part(&self) -> bool {
        self.receiver()
            .is_some_and(|receiver| receiver.awaits_taking(self.delivery, &self.config.limits))
    }

    /// Keeps what arrived of a message by parts, of which nothing more is received.
    pub(super) fn cut_off_message(&mut self) {
        if self.delivery == Delivery::Parts
            && let Some(receiver) = self.receiver_mut()
        {
            self.cut_off = receiver.take_partial();
        }
    }

    fn take_part(&mut self) -> Option<MessagePart> {
        if let Some(Event::Message(message)) = self
            .events
            .pop_front_if(|event| matches!(event, Event::Message(_)))
        {
            return Some(message.into());
        }
        match self.receiver_mut() {
            Some(receiver) => receiver.take_part(),
            None => self.cut_off.as_mut()?.take_part(),
        }
    }

    fn go_on_if_taken(&mut self, now: Instant) {
        if !self.awaits_poll_part() {
            self.heartbeat.go_on(now);
        }
    }

    fn partial(&self) -> Option<&Partial> {
        match self.receiver() {
            Some(receiver) => receiver.partial(),
            None => self.cut_off.as_ref(),
        }
    }

    fn receiver(&self) -> Option<&Receiver> {
        match &self.state {
            State::Open(receiver)
            | State::Closing(Closing {
                phase: ClosingPhase::AwaitingClose(receiver),
                ..
            }) => Some(receiver),
            State::Connecting(_) | State::Ending(_) | State::Closing(_) | State::Closed => None,
        }
    }

    fn receiver_mut(&mut self) -> Option<&mut Receiver> {
        match &mut self.state {
            State::Open(receiver)
            | State::Closing(Closing {
                phase: ClosingPhase::AwaitingClose(receiver),
                ..
            }) => Some(receiver),
            State::Connecting(_) | State::Ending(_) | State::Closing(_) | State::Closed => None,
        }
    }

    pub(super) fn check_no_message(&self) -> Result<(), SendError> {
        match self.sender.is_in_message() {
            false => Ok(()),
            true => Err(SendError::MessageInProgress),
        }
    }
}
