use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::sync::oneshot;

use crate::command::{Command, CommandSender, CommandSink};
use crate::counters::{ConnectionCounters, Metrics};
use crate::error::Error;
use crate::event::{Closed, Event, Message, Opened, Pong, ReadyState};
use crate::options::SendOptions;
use crate::queue::EventReceiver;

/// A connection.
///
/// Messages are taken by [`receive`](Self::receive) or as a [`Stream`], everything that happens by
/// [`event`](Self::event). They are sent by [`send`](Self::send) or as a [`Sink`]. A
/// [`Sender`], which can be cloned, does all but receiving from elsewhere.
///
/// The connection lives by itself: pings are answered and timeouts kept whether or not anything is
/// polled here. When events are not taken, reading stops after about 1 MiB of them, and TCP slows
/// the server down.
///
/// Dropping it, and all its senders, closes the connection with code 1001, in the background.
#[derive(Debug)]
pub struct WebSocket {
    sender: Sender,
    events: EventReceiver,
    opened: Option<Opened>,
    closed: Option<Closed>,
    sink: SinkState,
}

/// Sends on a connection, and closes it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    commands: CommandSender,
    counters: Arc<ConnectionCounters>,
}

/// The sink's end of the commands.
#[derive(Debug)]
struct SinkState {
    commands: CommandSink,
    /// The closing handshake that `poll_close` waits for.
    closing: Option<oneshot::Receiver<Result<Closed, Error>>>,
}

impl WebSocket {
    pub(crate) fn new(
        commands: CommandSender,
        events: EventReceiver,
        counters: Arc<ConnectionCounters>,
    ) -> Self {
        Self {
            sink: SinkState {
                commands: CommandSink::new(commands.clone()),
                closing: None,
            },
            sender: Sender { commands, counters },
            events,
            opened: None,
            closed: None,
        }
    }

    /// Waits for the connection to open.
    pub(crate) async fn opened(&mut self) -> Result<(), Error> {
        loop {
            match self.event().await {
                Some(Event::Open(_)) => return Ok(()),
                Some(Event::Error(failure)) => return Err(failure.into()),
                Some(Event::Close(closed)) => return Err(Error::Closed(closed)),
                // None of them comes before `Open`, and there is an end.
                Some(_) => {}
                None => return Err(Error::InvalidState(ReadyState::Closed)),
            }
        }
    }

    /// What the server answered in the opening handshake.
    pub fn handshake(&self) -> Option<&Opened> {
        self.opened.as_ref()
    }

    /// The subprotocol that the server chose.
    pub fn subprotocol(&self) -> Option<&str> {
        self.opened.as_ref()?.subprotocol.as_deref()
    }

    /// How the connection ended, once [`Event::Close`] or the end of the messages was taken.
    pub fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    /// Sends on this connection from elsewhere.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// As [`Sender::metrics`].
    pub fn metrics(&self) -> Metrics {
        self.sender.metrics()
    }

    /// Takes the next event; `None` once [`Event::Close`] was taken.
    ///
    /// Cancel safe: if the future is dropped, no event is lost.
    pub async fn event(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Takes the next message; `None` once the connection is closed. Passes over all other events.
    ///
    /// Cancel safe: if the future is dropped, no message is lost.
    ///
    /// # Errors
    ///
    /// If the connection fails. After that it returns `None`.
    pub async fn receive(&mut self) -> Result<Option<Message>, Error> {
        std::future::poll_fn(|cx| self.poll_message(cx))
            .await
            .transpose()
    }

    /// As [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.sender.send(message).await
    }

    /// As [`Sender::ping`].
    ///
    /// # Errors
    ///
    /// As [`Sender::ping`].
    pub async fn ping(&self, payload: impl Into<Vec<u8>>) -> Result<Pong, Error> {
        self.sender.ping(payload).await
    }

    /// As [`Sender::close`].
    ///
    /// # Errors
    ///
    /// As [`Sender::close`].
    pub async fn close(&self, code: u16, reason: &str) -> Result<Closed, Error> {
        self.sender.close(code, reason).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let event = ready!(self.events.poll_recv(cx));
        match &event {
            Some(Event::Open(opened)) => self.opened = Some(opened.clone()),
            Some(Event::Close(closed)) => self.closed = Some(closed.clone()),
            Some(_) | None => {}
        }
        Poll::Ready(event)
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        loop {
            match ready!(self.poll_event(cx)) {
                Some(Event::Message(message)) => return Poll::Ready(Some(Ok(message))),
                Some(Event::Error(failure)) => return Poll::Ready(Some(Err(failure.into()))),
                Some(Event::Open(_) | Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Sender {
    /// Sends a message. Completes when every byte of it is handed to the transport.
    ///
    /// Messages are sent in the order in which the futures were first polled. If a future is
    /// dropped after that, its message may be sent all the same.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidArgument`]: the message is longer than a quarter of the memory that an
    ///   instance may have, 64 MiB by default; nothing was sent.
    /// - [`Error::InvalidState`]: the connection is not open, or no longer; nothing was sent.
    /// - [`Error::Failed`], [`Error::Closed`]: the connection ended before all of it was handed
    ///   over.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.send_with(message, SendOptions::new()).await
    }

    /// Sends a message in a way of one's choice.
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    pub async fn send_with(
        &self,
        message: impl Into<Message>,
        options: SendOptions,
    ) -> Result<(), Error> {
        let message = message.into();
        let command = |done| Command::Send {
            message,
            options,
            done: Some(done),
        };
        self.commands.give(command).await?.await
    }

    /// Sends a ping with up to 125 bytes of payload. Completes with the pong.
    ///
    /// If none comes in time (see [`Options::pong_timeout`](crate::Options::pong_timeout)), the
    /// connection fails.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidArgument`]: the payload is too long.
    /// - [`Error::InvalidState`]: the connection is not open, or no longer.
    /// - [`Error::Failed`], [`Error::Closed`]: the connection ended before the pong came.
    pub async fn ping(&self, payload: impl Into<Vec<u8>>) -> Result<Pong, Error> {
        self.ping_with(payload, SendOptions::new()).await
    }

    /// Sends a ping in a way of one's choice.
    ///
    /// # Errors
    ///
    /// As [`Self::ping`].
    pub async fn ping_with(
        &self,
        payload: impl Into<Vec<u8>>,
        options: SendOptions,
    ) -> Result<Pong, Error> {
        let payload = payload.into();
        let command = |done| Command::Ping {
            payload,
            options,
            done,
        };
        self.commands.give(command).await?.await
    }

    /// Closes the connection, after all that was sent. Completes when it is closed, cleanly or not,
    /// which the [`Closed`] tells, and within
    /// [`Options::close_timeout`](crate::Options::close_timeout). What was sent before and waits
    /// for room, because the server does not read, has as long once more before that.
    ///
    /// Messages that arrive until then can still be taken. Those that find no room, because they
    /// are not taken, are dropped.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidArgument`]: the code is not one of 1000 to 1003, 1007 to 1014 and 3000 to
    ///   4999, or the reason is longer than 123 bytes.
    /// - [`Error::InvalidState`]: the connection is closed.
    pub async fn close(&self, code: u16, reason: &str) -> Result<Closed, Error> {
        let reason = reason.to_owned();
        let command = |done| Command::Close {
            code: Some(code),
            reason: Some(reason),
            done: Some(done),
        };
        self.commands.give_now(command)?.await
    }

    /// What the connection has counted so far. What an event or the end of a command tells of is
    /// counted before.
    pub fn metrics(&self) -> Metrics {
        self.counters.metrics()
    }

    pub(crate) fn commands(&self) -> &CommandSender {
        &self.commands
    }
}

/// The messages, until the connection is closed. A failure is the last item.
impl Stream for WebSocket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx)
    }
}

/// Sends messages. An item is done with once the connection's task has it: it is sent in its turn,
/// together with what else waits. [`WebSocket::send`] tells when a message is handed to the
/// transport; the sink is for many messages, of which one by one need not be told. Closing closes
/// the connection with code 1000, after all of them.
impl Sink<Message> for WebSocket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.sink.commands.poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        let command = Command::Send {
            message,
            options: SendOptions::new(),
            done: None,
        };
        self.sink.commands.start_send(command)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.sink.poll_close(cx).map(Ok)
    }
}

impl SinkState {
    /// Completes when the connection is closed; what is closed already stays so.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let closing = match &mut self.closing {
            Some(closing) => closing,
            None => {
                let (done, closing) = oneshot::channel();
                let command = Command::Close {
                    code: None,
                    reason: None,
                    done: Some(done),
                };
                // It fails if the connection is closed, and is told so by `closing` then.
                let _ = self.commands.start_send(command);
                self.closing.insert(closing)
            }
        };
        if !closing.is_terminated() {
            // Whatever comes of it, the connection is closed then.
            let _ = ready!(Pin::new(closing).poll(cx));
        }
        Poll::Ready(())
    }
}
