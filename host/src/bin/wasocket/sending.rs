use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use wasocket::{Error, Message, SendOptions, Sender};

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
    on_their_way: FuturesUnordered<Pin<Box<dyn Future<Output = Sent> + Send>>>,
    bytes: usize,
}

/// What became of a message.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) len: usize,
    /// The file that it was.
    pub(crate) file: Option<String>,
    pub(crate) result: Result<(), Error>,
}

impl Sending {
    pub(crate) fn new(sender: Sender, options: SendOptions) -> Self {
        Self {
            sender,
            options,
            on_their_way: FuturesUnordered::new(),
            bytes: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.on_their_way.is_empty()
    }

    /// Whether the next message should be given.
    pub(crate) fn has_room(&self) -> bool {
        self.on_their_way.len() < MAX_MESSAGES && self.bytes < MAX_BYTES
    }

    /// Gives a message, after those that were given before.
    pub(crate) async fn give(&mut self, message: Message, file: Option<String>) {
        let len = message.len();
        self.bytes += len;
        let (sender, options) = (self.sender.clone(), self.options);
        // Messages are sent in the order in which they are first polled.
        let mut sent: Pin<Box<dyn Future<Output = Sent> + Send>> = Box::pin(async move {
            let result = sender.send_with(message, options).await;
            Sent { len, file, result }
        });
        if let Poll::Ready(result) = poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await {
            sent = Box::pin(std::future::ready(result));
        }
        self.on_their_way.push(sent);
    }

    /// Waits for what becomes of a message; `None` if none is on its way.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        let sent = self.on_their_way.next().await?;
        self.bytes -= sent.len;
        Some(sent)
    }
}
