use std::future::pending;
use std::io;

use futures_util::FutureExt;
use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use tokio::time::Interval;
use wasocket::reconnect::{self, Cause, Fate};
use wasocket::{Error, Event, MessageReader, Pong};

use crate::args::{Args, TalkArgs};
use crate::exit::Exit;
use crate::files::Transfer;
use crate::input::Input;
use crate::link::{Happened, Link, LinkSender};
use crate::output::{Output, write};
use crate::progress::{Progress, Taken};
use crate::reconnection::exit_of;
use crate::sending::{NotSent, Sending, Sent};
use crate::signals::CtrlC;
use crate::source::Source;
use crate::timer::{after, elapse};
use crate::typed::{self, Typed};

/// The close code of a connection that has served its purpose.
const NORMAL_CLOSURE: u16 = 1000;

/// How much of a message is written at once, in bytes, if it is written as it arrives.
const PIECE_LEN: usize = 64 << 10;

/// A conversation, from the input of the user to the end of the connection.
pub(crate) struct Session<'a> {
    link: Link,
    sender: LinkSender,
    output: Output,
    source: Source,
    talk: &'a TalkArgs,
    /// There may be more input.
    reading: bool,
    /// The messages that are being sent. More are read while there is room, so that input is not
    /// read faster than it is sent.
    sending: Sending,
    /// How far the file is that is being sent.
    progress: Option<Progress>,
    /// How many messages were given to be sent, and were not.
    unsent: usize,
    /// How many may have been sent or not.
    maybe_sent: usize,
    /// The message that is written as it arrives.
    receiving: Option<MessageReader>,
    /// It was open, and is not.
    is_lost: bool,
    /// Pings that the user asked for.
    pings: JoinSet<Result<Pong, Error>>,
    /// What ends the wait for messages after the last that was sent.
    wait: Option<Interval>,
    waited: bool,
    /// The message of one-shot mode is there.
    answered: bool,
    is_closing: bool,
    /// What becomes of closing.
    closed: JoinSet<Result<(), Error>>,
    interrupted: bool,
    /// Why the session ends in another way than the connection does.
    exit: Option<Exit>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(link: Link, output: Output, source: Source, args: &'a Args) -> Self {
        let sender = link.sender();
        Self {
            sending: Sending::new(sender.clone(), args.connect.send_options()),
            sender,
            link,
            output,
            source,
            talk: &args.talk,
            reading: true,
            progress: None,
            unsent: 0,
            maybe_sent: 0,
            receiving: None,
            is_lost: false,
            pings: JoinSet::new(),
            wait: None,
            waited: false,
            answered: false,
            is_closing: false,
            closed: JoinSet::new(),
            interrupted: false,
            exit: None,
        }
    }

    /// Runs it to its end.
    pub(crate) async fn run(mut self, ctrl_c: CtrlC) -> Exit {
        if let Link::Single(websocket) = &self.link
            && let Some(opened) = websocket.handshake().cloned()
        {
            self.handle_event(&Event::Open(opened));
        }
        let exit = self.run_to_close(ctrl_c).await;
        self.source.finish();
        exit
    }

    async fn run_to_close(&mut self, mut ctrl_c: CtrlC) -> Exit {
        loop {
            if self.is_served() {
                self.finish();
            }
            tokio::select! {
                happened = self.link.next(), if self.receiving.is_none() => match happened {
                    Some(happened) => {
                        if let Some(exit) = self.handle(happened) {
                            return self.end(exit).await;
                        }
                    }
                    None => return self.exit.unwrap_or(Exit::Broken),
                },
                piece = next_piece(&mut self.receiving) => self.handle_piece(piece),
                Some(sent) = self.sending.next() => self.handle_sent(sent),
                input = self.source.next(), if self.reading && self.sending.has_room() => {
                    self.handle_input(input).await;
                }
                Some(Ok(pong)) = self.pings.join_next() => self.handle_pong(pong),
                Some(Ok(closed)) = self.closed.join_next() => self.handle_closed(closed),
                () = Progress::show(&mut self.progress) => {}
                () = elapse(&mut self.wait) => self.waited = true,
                Some(()) = ctrl_c.recv() => {
                    if self.interrupted {
                        return Exit::Interrupted;
                    }
                    self.interrupt();
                }
            }
        }
    }

    /// Whether all that was asked for is done, but to close.
    fn is_served(&mut self) -> bool {
        if self.reading || !self.sending.is_empty() || self.receiving.is_some() {
            return false;
        }
        if self.talk.one && self.answered || self.waited {
            return true;
        }
        if let Some(time) = self.talk.wait {
            self.wait.get_or_insert_with(|| after(time));
            return false;
        }
        !self.talk.one && !self.talk.no_close
    }

    /// Takes what the user wants, an error, or the end of it.
    async fn handle_input(&mut self, input: Option<Result<Input, String>>) {
        match input {
            Some(Ok(Input::Message(message))) => self.sending.give(message).await,
            Some(Ok(Input::File(file))) => self.send_file(file).await,
            Some(Ok(Input::Typed(line))) => self.handle_typed(&line).await,
            Some(Ok(Input::Interrupt)) => self.interrupt(),
            Some(Err(message)) => {
                self.output.complain(&message);
                self.close_with(Exit::Usage);
            }
            None => self.reading = false,
        }
    }

    async fn handle_typed(&mut self, line: &str) {
        match typed::understand(line) {
            Ok(Typed::Message(text)) => self.sending.give(text.into()).await,
            Ok(Typed::Ping(payload)) => match &self.sender {
                LinkSender::Single(sender) => {
                    let (sender, payload) = (sender.clone(), payload.to_owned());
                    let mut pong = Box::pin(async move { sender.ping(payload).await });
                    // It has its place in the order of what was typed once it was polled.
                    match (&mut pong).now_or_never() {
                        Some(pong) => self.handle_pong(pong),
                        None => drop(self.pings.spawn(pong)),
                    }
                }
                LinkSender::Lasting(_) => {
                    self.output.complain("there is no /ping with --reconnect")
                }
            },
            Ok(Typed::Close(code, reason)) => self.close(code, reason),
            Ok(Typed::Help) => self.output.tell(typed::HELP),
            Err(message) => self.output.complain(&message),
        }
    }

    async fn send_file(&mut self, file: Transfer) {
        let LinkSender::Single(sender) = self.sender.clone() else {
            // Files were opened to be read whole.
            return self.handle_sent(Sent::NotTaken);
        };
        let taken = Taken::default();
        if !self.talk.quiet {
            self.progress = Progress::new(&file.name, file.len, taken.clone(), sender.clone());
        }
        self.sending.give_file(sender, file, taken).await;
    }

    /// Takes what became of a message.
    fn handle_sent(&mut self, sent: Sent) {
        match sent {
            Sent::Message(Ok(())) | Sent::Placed | Sent::Returned => {}
            Sent::NotTaken => self.unsent += 1,
            Sent::Message(Err(error)) => {
                self.unsent += 1;
                // Why else it could not be sent is told by an event.
                if let Error::InvalidArgument { .. } = error {
                    self.output.complain(&error.to_string());
                    self.close_with(Exit::Usage);
                }
            }
            Sent::File(Ok(())) => {
                if let Some(progress) = self.progress.take() {
                    progress.finish();
                }
            }
            Sent::File(Err(error)) => {
                self.count_file_unsent();
                if let NotSent::Unfit(message) = error {
                    self.output.complain(&message);
                    self.close_with(Exit::Usage);
                }
            }
        }
    }

    fn count_file_unsent(&mut self) {
        self.unsent += 1;
        if let Some(progress) = self.progress.take() {
            progress.end();
        }
    }

    fn handle_pong(&self, pong: Result<Pong, Error>) {
        match pong {
            Ok(pong) => self
                .output
                .tell(&format!("pong after {:.1?}", pong.round_trip)),
            Err(error @ Error::InvalidArgument { .. }) => self.output.complain(&error.to_string()),
            // It is told by an event.
            Err(_) => {}
        }
    }

    /// Takes what happened; returns how the connection ended if it was the last of it.
    fn handle(&mut self, happened: Happened) -> Option<Exit> {
        match happened {
            Happened::Event(event) => self.handle_event(&event),
            Happened::Reconnection(event) => self.handle_reconnection(&event),
        }
    }

    fn handle_event(&mut self, event: &Event) -> Option<Exit> {
        match event {
            // Where it is made anew there is one each time.
            Event::Open(_) => {
                if std::mem::take(&mut self.is_lost) && !self.talk.json && !self.talk.quiet {
                    self.output.tell("open again");
                }
                self.source.start(self.talk, &mut self.output);
            }
            Event::Message(_) if self.talk.one => {
                // One is of interest, and then how it ends.
                if !self.answered {
                    self.answered = true;
                    self.show(event);
                }
                return None;
            }
            Event::MessageStart(_) => {
                if !(self.talk.one && self.answered) {
                    self.receiving = self.link.message_reader();
                }
                return None;
            }
            Event::Error(failure) => {
                self.exit.get_or_insert_with(|| failure.into());
            }
            _ => {}
        }
        self.show(event);
        match event {
            Event::Close(closed) => Some(closed.into()),
            _ => None,
        }
    }

    fn handle_reconnection(&mut self, event: &reconnect::Event) -> Option<Exit> {
        let shown = self.output.reconnection(event);
        self.check_shown(shown);
        match event {
            reconnect::Event::Undelivered(undelivered) => {
                match undelivered.fate {
                    Fate::MaybeSent => self.maybe_sent += 1,
                    Fate::Unsent => self.unsent += 1,
                }
                if let Cause::Error(Error::InvalidArgument { .. }) = undelivered.cause {
                    self.close_with(Exit::Usage);
                }
                None
            }
            reconnect::Event::Disconnected(lost) => {
                self.is_lost = lost.was_open || self.is_lost;
                None
            }
            reconnect::Event::Ended(end) => Some(exit_of(end, self.interrupted)),
            _ => None,
        }
    }

    /// Writes a piece of the message that is written as it arrives, which is empty at its end.
    fn handle_piece(&mut self, piece: io::Result<Vec<u8>>) {
        match piece {
            Ok(piece) if piece.is_empty() => {
                self.receiving = None;
                self.answered = true;
            }
            Ok(piece) => {
                let written = Progress::hidden(self.progress.as_ref(), || write(&piece));
                if written.is_err() {
                    self.receiving = None;
                }
                self.check_shown(written);
            }
            Err(error) => {
                self.receiving = None;
                self.output
                    .complain(&format!("a message was cut off: {error}"));
                self.close_with(Exit::Broken);
            }
        }
    }

    /// Tells what was not sent, and how to exit when the connection ended so.
    async fn end(&mut self, exit: Exit) -> Exit {
        self.sending.end();
        while let Some(sent) = self.sending.next().await {
            self.handle_sent(sent);
        }
        while let Some(Ok(pong)) = self.pings.join_next().await {
            self.handle_pong(pong);
        }
        // What was still to be sent when the server closed. The user may have had enough of it.
        while self.reading
            && let Some(input) = self.source.read_already()
        {
            self.unsent += usize::from(!matches!(input, Input::Interrupt));
        }
        let exit = self.exit.unwrap_or(exit);
        if self.unsent > 0 {
            let (count, s) = (self.unsent, if self.unsent == 1 { "" } else { "s" });
            self.output
                .complain(&format!("{count} message{s} not sent"));
        }
        if self.maybe_sent > 0 {
            let (count, s) = (self.maybe_sent, if self.maybe_sent == 1 { "" } else { "s" });
            self.output
                .complain(&format!("{count} message{s} may have been sent or not"));
        }
        if exit != Exit::Success || self.exit.is_some() {
            return exit;
        }
        if self.talk.one && !self.answered {
            self.output
                .complain("the connection was closed without an answer");
            return Exit::Broken;
        }
        if self.unsent > 0 || self.maybe_sent > 0 {
            return Exit::Broken;
        }
        exit
    }

    fn show(&mut self, event: &Event) {
        let shown = Progress::hidden(self.progress.as_ref(), || self.output.event(event));
        self.check_shown(shown);
    }

    /// Closes the connection if standard output cannot be written.
    fn check_shown(&mut self, shown: io::Result<()>) {
        if let Err(error) = shown {
            let exit = self.output.failed(&error);
            self.close_with(exit);
        }
    }

    /// Closes the connection after what is being sent, but for a file: that may take long.
    fn interrupt(&mut self) {
        self.interrupted = true;
        if self.sending.give_up_file() {
            self.count_file_unsent();
        }
        self.finish();
    }

    fn close_with(&mut self, exit: Exit) {
        self.exit.get_or_insert(exit);
        self.finish();
    }

    /// Closes the connection, and takes no more input.
    fn finish(&mut self) {
        self.reading = false;
        self.close(NORMAL_CLOSURE, "");
    }

    /// Closes the connection, after what is being sent.
    fn close(&mut self, code: u16, reason: &str) {
        if !self.is_closing {
            self.is_closing = true;
            let (sender, reason) = (self.sender.clone(), reason.to_owned());
            self.closed
                .spawn(async move { sender.close(code, &reason).await });
        }
    }

    /// Takes what became of closing. The end of the connection is told by an event.
    fn handle_closed(&mut self, closed: Result<(), Error>) {
        if let Err(error @ Error::InvalidArgument { .. }) = closed {
            self.is_closing = false;
            self.output.complain(&error.to_string());
        }
    }
}

/// Reads a piece of the message that is written as it arrives; for ever if there is none.
///
/// Cancel safe.
async fn next_piece(receiving: &mut Option<MessageReader>) -> io::Result<Vec<u8>> {
    match receiving {
        Some(reader) => {
            let mut piece = Vec::with_capacity(PIECE_LEN);
            reader.read_buf(&mut piece).await?;
            Ok(piece)
        }
        None => pending().await,
    }
}
