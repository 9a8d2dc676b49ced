use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;

use crate::command::Ended;
use crate::error::Error;
use crate::event::{Message, MessageKind};
use crate::queue::Waiting;

/// One message of the server, as it arrives.
///
/// Reading ends with the end of the message. It fails with
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) where the connection ended before the message did,
/// and the [`Error`] that tells why is inside. A text is UTF-8: the connection fails where it is not.
///
/// What arrived and is not read counts to what waits to be received, so that reading it slowly slows
/// the server down, and the memory that it takes does not depend on its length. What follows the
/// message is told as an event once all of it has arrived here. Dropped before the end, what is left
/// of the message is discarded as it arrives.
///
/// From [`WebSocket::receive_stream`](crate::WebSocket::receive_stream), or
/// [`WebSocket::message_reader`](crate::WebSocket::message_reader).
#[derive(Debug)]
pub struct MessageReader {
    kind: MessageKind,
    /// What was taken of the message; `current[..read]` was read.
    current: Vec<u8>,
    read: usize,
    rest: Rest,
}

/// What is still to come of a message.
#[derive(Debug)]
enum Rest {
    Pieces(Pieces),
    Nothing,
}

#[derive(Debug)]
struct Pieces {
    rx: mpsc::UnboundedReceiver<Piece>,
    waiting: Arc<Waiting>,
    ended: Ended,
}

#[derive(Debug)]
enum Piece {
    Part(Message),
    End,
}

/// The end of the connection's task. A message whose end is not pushed was cut off.
#[derive(Debug)]
pub(crate) struct PieceSender {
    tx: mpsc::UnboundedSender<Piece>,
    waiting: Arc<Waiting>,
}

/// A message of which nothing has arrived yet.
pub(crate) fn message(
    kind: MessageKind,
    waiting: Arc<Waiting>,
    ended: Ended,
) -> (PieceSender, MessageReader) {
    let (tx, rx) = mpsc::unbounded_channel();
    let sender = PieceSender {
        tx,
        waiting: waiting.clone(),
    };
    let reader = MessageReader {
        kind,
        current: Vec::new(),
        read: 0,
        rest: Rest::Pieces(Pieces { rx, waiting, ended }),
    };
    (sender, reader)
}

impl PieceSender {
    /// Adds a part; drops it if nobody will read it.
    pub(crate) fn push(&self, part: Message) {
        let len = part.len();
        // Counted before it can be taken, so that the count never falls below zero.
        self.waiting.add(len);
        if self.tx.send(Piece::Part(part)).is_err() {
            self.waiting.remove(len);
        }
    }

    /// Ends the message.
    pub(crate) fn end(self) {
        // It fails if nobody reads the message.
        let _ = self.tx.send(Piece::End);
    }
}

impl Pieces {
    /// The next part; `None` at the end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Error>> {
        Poll::Ready(match ready!(self.rx.poll_recv(cx)) {
            Some(Piece::Part(part)) => {
                self.waiting.remove(part.len());
                Ok(Some(part))
            }
            Some(Piece::End) => Ok(None),
            None => Err(self.ended.error()),
        })
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.rx.close();
        while let Ok(piece) = self.rx.try_recv() {
            if let Piece::Part(part) = piece {
                self.waiting.remove(part.len());
            }
        }
    }
}

impl MessageReader {
    /// A message that is here as a whole.
    pub(crate) fn whole(message: Message) -> Self {
        Self {
            kind: message.kind(),
            current: message.into_bytes(),
            read: 0,
            rest: Rest::Nothing,
        }
    }

    /// Which kind of message it is.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Adds what has arrived to `joined`; ready at the end. Nothing may have been read before.
    pub(crate) fn poll_join(
        &mut self,
        joined: &mut Message,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        while let Rest::Pieces(pieces) = &mut self.rest {
            match ready!(pieces.poll(cx))? {
                Some(part) => joined.push(part),
                None => self.rest = Rest::Nothing,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for MessageReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let reader = &mut *self;
        while reader.read == reader.current.len() {
            let Rest::Pieces(pieces) = &mut reader.rest else {
                return Poll::Ready(Ok(()));
            };
            let part = ready!(pieces.poll(cx))
                .map_err(|error| io::Error::new(io::ErrorKind::UnexpectedEof, error))?;
            reader.read = 0;
            reader.current = match part {
                Some(part) => part.into_bytes(),
                None => {
                    reader.rest = Rest::Nothing;
                    Vec::new()
                }
            };
        }
        let unread = &reader.current[reader.read..];
        let len = unread.len().min(buf.remaining());
        buf.put_slice(&unread[..len]);
        reader.read += len;
        Poll::Ready(Ok(()))
    }
}
