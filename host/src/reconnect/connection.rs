use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::{mpsc, oneshot};
use tracing::{Instrument as _, debug_span};

use super::cause::{Cause, HookError};
use super::driver::Driver;
use super::event::{Disconnected, Event, Fate, NotDelivered};
use super::hooks::{Attempt, Hooks};
use super::outbox::Outbox;
use super::policy::Policy;
use super::queue::{self, EventReceiver, MessageRoom, NoRoom};
use super::schedule::Schedule;
use super::shared::{Close, Command, Kept, Shared};
use crate::error::Error;
use crate::event::{Closed, Message, Opened, ReadyState};
use crate::options::{Options, SendOptions};
use crate::runtime::Runtime;

/// Sets up a [`Reconnecting`].
///
/// Defaults: the default [`Options`] and [`Policy`]; hooks that change nothing; final is what
/// [`Cause::is_final`] says.
#[must_use]
pub struct Reconnect {
    runtime: Runtime,
    url: String,
    options: Options,
    policy: Policy,
    hooks: Hooks,
    random: Box<dyn FnMut() -> f64 + Send>,
}

/// A connection that is made anew when it is lost.
///
/// Events are taken by [`event`](Self::event) or as a [`Stream`], and have to be, so that it goes on.
/// A [`Sender`], which can be cloned, does all but that from elsewhere.
///
/// Dropping it ends it, whatever it does and whoever has a sender: a connection that is open is
/// closed with code 1001 in the background, after what it has been given, and all else is given up.
#[derive(Debug)]
pub struct Reconnecting {
    sender: Sender,
    events: EventReceiver,
}

/// Sends by a [`Reconnecting`], and closes it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    commands: mpsc::UnboundedSender<Command>,
    room: MessageRoom,
    last_id: Arc<AtomicU64>,
}

/// What becomes of a message: a future that is done when that is known. It may be dropped.
///
/// [`NotDelivered`] says that the message is given up; [`Event::Undelivered`] returns it.
#[derive(Debug)]
#[must_use = "a message may not be delivered; events tell of it too"]
pub struct Receipt {
    id: u64,
    result: oneshot::Receiver<Result<(), NotDelivered>>,
}

/// Why a message was not taken. It comes back in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There will be no connection any more.
    #[error("there is no connection any more")]
    Ended(Message),
    /// As much waits as the policy allows.
    #[error("as many messages wait as may")]
    Full(Message),
}

impl Reconnect {
    /// A connection to a `ws` or `wss` URL, which `runtime` will run.
    pub fn new(runtime: &Runtime, url: impl Into<String>) -> Self {
        Self {
            runtime: runtime.clone(),
            url: url.into(),
            options: Options::new(),
            policy: Policy::new(),
            hooks: Hooks::default(),
            random: Box::new(fastrand::f64),
        }
    }

    /// How each attempt connects.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// When to connect again, and what becomes of messages meanwhile.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Calls `hook` before each attempt, with how it would connect; it connects as the hook returns
    /// it. For what changes from attempt to attempt, such as a token or the next of several servers.
    ///
    /// If the hook fails, so does the attempt. There is no limit to the time that it may take.
    pub fn before_attempt<F>(mut self, mut hook: impl FnMut(Attempt) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Attempt, HookError>> + Send + 'static,
    {
        self.hooks.before_attempt = Box::new(move |attempt| Box::pin(hook(attempt)));
        self
    }

    /// Calls `hook` when a connection is open. The messages that it returns are sent before all that
    /// waits: for what each connection has to begin with, such as subscriptions. They belong to that
    /// connection, and are neither sent again nor returned. If one cannot be sent at all, such as one
    /// that is too long, the connection is lost by [`Error::InvalidArgument`].
    pub fn on_open(mut self, hook: impl FnMut(&Opened) -> Vec<Message> + Send + 'static) -> Self {
        self.hooks.on_open = Box::new(hook);
        self
    }

    /// Calls `hook` when an attempt failed or a connection was lost, before the event that tells it.
    pub fn after_failure(mut self, hook: impl FnMut(&Disconnected) + Send + 'static) -> Self {
        self.hooks.after_failure = Box::new(hook);
        self
    }

    /// Lets `is_final` say whether another attempt is of no use. [`Cause::is_final`] has the answer
    /// for what it does not care about.
    pub fn is_final(mut self, is_final: impl FnMut(&Cause) -> bool + Send + 'static) -> Self {
        self.hooks.is_final = Box::new(is_final);
        self
    }

    /// Where random numbers from 0 to 1 come from, which spread the attempts of many clients.
    /// Default: a generator that is seeded by the system.
    pub fn random(mut self, random: impl FnMut() -> f64 + Send + 'static) -> Self {
        self.random = Box::new(random);
        self
    }

    /// Starts to connect, in the background.
    ///
    /// Hooks run on the task that does so, and should not block. If one panics, the events end
    /// without [`Event::Ended`].
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, as everything of Tokio's network does.
    pub fn start(self) -> Reconnecting {
        let (commands, commands_rx) = mpsc::unbounded_channel();
        let (events_tx, events) = queue::events();
        let room = MessageRoom::new(
            self.policy.max_buffered_bytes,
            self.policy.max_buffered_messages,
        );
        let driver = Driver {
            dial: self.runtime,
            url: self.url,
            options: self.options,
            hooks: self.hooks,
            random: self.random,
            shared: Shared {
                commands: commands_rx,
                events: events_tx,
                outbox: Outbox::new(&self.policy),
                room: room.clone(),
            },
            schedule: Schedule::new(self.policy),
        };
        tokio::spawn(driver.run().instrument(debug_span!("reconnecting")));
        Reconnecting {
            sender: Sender {
                commands,
                room,
                last_id: Arc::default(),
            },
            events,
        }
    }
}

impl fmt::Debug for Reconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL, which may have credentials.
        f.debug_struct("Reconnect")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl Reconnecting {
    /// Takes the next event; `None` once [`Event::Ended`] was taken.
    ///
    /// Cancel safe: if the future is dropped, no event is lost.
    pub async fn event(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| self.events.poll_recv(cx)).await
    }

    /// Sends from elsewhere.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// As [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub async fn send(&self, message: impl Into<Message>) -> Result<Receipt, SendError> {
        self.sender.send(message).await
    }

    /// As [`Sender::try_send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::try_send`].
    pub fn try_send(&self, message: impl Into<Message>) -> Result<Receipt, SendError> {
        self.sender.try_send(message)
    }

    /// As [`Sender::close`].
    ///
    /// # Errors
    ///
    /// As [`Sender::close`].
    pub async fn close(&self, code: u16, reason: &str) -> Result<Option<Closed>, Error> {
        self.sender.close(code, reason).await
    }
}

impl Stream for Reconnecting {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.poll_recv(cx)
    }
}

impl Sender {
    /// Takes a message to be sent, whether or not there is a connection now. Completes when it has
    /// its place, after those of all calls that completed before; until then it waits for room
    /// ([`Policy::max_buffered_messages`], [`Policy::max_buffered_bytes`]). If the future is dropped
    /// before that, the message is not sent.
    ///
    /// # Errors
    ///
    /// [`SendError::Ended`]: there will be no connection any more.
    pub async fn send(&self, message: impl Into<Message>) -> Result<Receipt, SendError> {
        self.send_with(message, SendOptions::new()).await
    }

    /// As [`Self::send`], in a way of one's choice.
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    pub async fn send_with(
        &self,
        message: impl Into<Message>,
        options: SendOptions,
    ) -> Result<Receipt, SendError> {
        let message = message.into();
        let taken = self.room.take(message.len()).await;
        self.give(message, options, taken)
    }

    /// As [`Self::send`], unless it would have to wait for room.
    ///
    /// # Errors
    ///
    /// - [`SendError::Full`]: there is no room.
    /// - [`SendError::Ended`]: there will be no connection any more.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<Receipt, SendError> {
        self.try_send_with(message, SendOptions::new())
    }

    /// As [`Self::try_send`], in a way of one's choice.
    ///
    /// # Errors
    ///
    /// As [`Self::try_send`].
    pub fn try_send_with(
        &self,
        message: impl Into<Message>,
        options: SendOptions,
    ) -> Result<Receipt, SendError> {
        let message = message.into();
        let taken = self.room.try_take(message.len());
        self.give(message, options, taken)
    }

    /// Ends it, whatever it does: there is no further attempt. A connection that is open is closed
    /// after all that was taken before is sent, within
    /// [`Options::close_timeout`](crate::Options::close_timeout) as
    /// [`WebSocket::close`](crate::WebSocket::close) has it; says how it was closed. Without one, what
    /// waits is returned.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidArgument`]: there is a connection, and the code or the reason is not one
    ///   that [`WebSocket::close`](crate::WebSocket::close) takes. Nothing changed.
    /// - [`Error::InvalidState`]: it has ended already.
    pub async fn close(&self, code: u16, reason: &str) -> Result<Option<Closed>, Error> {
        let (done, closed) = oneshot::channel();
        let close = Close {
            code,
            reason: reason.to_owned(),
            done,
        };
        let ended = Error::InvalidState(ReadyState::Closed);
        if self.commands.send(Command::Close(close)).is_err() {
            return Err(ended);
        }
        closed.await.unwrap_or(Err(ended))
    }

    fn give(
        &self,
        message: Message,
        options: SendOptions,
        room: Result<queue::Taken, NoRoom>,
    ) -> Result<Receipt, SendError> {
        let room = match room {
            Ok(room) => room,
            Err(NoRoom::Ended) => return Err(SendError::Ended(message)),
            Err(NoRoom::Full) => return Err(SendError::Full(message)),
        };
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let (receipt, result) = oneshot::channel();
        let command = Command::Send {
            message,
            options,
            kept: Kept { id, receipt, room },
        };
        match self.commands.send(command) {
            Ok(()) => Ok(Receipt { id, result }),
            Err(mpsc::error::SendError(Command::Send { message, .. })) => {
                Err(SendError::Ended(message))
            }
            // It is what was given.
            Err(mpsc::error::SendError(Command::Close(_))) => unreachable!("a close command"),
        }
    }
}

impl Receipt {
    /// The number of the message, which [`Undelivered::id`](super::Undelivered::id) has too. No two
    /// messages of one [`Reconnecting`] have the same.
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Future for Receipt {
    type Output = Result<(), NotDelivered>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = Pin::new(&mut self.result).poll(cx);
        result.map(|result| {
            // The task ended without telling, with the Tokio runtime.
            let untold = NotDelivered {
                fate: Fate::MaybeSent,
                cause: Error::InvalidState(ReadyState::Closed).into(),
            };
            result.unwrap_or(Err(untold))
        })
    }
}
