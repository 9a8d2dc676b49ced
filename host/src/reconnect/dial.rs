//! What a reconnecting connection needs of those that it makes. Tests have others.

use futures_util::future::BoxFuture;

use super::hooks::Attempt;
use crate::command::Command;
use crate::error::Error;
use crate::event::{Closed, Event, Message, Opened, ReadyState};
use crate::options::SendOptions;
use crate::runtime::Runtime;
use crate::websocket::WebSocket;

/// Opens connections.
pub(super) trait Dial: Send + Sync + 'static {
    type Line: Line;

    fn dial(&self, attempt: &Attempt) -> impl Future<Output = Result<Self::Line, Error>> + Send;
}

/// A connection that is open. Dropping it closes it.
pub(super) trait Line: Send + 'static {
    fn opened(&self) -> Opened;

    /// The next event; `None` after [`Event::Close`].
    fn event(&mut self) -> impl Future<Output = Option<Event>> + Send;

    /// Sends a message, which has its place in the order when this returns.
    /// [`Error::InvalidState`] says that no byte of it was sent.
    fn send(&self, message: Message, options: SendOptions) -> Outcome<()>;

    /// Sends a ping with this payload, which has its place likewise, and waits for the pong.
    fn ping(&self, payload: Vec<u8>) -> Outcome<()>;

    /// Closes the connection, after all that has its place before, and waits for the end.
    fn close(&self, code: u16, reason: String) -> Outcome<Closed>;
}

/// What comes of a command.
pub(super) type Outcome<T> = BoxFuture<'static, Result<T, Error>>;

impl Dial for Runtime {
    type Line = WebSocket;

    async fn dial(&self, attempt: &Attempt) -> Result<WebSocket, Error> {
        let options = attempt.options.clone().without_streams();
        self.connect_with(&attempt.url, &options).await
    }
}

impl Line for WebSocket {
    fn opened(&self) -> Opened {
        self.handshake().cloned().unwrap_or_default()
    }

    async fn event(&mut self) -> Option<Event> {
        Self::event(self).await
    }

    fn send(&self, message: Message, options: SendOptions) -> Outcome<()> {
        let result = self.sender().commands().send_now(message, options);
        Box::pin(async {
            match result {
                Ok(result) => result.await,
                Err(error @ Error::InvalidArgument { .. }) => Err(error),
                // However the connection ended, it ended before it had the message.
                Err(_) => Err(Error::InvalidState(ReadyState::Closed)),
            }
        })
    }

    fn ping(&self, payload: Vec<u8>) -> Outcome<()> {
        let result = self
            .sender()
            .commands()
            .give_now(move |done| Command::Ping {
                payload,
                options: SendOptions::new(),
                done,
            });
        Box::pin(async { result?.await.map(drop) })
    }

    fn close(&self, code: u16, reason: String) -> Outcome<Closed> {
        let sender = self.sender();
        Box::pin(async move { sender.close(code, &reason).await })
    }
}
