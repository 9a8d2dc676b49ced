//! What the application asks of a connection, on its way to the connection's task.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SetOnce, mpsc, oneshot};
use tokio_util::sync::ReusableBoxFuture;

use crate::error::{Error, Part};
use crate::event::{Closed, Message, MessageKind, Pong, ReadyState};
use crate::line::in_line;
use crate::marks::Marks;
use crate::options::SendOptions;
use crate::outbox::{Handed, Load, Outbox};
use crate::websocket::TrySendError;
use crate::writer;

/// How many pings may be on their way to the component.
const MAX_PINGS: usize = 256;

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
        load: Load,
    },
    /// Start a message whose parts follow.
    Start {
        kind: MessageKind,
        options: SendOptions,
        parts: mpsc::Receiver<writer::Part>,
        started: Done<()>,
        /// Told when all of it is handed to the transport.
        sent: Done<()>,
        load: Load,
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

impl Command {
    /// Whether it has to wait while a message is sent by parts.
    pub(crate) fn waits_for_message(&self) -> bool {
        match self {
            Self::Send { .. } | Self::Start { .. } | Self::Close { .. } => true,
            Self::Ping { .. } => false,
        }
    }
}

/// Takes the result of a command. Nobody has to wait for it.
pub(crate) type Done<T> = oneshot::Sender<Result<T, Error>>;

/// A command on its way, with the room that a ping takes, which is given back when it is carried out.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) command: Command,
    /// `None` if it is no ping, or nobody waited for it.
    pub(crate) room: Option<OwnedSemaphorePermit>,
}

/// Why the connection takes no more commands, once it does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended(Arc<SetOnce<Error>>);

impl Ended {
    /// The error of a command that is given too late.
    pub(crate) fn error(&self) -> Error {
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

/// What comes of a command whose result is told here.
pub(crate) async fn outcome<T>(
    result: oneshot::Receiver<Result<T, Error>>,
    ended: Ended,
) -> Result<T, Error> {
    match result.await {
        Ok(result) => result,
        Err(_) => Err(ended.known().await),
    }
}

/// Commands for an instance that may have `max_memory` bytes.
pub(crate) fn commands(
    max_memory: usize,
    marks: Marks,
    ended: Ended,
) -> (CommandSender, CommandReceiver) {
    let (tx, rx) = mpsc::unbounded_channel();
    let outbox = Arc::new(Outbox::new(marks));
    let receiver = CommandReceiver {
        queued: rx,
        handed: Handed::new(outbox.clone()),
    };
    let sender = CommandSender {
        tx,
        outbox,
        room: Arc::new(Semaphore::new(MAX_PINGS)),
        ended,
        max_message_len: max_memory / MEMORY_PER_MESSAGE_LEN,
    };
    (sender, receiver)
}

/// The end of the connection's task.
#[derive(Debug)]
pub(crate) struct CommandReceiver {
    pub(crate) queued: mpsc::UnboundedReceiver<Queued>,
    pub(crate) handed: Handed,
}

/// The application's end: gives commands to the connection's task, in order.
#[derive(Clone, Debug)]
pub(crate) struct CommandSender {
    tx: mpsc::UnboundedSender<Queued>,
    outbox: Arc<Outbox>,
    room: Arc<Semaphore>,
    ended: Ended,
    max_message_len: usize,
}

impl CommandSender {
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    pub(crate) fn ended(&self) -> &Ended {
        &self.ended
    }

    /// Whether both give commands to one connection.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.tx.same_channel(&other.tx)
    }

    /// Gives a message once there is room for it. The outer future is done when the message has its
    /// place in the order of commands, the inner one when it is sent.
    pub(crate) async fn send(
        &self,
        message: Message,
        options: SendOptions,
    ) -> Result<impl Future<Output = Result<(), Error>> + use<>, Error> {
        let _turn = self.outbox.turn().await;
        self.send_now(message, options)
    }

    /// Gives a message whether or not there is room; the future is done when it is sent.
    pub(crate) fn send_now(
        &self,
        message: Message,
        options: SendOptions,
    ) -> Result<impl Future<Output = Result<(), Error>> + use<>, Error> {
        let load = self.outbox.load(message.len(), 1);
        self.give_now(move |done| Command::Send {
            message,
            options,
            done: Some(done),
            load,
        })
    }

    /// Gives a message if there is room for it now and nobody waits for room.
    pub(crate) fn try_send(
        &self,
        message: Message,
        options: SendOptions,
    ) -> Result<(), TrySendError> {
        let refused = |error, message| TrySendError::Refused {
            error: Box::new(error),
            message,
        };
        if let Err(error) = self.check_len(&message) {
            return Err(refused(error, message));
        }
        let Some(_turn) = self.outbox.try_turn() else {
            return Err(match self.tx.is_closed() {
                true => refused(self.ended.error(), message),
                false => TrySendError::Full(message),
            });
        };
        let load = self.outbox.load(message.len(), 1);
        let command = Command::Send {
            message,
            options,
            done: None,
            load,
        };
        let queued = Queued {
            command,
            room: None,
        };
        match self.tx.send(queued) {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendError(queued)) => match queued.command {
                Command::Send { message, .. } => Err(refused(self.ended.error(), message)),
                // It is the command that was given.
                Command::Start { .. } | Command::Ping { .. } | Command::Close { .. } => Ok(()),
            },
        }
    }

    /// Gives the start of a message that is sent by parts, once there is room for a message.
    pub(crate) async fn start(
        &self,
        kind: MessageKind,
        options: SendOptions,
        parts: mpsc::Receiver<writer::Part>,
        sent: Done<()>,
    ) -> Result<impl Future<Output = Result<(), Error>> + use<>, Error> {
        let _turn = self.outbox.turn().await;
        let load = self.outbox.load(0, 1);
        let command = move |started| Command::Start {
            kind,
            options,
            parts,
            started,
            sent,
            load,
        };
        self.push_told(command, None)
    }

    /// Gives a ping once there is room for it. The outer future is done when it has its place in the
    /// order of commands, the inner one when it is answered.
    pub(crate) async fn give<T, C: FnOnce(Done<T>) -> Command>(
        &self,
        command: C,
    ) -> Result<impl Future<Output = Result<T, Error>> + use<T, C>, Error> {
        // The semaphore is never closed: when the task ends, all room is given back.
        let room = in_line(self.room.clone().acquire_owned()).await.ok();
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
        Ok(outcome(result, self.ended.clone()))
    }

    fn push_with(&self, command: Command, room: Option<OwnedSemaphorePermit>) -> Result<(), Error> {
        if let Command::Send { message, .. } = &command {
            self.check_len(message)?;
        }
        let queued = Queued { command, room };
        self.tx.send(queued).map_err(|_| self.ended.error())
    }

    fn check_len(&self, message: &Message) -> Result<(), Error> {
        if message.len() <= self.max_message_len {
            return Ok(());
        }
        Err(Error::InvalidArgument {
            part: Part::Message,
            message: format!(
                "{} bytes are more than the memory of the instance allows ({} bytes)",
                message.len(),
                self.max_message_len
            ),
        })
    }
}

/// Gives messages as a sink does: room first, then the message.
#[derive(Debug)]
pub(crate) struct CommandSink {
    commands: CommandSender,
    /// The wait for room, while there is one.
    waiting: Option<ReusableBoxFuture<'static, ()>>,
}

impl CommandSink {
    pub(crate) fn new(commands: CommandSender) -> Self {
        Self {
            commands,
            waiting: None,
        }
    }

    /// Ready once there is room. The room is not kept: who is ready may never send.
    pub(crate) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let commands = &self.commands;
        if self.waiting.is_none() && commands.outbox.try_turn().is_none() {
            let outbox = commands.outbox.clone();
            let turn = async move { drop(outbox.turn().await) };
            self.waiting = Some(ReusableBoxFuture::new(turn));
        }
        if let Some(waiting) = &mut self.waiting {
            ready!(waiting.poll(cx));
            self.waiting = None;
        }
        if commands.tx.is_closed() {
            return Poll::Ready(Err(commands.ended.error()));
        }
        Poll::Ready(Ok(()))
    }

    /// Gives a message of which nobody is told.
    pub(crate) fn start_send(&self, message: Message) -> Result<(), Error> {
        let load = self.commands.outbox.load(message.len(), 1);
        self.commands.push(Command::Send {
            message,
            options: SendOptions::new(),
            done: None,
            load,
        })
    }

    /// Closes the connection with code 1000, after all of it.
    pub(crate) fn close(&self, done: Done<Closed>) -> Result<(), Error> {
        self.commands.push(Command::Close {
            code: None,
            reason: None,
            done: Some(done),
        })
    }
}
