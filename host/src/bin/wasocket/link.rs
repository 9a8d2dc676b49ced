//! What carries the messages of a session: one connection, or one that is made anew when it is lost.

use wasocket::reconnect::{self, Reconnecting};
use wasocket::{Error, Event, MessageReader, Sender, WebSocket};

/// Where messages come from.
#[derive(Debug)]
pub(crate) enum Link {
    Single(Box<WebSocket>),
    Lasting(Reconnecting),
}

/// Where messages go to.
#[derive(Clone, Debug)]
pub(crate) enum LinkSender {
    Single(Sender),
    Lasting(reconnect::Sender),
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Happened {
    /// To a connection.
    Event(Event),
    /// To one that is made anew, beside what happens to each.
    Reconnection(reconnect::Event),
}

impl Link {
    /// What happens next; `None` after the last.
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Happened> {
        Some(match self {
            Self::Single(websocket) => Happened::Event(websocket.event().await?),
            Self::Lasting(reconnecting) => match reconnecting.event().await? {
                reconnect::Event::Open(opened) => Happened::Event(Event::Open(opened)),
                reconnect::Event::Message(message) => Happened::Event(Event::Message(message)),
                reconnect::Event::Ping(payload) => Happened::Event(Event::Ping(payload)),
                reconnect::Event::Pong(payload) => Happened::Event(Event::Pong(payload)),
                event => Happened::Reconnection(event),
            },
        })
    }

    /// Reads the message that began last. One that is made anew has whole messages alone.
    pub(crate) fn message_reader(&mut self) -> Option<MessageReader> {
        match self {
            Self::Single(websocket) => websocket.message_reader(),
            Self::Lasting(_) => None,
        }
    }

    pub(crate) fn sender(&self) -> LinkSender {
        match self {
            Self::Single(websocket) => LinkSender::Single(websocket.sender()),
            Self::Lasting(reconnecting) => LinkSender::Lasting(reconnecting.sender()),
        }
    }
}

impl LinkSender {
    /// Closes it, after what is being sent. How it ended is told by an event.
    pub(crate) async fn close(&self, code: u16, reason: &str) -> Result<(), Error> {
        match self {
            Self::Single(sender) => sender.close(code, reason).await.map(drop),
            Self::Lasting(sender) => sender.close(code, reason).await.map(drop),
        }
    }
}
