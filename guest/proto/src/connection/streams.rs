//! Messages that are sent by parts.

use super::Connection;
use crate::error::SendError;
use crate::frame::{CloseCode, CloseFrame};
use crate::message::{MessageKind, SendOptions};
use crate::time::Instant;
use crate::token::Token;

impl Connection {
    /// Starts a message that is sent by parts. Until it is finished, no other can be sent; pings can,
    /// and [`Self::close`] can be called at any time.
    ///
    /// [`Event::Sent`](crate::Event::Sent) follows with the token that is returned, once the message
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

    pub(super) fn check_no_message(&self) -> Result<(), SendError> {
        match self.sender.is_in_message() {
            false => Ok(()),
            true => Err(SendError::MessageInProgress),
        }
    }
}
