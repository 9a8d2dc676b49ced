use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;
use wasocket::{Error, Message, SendOptions, Sender};

use crate::files::{Piece, Transfer};
use crate::input::not_text;
use crate::progress::Taken;

/// How many messages may be on their way to the transport at once: enough for many small ones to
/// leave with one write, and fewer than the connection has room for, so that each has its place in
/// their order when it is given.
const MAX_MESSAGES: usize = 128;

/// How many bytes of messages may be on their way before the next is taken.
const MAX_BYTES: usize = 1 << 20;

/// Messages on their way to the transport, in order.
pub(crate) struct Sending {
    sender: Sender,
    options: SendOptions,
    on_their_way: FuturesUnordered<OnItsWay<(usize, Result<(), Error>)>>,
    bytes: usize,
    /// A file that is sent as it is read, after all else. It is given up by dropping it.
    file: Option<OnItsWay<Result<(), NotSent>>>,
    /// The connection has ended, and files need not be read further.
    ended: CancellationToken,
}

type OnItsWay<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What was sent, or not.
#[derive(Debug)]
pub(crate) enum Sent {
    Message(Result<(), Error>),
    File(Result<(), NotSent>),
}

/// Why a file was not sent, or not all of it.
#[derive(Debug)]
pub(crate) enum NotSent {
    /// It cannot be; names the file.
    Unfit(String),
    /// An event tells.
    Told,
}

impl Sending {
    pub(crate) fn new(sender: Sender, options: SendOptions) -> Self {
        Self {
            sender,
            options,
            on_their_way: FuturesUnordered::new(),
            bytes: 0,
            file: None,
            ended: CancellationToken::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.on_their_way.is_empty() && self.file.is_none()
    }

    /// Whether the next message should be given.
    pub(crate) fn has_room(&self) -> bool {
        self.file.is_none() && self.on_their_way.len() < MAX_MESSAGES && self.bytes < MAX_BYTES
    }

    /// Gives a message, after those that were given before.
    pub(crate) async fn give(&mut self, message: Message) {
        let len = message.len();
        self.bytes += len;
        let (sender, options) = (self.sender.clone(), self.options);
        let sent = async move { (len, sender.send_with(message, options).await) };
        let sent = in_its_place(sent).await;
        self.on_their_way.push(sent);
    }

    /// Gives a file, after what was given before; counts what was `taken` of it.
    pub(crate) async fn give_file(&mut self, file: Transfer, taken: Taken) {
        let sent = send_file(
            self.sender.clone(),
            self.options,
            file,
            taken,
            self.ended.clone(),
        );
        self.file = Some(in_its_place(sent).await);
    }

    /// Gives the file up that is being sent; returns whether there was one.
    pub(crate) fn give_up_file(&mut self) -> bool {
        self.file.take().is_some()
    }

    /// Says that the connection has ended: what is on its way is known, or soon.
    pub(crate) fn end(&self) {
        self.ended.cancel();
    }

    /// Waits for what becomes of a message; `None` if none is on its way.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        tokio::select! {
            Some((len, result)) = self.on_their_way.next() => {
                self.bytes -= len;
                Some(Sent::Message(result))
            }
            Some(result) = poll_fn(|cx| match &mut self.file {
                Some(file) => file.as_mut().poll(cx).map(Some),
                None => Poll::Ready(None),
            }) => {
                self.file = None;
                Some(Sent::File(result))
            }
            else => None,
        }
    }
}

/// Polls it once, since messages are sent in the order in which they are first polled.
async fn in_its_place<T: Send + 'static>(
    sent: impl Future<Output = T> + Send + 'static,
) -> OnItsWay<T> {
    let mut sent: OnItsWay<T> = Box::pin(sent);
    match poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await {
        Poll::Ready(result) => Box::pin(std::future::ready(result)),
        Poll::Pending => sent,
    }
}

async fn send_file(
    sender: Sender,
    options: SendOptions,
    mut file: Transfer,
    taken: Taken,
    ended: CancellationToken,
) -> Result<(), NotSent> {
    let writer = sender.message_writer(file.kind, options).await;
    let mut writer = writer.map_err(|_| NotSent::Told)?;
    loop {
        let piece = tokio::select! {
            biased;
            piece = file.pieces.recv() => piece,
            () = ended.cancelled() => return Err(NotSent::Told),
        };
        match piece {
            Some(Piece::Bytes(bytes)) => {
                let written = writer.write_all(&bytes).await;
                written.map_err(|error| match error.kind() {
                    io::ErrorKind::InvalidInput => not_utf_8(&file),
                    _ => NotSent::Told,
                })?;
                taken.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            Some(Piece::End) => {
                return writer.finish().await.map_err(|error| match error {
                    Error::InvalidArgument { .. } => not_utf_8(&file),
                    _ => NotSent::Told,
                });
            }
            Some(Piece::Failed(error)) => {
                return Err(NotSent::Unfit(format!("{}: {error}", file.name)));
            }
            // Whoever read it panicked, and has said so.
            None => {
                return Err(NotSent::Unfit(format!(
                    "{}: not read to its end",
                    file.name
                )));
            }
        }
    }
}

/// Nothing else can be wrong with what is written.
fn not_utf_8(file: &Transfer) -> NotSent {
    NotSent::Unfit(format!("{}: {}", file.name, not_text("--binary-file")))
}
