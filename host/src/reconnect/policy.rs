use std::time::Duration;

/// When to connect again, how often, and what becomes of messages meanwhile.
///
/// Defaults: a delay of up to 1 s after the first failure, twice as long after each further one, up
/// to 60 s; any number of attempts, for any time; failures are forgotten once a connection was open
/// for 30 s; messages that are unsent are sent again, those that may have been sent are returned; at
/// most 1,024 messages and 1 MiB of them wait.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) first_delay: Duration,
    pub(super) factor: u32,
    pub(super) max_delay: Duration,
    pub(super) max_attempts: Option<u32>,
    pub(super) max_elapsed: Option<Duration>,
    pub(super) stable_after: Duration,
    pub(super) max_retry_after: Duration,
    pub(super) unsent: OnLoss,
    pub(super) maybe_sent: OnLoss,
    pub(super) confirm: Confirm,
    pub(super) max_buffered_bytes: u32,
    pub(super) max_buffered_messages: u32,
}

/// What becomes of a message when its connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnLoss {
    /// It is sent on the next connection, before all that was given later.
    Resend,
    /// It is returned by [`Event::Undelivered`](super::Event::Undelivered).
    Return,
}

/// When a message counts as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Confirm {
    /// Once the server answered a ping that followed it. There is one such ping in flight at a time.
    /// If the server does not answer, the connection fails after
    /// [`Options::pong_timeout`](crate::Options::pong_timeout).
    Pong,
    /// Once every byte of it is handed to the transport. What the transport loses after that is not
    /// told. For servers that answer no pings.
    Transport,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            first_delay: Duration::from_secs(1),
            factor: 2,
            max_delay: Duration::from_secs(60),
            max_attempts: None,
            max_elapsed: None,
            stable_after: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(300),
            unsent: OnLoss::Resend,
            maybe_sent: OnLoss::Return,
            confirm: Confirm::Pong,
            max_buffered_bytes: 1 << 20,
            max_buffered_messages: 1024,
        }
    }
}

impl Policy {
    /// All at its default.
    pub fn new() -> Self {
        Self::default()
    }

    /// The longest delay after the first failure. The delay is a random share of it. Default: 1 s.
    #[must_use]
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.first_delay = delay;
        self
    }

    /// By how much the longest delay grows with each failure. 1, or 0, lets it stay as it is.
    /// Default: 2.
    #[must_use]
    pub fn factor(mut self, factor: u32) -> Self {
        self.factor = factor;
        self
    }

    /// Up to what the longest delay grows. Default: 60 s.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Ends after so many attempts without a connection that was stable. Default: no limit.
    #[must_use]
    pub fn max_attempts(mut self, count: u32) -> Self {
        self.max_attempts = Some(count);
        self
    }

    /// Ends rather than making an attempt later than this, counted from the first attempt or from
    /// the loss of a connection that was stable. Default: no limit.
    #[must_use]
    pub fn max_elapsed(mut self, time: Duration) -> Self {
        self.max_elapsed = Some(time);
        self
    }

    /// How long a connection has to be open for the failures before it to be forgotten. Default:
    /// 30 s.
    #[must_use]
    pub fn stable_after(mut self, time: Duration) -> Self {
        self.stable_after = time;
        self
    }

    /// How long a server may ask to be left alone, by Retry-After (RFC 9110, section 10.2.3) in an
    /// answer that refuses the opening handshake. If it asks for longer, this is what it gets. The
    /// delay comes on top, so that not all who were told the same come at once. Default: 300 s.
    #[must_use]
    pub fn max_retry_after(mut self, time: Duration) -> Self {
        self.max_retry_after = time;
        self
    }

    /// What becomes of messages of which no byte was sent when the connection is lost. Those that are
    /// given while there is none wait for the next in either case. Default: [`OnLoss::Resend`].
    #[must_use]
    pub fn unsent(mut self, on_loss: OnLoss) -> Self {
        self.unsent = on_loss;
        self
    }

    /// What becomes of messages of which the server may or may not have some or all when the
    /// connection is lost. Sent again, they may arrive twice. Default: [`OnLoss::Return`].
    #[must_use]
    pub fn maybe_sent(mut self, on_loss: OnLoss) -> Self {
        self.maybe_sent = on_loss;
        self
    }

    /// When a message counts as sent. Default: [`Confirm::Pong`].
    #[must_use]
    pub fn confirm(mut self, confirm: Confirm) -> Self {
        self.confirm = confirm;
        self
    }

    /// How many bytes of messages may wait: to be sent, to be confirmed, or to be taken after they
    /// were returned, at least 1. A longer message waits until it is alone. Default: 1 MiB.
    #[must_use]
    pub fn max_buffered_bytes(mut self, bytes: u32) -> Self {
        self.max_buffered_bytes = bytes;
        self
    }

    /// How many messages may wait so, at least 1. Default: 1,024.
    #[must_use]
    pub fn max_buffered_messages(mut self, count: u32) -> Self {
        self.max_buffered_messages = count;
        self
    }
}
