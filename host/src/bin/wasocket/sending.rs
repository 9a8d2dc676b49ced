use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;
use wasocket::reconnect::{Receipt, SendError};
use wasocket::{Error, Message, SendOptions, Sender};

use crate::files::{Piece, Transfer};
use crate::input::not_text;
use crate::link::LinkSender;
use crate::progress::Taken;

/// How many messages may be on their way to the transport at once: enough for many small ones to
/// leave with one write, and fewer than the connection has room for, so that each has its place in
/// their order when it is given.
const MAX_MESSAGES: usize = 128;

/// How many bytes of messages may be on their way before the next is taken.
const MAX_BYTES: usize = 1 << 20;

/// Messages on their way to the transport, in order.
pub(crate) struct Sending {
    sender: LinkSender,
    options: SendOptions,
    /// The message that waits for its place among those of a connection that is made anew.
    placing: Option<OnItsWay<Result<Receipt, SendError>>>,
    /// Each with its length.
    on_their_way: FuturesUnordered<OnItsWay<(usize, Sent)>>,
    bytes: usize,
    /// A file that is sent as it is read, after all else. It is given up by dropping it.
    file: Option<OnItsWay<Result<(), NotSent>>>,
    /// The connection has ended, and files need not be read further.
    ended: CancellationToken,
}

type OnItsWay<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What became of a message.
#[derive(Debug)]
pub(crate) enum Sent {
    Message(Result<(), Error>),
    File(Result<(), NotSent>),
    /// It has its place, and is on its way still.
    Placed,
    /// It is returned, which an event tells.
    Returned,
    /// It was not taken: there will be no connection any more.
    NotTaken,
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
    pub(crate) fn new(sender: LinkSender, options: SendOptions) -> Self {
        Self {
            sender,
            options,
            placing: None,
            on_their_way: FuturesUnordered::new(),
            bytes: 0,
            file: None,
            ended: CancellationToken::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.placing.is_none() && self.on_their_way.is_empty() && self.file.is_none()
    }

    /// Whether the next message should be given.
    pub(crate) fn has_room(&self) -> bool {
        match self.sender {
            LinkSender::Single(_) => {
                self.file.is_none()
                    && self.on_their_way.len() < MAX_MESSAGES
                    && self.bytes < MAX_BYTES
            }
            // It is the policy that says how many may be on their way.
            LinkSender::Lasting(_) => self.placing.is_none(),
        }
    }

    /// Gives a message, after those that were given before.
    pub(crate) async fn give(&mut self, message: Message) {
        let options = self.options;
        match self.sender.clone() {
            LinkSender::Single(sender) => {
                let len = message.len();
                self.bytes += len;
                let sent = async move {
                    let result = sender.send_with(message, options).await;
                    (len, Sent::Message(result))
                };
                let sent = in_its_place(sent).await;
                self.on_their_way.push(sent);
            }
            LinkSender::Lasting(sender) => {
                let placed = async move { sender.send_with(message, options).await };
                self.placing = Some(Box::pin(placed));
            }
        }
    }

    /// Gives a file by this connection, after what was given before; counts what was `taken` of it.
    pub(crate) async fn give_file(&mut self, sender: Sender, file: Transfer, taken: Taken) {
        let sent = send_file(sender, self.options, file, taken, self.ended.clone());
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

    /// Waits for what becomes of a message; `None` if none is on its way. There may be room for
    /// another then.
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        tokio::select! {
            Some((len, sent)) = self.on_their_way.next() => {
                self.bytes -= len;
                Some(sent)
            }
            Some(placed) = done(&mut self.placing) => Some(match placed {
                Ok(receipt) => {
                    self.on_their_way.push(Box::pin(async {
                        let delivered = receipt.await.is_ok();
                        (0, if delivered { Sent::Message(Ok(())) } else { Sent::Returned })
                    }));
                    Sent::Placed
                }
                Err(_) => Sent::NotTaken,
            }),
            Some(result) = done(&mut self.file) => Some(Sent::File(result)),
            else => None,
        }
    }
}

/// Waits for what becomes of it, which then is no more on its way; `None` if nothing is.
async fn done<T>(on_its_way: &mut Option<OnItsWay<T>>) -> Option<T> {
    let result = on_its_way.as_mut()?.await;
    *on_its_way = None;
    Some(result)
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
