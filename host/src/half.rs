use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::sync::oneshot;

use crate::command::{CommandSender, CommandSink};
use crate::error::Error;
use crate::event::{Closed, Event, Message, Opened};
use crate::queue::EventReceiver;
use crate::reader::MessageReader;
use crate::websocket::{Sender, WebSocket};

/// The half of a connection that sends, from [`WebSocket::split`]: a [`Sink`] of messages, and all
/// that a [`Sender`] has.
///
/// An item of the sink is done with once the connection's task has it: it is sent in its turn,
/// together with what else waits. [`Sender::send`] tells when a message is handed to the transport;
/// the sink is for many messages, of which one by one need not be told. Closing closes the
/// connection with code 1000, after all of it.
#[derive(Debug)]
pub struct SendHalf {
    sender: Sender,
    commands: CommandSink,
    /// The closing handshake that `poll_close` waits for.
    closing: Option<oneshot::Receiver<Result<Closed, Error>>>,
}

/// The half of a connection that receives, from [`WebSocket::split`]: a [`Stream`] of messages, or of
/// events by [`event`](Self::event).
#[derive(Debug)]
pub struct ReceiveHalf {
    events: EventReceiver,
    opened: Option<Opened>,
    closed: Option<Closed>,
    /// A message that is joined from what is read of it as a stream.
    joining: Option<(MessageReader, Message)>,
    /// Keeps the connection, and says which one it is.
    commands: CommandSender,
}

/// Halves that are not of one connection. They are given back.
#[derive(Debug)]
pub struct ReuniteError(pub Box<(SendHalf, ReceiveHalf)>);

impl fmt::Display for ReuniteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of different connections")
    }
}

impl std::error::Error for ReuniteError {}

impl SendHalf {
    pub(crate) fn new(sender: Sender) -> Self {
        Self {
            commands: CommandSink::new(sender.commands().clone()),
            sender,
            closing: None,
        }
    }

    /// Makes a connection of its halves again.
    ///
    /// # Errors
    ///
    /// If they are of different connections.
    pub fn reunite(self, other: ReceiveHalf) -> Result<WebSocket, ReuniteError> {
        if self.sender.commands().is_same(&other.commands) {
            Ok(WebSocket::of_halves(self, other))
        } else {
            Err(ReuniteError(Box::new((self, other))))
        }
    }
}

impl Deref for SendHalf {
    type Target = Sender;

    fn deref(&self) -> &Sender {
        &self.sender
    }
}

impl Sink<Message> for SendHalf {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.commands.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.commands.start_send(message)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    /// Completes when the connection is closed; what is closed already stays so.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let half = &mut *self;
        let closing = match &mut half.closing {
            Some(closing) => closing,
            None => {
                let (done, closing) = oneshot::channel();
                // It fails if the connection is closed, and is told so by `closing` then.
                let _ = half.commands.close(done);
                half.closing.insert(closing)
            }
        };
        if !closing.is_terminated() {
            // Whatever comes of it, the connection is closed then.
            let _ = ready!(Pin::new(closing).poll(cx));
        }
        Poll::Ready(Ok(()))
    }
}

impl ReceiveHalf {
    pub(crate) fn new(commands: CommandSender, events: EventReceiver) -> Self {
        Self {
            events,
            opened: None,
            closed: None,
            joining: None,
            commands,
        }
    }

    /// As [`WebSocket::handshake`].
    pub fn handshake(&self) -> Option<&Opened> {
        self.opened.as_ref()
    }

    /// As [`WebSocket::subprotocol`].
    pub fn subprotocol(&self) -> Option<&str> {
        self.opened.as_ref()?.subprotocol.as_deref()
    }

    /// As [`WebSocket::closed`].
    pub fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    /// As [`WebSocket::unread_amount`].
    pub fn unread_amount(&self) -> u64 {
        self.events.counts().0
    }

    /// As [`WebSocket::unread_events`].
    pub fn unread_events(&self) -> u64 {
        self.events.counts().1
    }

    /// As [`WebSocket::event`].
    pub async fn event(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    /// As [`WebSocket::receive`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::receive`].
    pub async fn receive(&mut self) -> Result<Option<Message>, Error> {
        std::future::poll_fn(|cx| self.poll_message(cx))
            .await
            .transpose()
    }

    /// As [`WebSocket::receive_stream`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::receive_stream`].
    pub async fn receive_stream(&mut self) -> Result<Option<MessageReader>, Error> {
        loop {
            match self.event().await {
                Some(Event::Message(message)) => return Ok(Some(MessageReader::whole(message))),
                Some(Event::MessageStart(_)) => {
                    if let Some(reader) = self.message_reader() {
                        return Ok(Some(reader));
                    }
                }
                Some(Event::Error(failure)) => return Err(failure.into()),
                Some(Event::Open(_) | Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// As [`WebSocket::message_reader`].
    pub fn message_reader(&mut self) -> Option<MessageReader> {
        self.events.take_reader()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some((reader, message)) = &mut self.joining {
            let joined = ready!(reader.poll_join(message, cx));
            if let Some((_, message)) = self.joining.take()
                && joined.is_ok()
            {
                return Poll::Ready(Some(Event::Message(message)));
            }
            // It was cut off, which the events that follow tell.
        }
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
                Some(Event::MessageStart(kind)) => {
                    let reader = self.message_reader();
                    self.joining = reader.map(|reader| (reader, Message::empty(kind)));
                }
                Some(Event::Error(failure)) => return Poll::Ready(Some(Err(failure.into()))),
                Some(Event::Open(_) | Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => return Poll::Ready(None),
            }
        }
    }
}

/// The messages, until the connection is closed. A failure is the last item.
impl Stream for ReceiveHalf {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx)
    }
}
