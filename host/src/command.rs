//! What the application asks of a connection, on its way to the connection's task.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SetOnce, mpsc, oneshot};
use tokio_util::sync::PollSemaphore;

use crate::error::{Error, Part};
use crate::event::{Closed, Message, Pong, ReadyState};
use crate::options::SendOptions;

/// How many commands of those who wait for room may be on their way: enough for one turn to send
/// many small messages with one write.
const MAX_COMMANDS: usize = 256;

/// How many times the length of a message its instance may have as memory: the message is there
/// once as it is given, once as a frame, and the one before may not have left yet.
const MEMORY_PER_MESSAGE_LEN: usize = 4;

/// What the application asks of a connection, and where to say what came of it.
#[derive(Debug)]
pub(crate) enum Command {
    Send {
        message: Message,
        options: SendOptions,
        /// `None` if nobody waits for it.
        done: Option<Done<()>>,
    },
    Ping {
        payload: Vec<u8>,
        options: SendOptions,
        done: Done<Pong>,
    },
    Close {
        code: Option<u16>,
        reason: Option<String>,
        /// `None` if nobody waits for it.
        done: Option<Done<Closed>>,
    },
}

/// Takes the result of a command. Nobody has to wait for it.
pub(crate) type Done<T> = oneshot::Sender<Result<T, Error>>;

/// A command on its way, with the room it takes, which is given back when it is carried out.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) command: Command,
    /// `None` if nobody waited for it.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// Why the connection takes no more commands, once it does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended(Arc<SetOnce<Error>>);

impl Ended {
    /// The error of a command that is given too late.
    fn error(&self) -> Error {
        let closed = Error::InvalidState(ReadyState::Closed);
        self.0.get().cloned().unwrap_or(closed)
    }

    /// The error of a command that was not carried out, once it is known. A command that traps the
    /// guest is gone before that.
    async fn known(&self) -> Error {
        self.0.wait().await.clone()
    }
}

/// The end of the connection's task, which says why it ends.
#[derive(Debug)]
pub(crate) struct End(Ended);

impl End {
    pub(crate) fn of(ended: Ended) -> Self {
        Self(ended)
    }

    pub(crate) fn set(&self, error: Error) {
        // There is one end.
        let _ = self.0.0.set(error);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // If nothing else was said, the task was dropped: with the Tokio runtime that had it.
        self.set(Error::InvalidState(ReadyState::Closed));
    }
}

/// Commands for an instance that may have `max_memory` bytes.
pub(crate) fn commands(
    max_memory: usize,
    ended: Ended,
) -> (CommandSender, mpsc::UnboundedReceiver<Queued>) {
    let (tx, rx) = mpsc::unbounded_channel();
    let sender = CommandSender {
        tx,
        room: Arc::new(Semaphore::new(MAX_COMMANDS)),
        ended,
        max_message_len: max_memory / MEMORY_PER_MESSAGE_LEN,
    };
    (sender, rx)
}

/// The application's end: gives commands to the connection's task, in order.
#[derive(Clone, Debug)]
pub(crate) struct CommandSender {
    tx: mpsc::UnboundedSender<Queued>,
    room: Arc<Semaphore>,
    ended: Ended,
    max_message_len: usize,
}

impl CommandSender {
    /// Gives a command once there is room for it. The outer future is done when the command has its
    /// place in the order of commands, the inner one when it is carried out.
    pub(crate) async fn give<T, C: FnOnce(Done<T>) -> Command>(
        &self,
        command: C,
    ) -> Result<impl Future<Output = Result<T, Error>> + use<T, C>, Error> {
        // The semaphore is never closed: when the task ends, all room is given back. Without
        // `unconstrained`, whose budget of Tokio's is used up would have no place in the line yet, and
        // others would overtake.
        let room = tokio::task::unconstrained(self.room.clone().acquire_owned());
        let room = room.await.ok();
        self.push_told(command, room)
    }

    /// Gives a command whether or not there is room.
    pub(crate) fn give_now<T, C: FnOnce(Done<T>) -> Command>(
        &self,
        command: C,
    ) -> Result<impl Future<Output = Result<T, Error>> + use<T, C>, Error> {
        self.push_told(command, None)
    }

    /// Gives a command, whether or not there is room, which says by itself what came of it.
    pub(crate) fn push(&self, command: Command) -> Result<(), Error> {
        self.push_with(command, None)
    }

    fn push_told<T, C: FnOnce(Done<T>) -> Command>(
        &self,
        command: C,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<impl Future<Output = Result<T, Error>> + use<T, C>, Error> {
        let (done, result) = oneshot::channel();
        self.push_with(command(done), room)?;
        let ended = self.ended.clone();
        Ok(async move {
            match result.await {
                Ok(result) => result,
                Err(_) => Err(ended.known().await),
            }
        })
    }

    fn push_with(&self, command: Command, room: Option<OwnedSemaphorePermit>) -> Result<(), Error> {
        if let Command::Send { message, .. } = &command
            && message.len() > self.max_message_len
        {
            return Err(Error::InvalidArgument {
                part: Part::Message,
                message: format!(
                    "{} bytes are more than the memory of the instance allows ({} bytes)",
                    message.len(),
                    self.max_message_len
                ),
            });
        }
        let queued = Queued { command, room };
        self.tx.send(queued).map_err(|_| self.ended.error())
    }
}

/// Gives commands as a sink does: room first, then the command.
#[derive(Debug)]
pub(crate) struct CommandSink {
    commands: CommandSender,
    semaphore: PollSemaphore,
    room: Option<OwnedSemaphorePermit>,
}

impl CommandSink {
    pub(crate) fn new(commands: CommandSender) -> Self {
        Self {
            semaphore: PollSemaphore::new(commands.room.clone()),
            commands,
            room: None,
        }
    }

    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.room.is_none() {
            self.room = ready!(self.semaphore.poll_acquire(cx));
        }
        if self.commands.tx.is_closed() {
            return Poll::Ready(Err(self.commands.ended.error()));
        }
        Poll::Ready(Ok(()))
    }

    /// Gives a command of which nobody is told, with the room that [`Self::poll_ready`] got.
    pub(crate) fn start_send(&mut self, command: Command) -> Result<(), Error> {
        self.commands.push_with(command, self.room.take())
    }
}
