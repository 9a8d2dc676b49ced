use core::time::Duration;

use crate::time::Instant;

/// Whether the application may be about to answer a message: for a while after it took one.
///
/// Events are taken without saying what time it is, so the while starts with the first handler
/// after that. That is not too late: it is a handler that receives what would end the connection.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// A message was taken since the last handler.
    message_taken: bool,
    /// Until when answers to messages taken before it are waited for.
    deadline: Option<Instant>,
}

impl Answers {
    /// Says that the application took a message.
    pub(crate) fn message_taken(&mut self) {
        self.message_taken = true;
    }

    /// Says that a handler is called.
    pub(crate) fn handler_called(&mut self, now: Instant, timeout: Duration) {
        if core::mem::take(&mut self.message_taken) {
            self.deadline = Some(now + timeout);
        }
    }

    /// Until when answers are to be waited for, if they are.
    pub(crate) fn deadline(&self, now: Instant) -> Option<Instant> {
        self.deadline.filter(|deadline| *deadline > now)
    }
}
