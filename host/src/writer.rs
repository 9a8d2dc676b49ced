use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{PollSender, ReusableBoxFuture};

use crate::command::{Ended, outcome};
use crate::error::Error;
use crate::event::MessageKind;
use crate::outbox::{Load, Outbox};

/// How much of a message goes into one fragment, in bytes, at most.
const PART_LEN: usize = 64 << 10;

/// How many parts may be on their way to the connection's task: one that it takes, and the next.
const MAX_PARTS: usize = 2;

/// One message to the server, which is sent as it is written.
///
/// It goes out in fragments of up to 64 KiB (RFC 6455, section 5.4), so that the memory that it takes
/// does not depend on its length; [`flush`](tokio::io::AsyncWriteExt::flush) makes a fragment of what
/// was written so far. Writing waits while the server does not read. Other messages wait until this
/// one has ended, as fragments of two messages may not mix; pings do not. The Close frame of
/// [`Sender::close`](crate::Sender::close) waits for it too, for
/// [`Options::close_timeout`](crate::Options::close_timeout) at most, and cuts it off then.
///
/// [`finish`](Self::finish), or `shutdown`, ends the message and completes when every byte of it is
/// handed to the transport. Dropped before that, the message is given up. If no part of it was
/// handed to the component yet, it is as if there had been none. Otherwise it cannot be taken back:
/// the server gets no end of it, but a Close frame with code 1011, and the connection is closed.
///
/// A text may be written in pieces that end anywhere, inside of a character too. One that is not
/// UTF-8 is given up as above, and writing fails with
/// [`InvalidInput`](io::ErrorKind::InvalidInput). Every error has the [`Error`] inside.
///
/// From [`Sender::message_writer`](crate::Sender::message_writer).
#[derive(Debug)]
pub struct MessageWriter {
    kind: MessageKind,
    parts: PollSender<Part>,
    outbox: Arc<Outbox>,
    /// What was written and is not on its way.
    buffer: Vec<u8>,
    is_ended: bool,
    sent: Sent,
}

/// A part of a message, or its end, on its way to the connection's task. A message whose end does not
/// come was given up.
#[derive(Debug)]
pub(crate) enum Part {
    Bytes(Vec<u8>, Load),
    End,
}

/// What comes of a message.
#[derive(Debug)]
enum Sent {
    Awaited(ReusableBoxFuture<'static, Result<(), Error>>),
    Known(Result<(), Error>),
}

impl Sent {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let result = match self {
            Self::Known(result) => result.clone(),
            Self::Awaited(outcome) => ready!(outcome.poll(cx)),
        };
        *self = Self::Known(result.clone());
        Poll::Ready(result)
    }
}

impl MessageWriter {
    /// A writer, and where its parts come out; `sent` tells what came of the message.
    pub(crate) fn new(
        kind: MessageKind,
        outbox: Arc<Outbox>,
        sent: oneshot::Receiver<Result<(), Error>>,
        ended: Ended,
    ) -> (Self, mpsc::Receiver<Part>) {
        let (parts, parts_rx) = mpsc::channel(MAX_PARTS);
        let writer = Self {
            kind,
            parts: PollSender::new(parts),
            outbox,
            buffer: Vec::new(),
            is_ended: false,
            sent: Sent::Awaited(ReusableBoxFuture::new(outcome(sent, ended))),
        };
        (writer, parts_rx)
    }

    /// Which kind of message it is.
    pub fn kind(&self) -> MessageKind {
        self.kind
    }

    /// Ends the message. Completes when every byte of it is handed to the transport.
    ///
    /// # Errors
    ///
    /// - [`Error::InvalidArgument`]: the text is not UTF-8.
    /// - [`Error::InvalidState`]: a Close frame of either side cut the message off.
    /// - [`Error::Failed`], [`Error::Closed`]: the connection ended before all of it was handed
    ///   over.
    pub async fn finish(mut self) -> Result<(), Error> {
        std::future::poll_fn(|cx| self.poll_finish(cx)).await
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.is_ended {
            ready!(self.poll_send_buffer(cx))?;
            ready!(self.poll_send(cx, |_| Part::End))?;
            self.is_ended = true;
        }
        self.sent.poll(cx)
    }

    fn poll_send_buffer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.buffer.is_empty() {
            return Poll::Ready(Ok(()));
        }
        self.poll_send(cx, |writer| {
            let bytes = std::mem::take(&mut writer.buffer);
            let load = writer.outbox.load(bytes.len(), 0);
            Part::Bytes(bytes, load)
        })
    }

    /// Gives a part to the connection's task, once that takes it.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        part: impl FnOnce(&mut Self) -> Part,
    ) -> Poll<Result<(), Error>> {
        if ready!(self.parts.poll_reserve(cx)).is_ok() {
            let part = part(self);
            if self.parts.send_item(part).is_ok() {
                return Poll::Ready(Ok(()));
            }
        }
        // It is taken no more: `sent` says why.
        self.sent.poll(cx)
    }
}

impl AsyncWrite for MessageWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if self.buffer.len() == PART_LEN {
            ready!(self.poll_send_buffer(cx)).map_err(io_error)?;
        }
        let len = buf.len().min(PART_LEN - self.buffer.len());
        self.buffer.extend_from_slice(&buf[..len]);
        Poll::Ready(Ok(len))
    }

    /// Makes a fragment of what was written, and completes when the connection's task has it.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send_buffer(cx).map_err(io_error)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_finish(cx).map_err(io_error)
    }
}

fn io_error(error: Error) -> io::Error {
    let kind = match &error {
        Error::InvalidArgument { .. } => io::ErrorKind::InvalidInput,
        Error::InvalidState(_) | Error::Closed(_) => io::ErrorKind::BrokenPipe,
        Error::Failed(_) => io::ErrorKind::ConnectionAborted,
    };
    io::Error::new(kind, error)
}
