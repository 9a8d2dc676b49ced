use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::sync::oneshot;

use crate::command::{Command, CommandSender};
use crate::counters::{ConnectionCounters, Metrics};
use crate::error::Error;
use crate::event::{Closed, Event, Message, MessageKind, Opened, Pong, ReadyState};
use crate::half::{ReceiveHalf, SendHalf};
use crate::options::SendOptions;
use crate::queue::EventReceiver;
use crate::reader::MessageReader;
use crate::writer::MessageWriter;

/// A connection.
///
/// Messages are taken by [`receive`](Self::receive) or as a [`Stream`], everything that happens by
/// [`event`](Self::event). They are sent by [`send`](Self::send) or as a [`Sink`]. A
/// [`Sender`], which can be cloned, does all but receiving from elsewhere, and
/// [`split`](Self::split) makes two halves of it. Long messages can be sent as they are made, by
/// [`message_writer`](Sender::message_writer), and read as they arrive, by
/// [`receive_stream`](Self::receive_stream).
///
/// The connection lives by itself: pings are answered and timeouts kept whether or not anything is
/// polled here. When events are not taken, reading stops after about 1 MiB of them (see
/// [`Options::receive_marks`](crate::Options::receive_marks)), and TCP slows the server down.
///
/// Dropping it, and all its senders, closes the connection with code 1001, in the background.
#[derive(Debug)]
pub struct WebSocket {
    send: SendHalf,
    receive: ReceiveHalf,
}

/// Sends on a connection, and closes it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sender {
    commands: CommandSender,
    counters: Arc<ConnectionCounters>,
}

/// Why [`Sender::try_send`] did not send a message, which is given back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrySendError {
    /// Too much waits to be sent, or others wait for their turn.
    /// [`Sender::drained`] tells when less does.
    #[error("too much waits to be sent")]
    Full(Message),
    /// It cannot be sent, now or later.
    #[error("{error}")]
    Refused {
        /// Why, as [`Sender::send`] tells it.
        error: Box<Error>,
        /// The message.
        message: Message,
    },
}

impl WebSocket {
    pub(crate) fn new(
        commands: CommandSender,
        events: EventReceiver,
        counters: Arc<ConnectionCounters>,
    ) -> Self {
        Self {
            send: SendHalf::new(Sender::new(commands.clone(), counters)),
            receive: ReceiveHalf::new(commands, events),
        }
    }

    pub(crate) fn of_halves(send: SendHalf, receive: ReceiveHalf) -> Self {
        Self { send, receive }
    }

    /// Makes two halves of it, one that sends and one that receives, which share no lock.
    /// [`SendHalf::reunite`] undoes it.
    ///
    /// The connection is closed once both are dropped, and all senders.
    pub fn split(self) -> (SendHalf, ReceiveHalf) {
        (self.send, self.receive)
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
        self.receive.handshake()
    }

    /// The subprotocol that the server chose.
    pub fn subprotocol(&self) -> Option<&str> {
        self.receive.subprotocol()
    }

    /// How the connection ended, once [`Event::Close`] or the end of the messages was taken.
    pub fn closed(&self) -> Option<&Closed> {
        self.receive.closed()
    }

    /// How many bytes wait to be received: what arrived and was not taken yet. Each event, and each
    /// part of a message that is read as a stream, counts 64 bytes beside its payload.
    pub fn unread_amount(&self) -> u64 {
        self.receive.unread_amount()
    }

    /// How many events, and parts of messages that are read as streams, wait to be taken.
    pub fn unread_events(&self) -> u64 {
        self.receive.unread_events()
    }

    /// Sends on this connection from elsewhere.
    pub fn sender(&self) -> Sender {
        (*self.send).clone()
    }

    /// As [`Sender::metrics`].
    pub fn metrics(&self) -> Metrics {
        self.send.metrics()
    }

    /// Takes the next event; `None` once [`Event::Close`] was taken.
    ///
    /// Cancel safe: if the future is dropped, no event is lost.
    pub async fn event(&mut self) -> Option<Event> {
        self.receive.event().await
    }

    /// Takes the next message; `None` once the connection is closed. Passes over all other events.
    ///
    /// It is whole, also if [`Options::stream_messages_over`](crate::Options::stream_messages_over)
    /// is shorter.
    ///
    /// Cancel safe: if the future is dropped, no message is lost.
    ///
    /// # Errors
    ///
    /// If the connection fails. After that it returns `None`.
    pub async fn receive(&mut self) -> Result<Option<Message>, Error> {
        self.receive.receive().await
    }

    /// Takes the next message as a stream; `None` once the connection is closed. Passes over all
    /// other events.
    ///
    /// One that is longer than
    /// [`Options::stream_messages_over`](crate::Options::stream_messages_over) can be read as it
    /// arrives, others are here already.
    ///
    /// Cancel safe: if the future is dropped, no message is lost.
    ///
    /// # Errors
    ///
    /// If the connection fails. After that it returns `None`.
    pub async fn receive_stream(&mut self) -> Result<Option<MessageReader>, Error> {
        self.receive.receive_stream().await
    }

    /// Reads the message whose [`Event::MessageStart`] was the last event that was taken; once.
    pub fn message_reader(&mut self) -> Option<MessageReader> {
        self.receive.message_reader()
    }

    /// As [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.send.send(message).await
    }

    /// As [`Sender::ping`].
    ///
    /// # Errors
    ///
    /// As [`Sender::ping`].
    pub async fn ping(&self, payload: impl Into<Vec<u8>>) -> Result<Pong, Error> {
        self.send.ping(payload).await
    }

    /// As [`Sender::close`].
    ///
    /// # Errors
    ///
    /// As [`Sender::close`].
    pub async fn close(&self, code: u16, reason: &str) -> Result<Closed, Error> {
        self.send.close(code, reason).await
    }
}

impl Sender {
    pub(crate) fn new(commands: CommandSender, counters: Arc<ConnectionCounters>) -> Self {
        Self { commands, counters }
    }

    /// Sends a message. Completes when every byte of it is handed to the transport.
    ///
    /// Messages are sent in the order in which the futures were first polled, and wait for their turn
    /// while as much waits to be sent as [`Options::send_marks`](crate::Options::send_marks) says. If
    /// a future is dropped after it was polled, its message may be sent all the same.
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
        self.commands.send(message.into(), options).await?.await
    }

    /// Sends a message if there is room for it now. It is sent in its turn; nobody is told when.
    ///
    /// # Errors
    ///
    /// The message is given back.
    ///
    /// - [`TrySendError::Full`]: too much waits to be sent (see
    ///   [`Options::send_marks`](crate::Options::send_marks)), or others have their turn before.
    /// - [`TrySendError::Refused`]: it is too long, or the connection is closed, as
    ///   [`Self::send`] tells it. That the connection is closing is not known here.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        self.commands.try_send(message.into(), SendOptions::new())
    }

    /// Starts a message that is sent as it is written, and completes when it is its turn.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidState`]: the connection is not open, or no longer; nothing was sent.
    /// - [`Error::Failed`], [`Error::Closed`]: the connection ended before.
    pub async fn message_writer(
        &self,
        kind: MessageKind,
        options: SendOptions,
    ) -> Result<MessageWriter, Error> {
        let (sent, sent_rx) = oneshot::channel();
        let outbox = self.commands.outbox().clone();
        let ended = self.commands.ended().clone();
        let (writer, parts) = MessageWriter::new(kind, outbox, sent_rx, ended);
        let started = self.commands.start(kind, options, parts, sent).await?;
        started.await?;
        Ok(writer)
    }

    /// How many bytes of messages were handed in and are not yet handed to the transport. What the
    /// component has of them counts as the frames that it made.
    pub fn buffered_amount(&self) -> u64 {
        self.commands.outbox().bytes()
    }

    /// How many messages were handed in and are not yet handed to the transport, each to its last
    /// byte.
    pub fn buffered_messages(&self) -> u64 {
        self.commands.outbox().messages()
    }

    /// Waits until no more waits to be sent than the low mark of
    /// [`Options::send_marks`](crate::Options::send_marks) says, or the connection has ended.
    pub async fn drained(&self) {
        self.commands.outbox().drained().await;
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

/// The messages, as [`ReceiveHalf`] has them.
impl Stream for WebSocket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.receive).poll_next(cx)
    }
}

/// Sends messages, as [`SendHalf`] does.
impl Sink<Message> for WebSocket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.send).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Pin::new(&mut self.send).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.send).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.send).poll_close(cx)
    }
}
