//! A connection on the command line: standard input to the server, its messages to standard
//! output.

use tokio::task::JoinSet;
use tokio::time::Interval;
use wasocket::{Closed, Error, Event, Pong, Runtime, Sender, WebSocket};

use crate::args::{Args, TalkArgs};
use crate::editor::{self, Editor};
use crate::exit::Exit;
use crate::files::{Opened, Transfer};
use crate::input::{self, Cut, Input, Inputs, Payload};
use crate::output::{Output, Show, Told};
use crate::progress::{Progress, Taken};
use crate::screen::Screen;
use crate::sending::{NotSent, Sending, Sent};
use crate::signals::{CtrlC, ctrl_c};
use crate::timer::{after, elapse};
use crate::typed::{self, Typed};

/// The close code of a connection that has served its purpose.
const NORMAL_CLOSURE: u16 = 1000;

pub(crate) async fn run(runtime: Runtime, url: &str, args: &Args) -> Exit {
    let talk = &args.talk;
    let output = Output::new(
        match (talk.json, talk.binary) {
            (true, _) => Show::Json,
            (false, true) => Show::Binary,
            (false, false) => Show::Text,
        },
        match (talk.quiet, talk.verbose) {
            (true, _) => Told::Nothing,
            (false, true) => Told::Everything,
            (false, false) => Told::Failures,
        },
    );
    let given = talk.given.iter();
    let given = given.map(|given| Opened::open(given, None));
    let (options, given) = match (args.connect.options(), given.collect::<Result<_, _>>()) {
        (Ok(options), Ok(given)) => (options, given),
        (Err(message), _) | (_, Err(message)) => {
            output.complain(&message);
            return Exit::Usage;
        }
    };
    let mut ctrl_c = match ctrl_c() {
        Ok(ctrl_c) => ctrl_c,
        Err(error) => {
            output.complain(&format!("Ctrl-C: {error}"));
            return Exit::Internal;
        }
    };
    let websocket = tokio::select! {
        websocket = runtime.connect_with(url, &options) => websocket,
        Some(()) = ctrl_c.recv() => return Exit::Interrupted,
    };
    match websocket {
        Ok(websocket) => {
            Session::new(websocket, output, args)
                .run(given, ctrl_c)
                .await
        }
        Err(error) => {
            let exit = Exit::from(&error);
            let shown = match error {
                Error::Failed(failure) => output.not_open(failure),
                error => {
                    output.complain(&error.to_string());
                    Ok(())
                }
            };
            if let Err(error) = shown {
                output.failed(&error);
            }
            exit
        }
    }
}

struct Session<'a> {
    websocket: WebSocket,
    sender: Sender,
    output: Output,
    talk: &'a TalkArgs,
    /// How long a message may be that is sent, in bytes.
    max_sent: usize,
    /// There may be more input.
    reading: bool,
    /// The messages that are being sent. More are read while there is room, so that input is not
    /// read faster than it is sent.
    sending: Sending,
    /// How far the file is that is being sent.
    progress: Option<Progress>,
    /// How many messages were given to be sent, and were not.
    unsent: usize,
    /// Pings that the user asked for.
    pings: JoinSet<Result<Pong, Error>>,
    /// What ends the wait for messages after the last that was sent.
    wait: Option<Interval>,
    waited: bool,
    /// The message of one-shot mode is there.
    answered: bool,
    is_closing: bool,
    /// What becomes of closing.
    closed: JoinSet<Result<Closed, Error>>,
    interrupted: bool,
    /// Why the session ends in another way than the connection does.
    exit: Option<Exit>,
}

impl<'a> Session<'a> {
    fn new(websocket: WebSocket, output: Output, args: &'a Args) -> Self {
        let sender = websocket.sender();
        Self {
            sending: Sending::new(sender.clone(), args.connect.send_options()),
            sender,
            websocket,
            output,
            talk: &args.talk,
            max_sent: args.connect.max_sent(),
            reading: true,
            progress: None,
            unsent: 0,
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

    async fn run(mut self, given: Vec<Opened>, ctrl_c: CtrlC) -> Exit {
        if let Some(opened) = self.websocket.handshake().cloned() {
            self.show(&Event::Open(opened));
        }
        let (editor, input) = self.start_input(given);
        let exit = self.run_to_close(input, ctrl_c).await;
        if let Some(editor) = editor {
            editor.finish();
        }
        exit
    }

    fn start_input(&mut self, given: Vec<Opened>) -> (Option<Editor>, Inputs) {
        if !given.is_empty() {
            return (None, input::read_given(given));
        }
        let cut = match (self.talk.one, self.talk.binary) {
            (false, false) if Editor::is_possible() => {
                let (editor, input) = self.start_editor();
                return (Some(editor), input);
            }
            (false, false) => Cut::Lines,
            (false, true) => Cut::Pieces,
            (true, false) => Cut::WholeText,
            (true, true) => {
                let all = Opened::standard_input(Payload::Binary, None);
                return (None, input::read_given(vec![all]));
            }
        };
        (None, input::read(cut, self.max_sent))
    }

    fn start_editor(&mut self) -> (Editor, Inputs) {
        let history = if self.talk.no_history {
            None
        } else {
            let history = editor::history();
            // It works without, and that is all.
            let note = |message: &String| self.output.note(&format!("history: {message}"));
            history.inspect_err(note).ok()
        };
        let screen = Screen::default();
        self.output.print_on(screen.clone());
        Editor::start(screen, history)
    }

    async fn run_to_close(&mut self, mut input: Inputs, mut ctrl_c: CtrlC) -> Exit {
        loop {
            if self.is_served() {
                self.finish();
            }
            tokio::select! {
                event = self.websocket.event() => match event {
                    Some(event) => {
                        if let Some(closed) = self.handle_event(&event) {
                            return self.end(&closed, &mut input).await;
                        }
                    }
                    None => return self.exit.unwrap_or(Exit::Broken),
                },
                Some(sent) = self.sending.next() => self.handle_sent(sent),
                input = input.recv(), if self.reading && self.sending.has_room() => {
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
        if self.reading || !self.sending.is_empty() {
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
            Ok(Typed::Ping(payload)) => {
                let (sender, payload) = (self.sender.clone(), payload.to_owned());
                self.pings.spawn(async move { sender.ping(payload).await });
            }
            Ok(Typed::Close(code, reason)) => self.close(code, reason),
            Ok(Typed::Help) => self.output.tell(typed::HELP),
            Err(message) => self.output.complain(&message),
        }
    }

    async fn send_file(&mut self, file: Transfer) {
        let taken = Taken::default();
        if !self.talk.quiet {
            let sender = self.sender.clone();
            self.progress = Progress::new(&file.name, file.len, taken.clone(), sender);
        }
        self.sending.give_file(file, taken).await;
    }

    /// Takes what became of a message.
    fn handle_sent(&mut self, sent: Sent) {
        match sent {
            Sent::Message(Ok(())) => {}
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

    /// Shows an event; returns how the connection ended if it is the last one.
    fn handle_event(&mut self, event: &Event) -> Option<Closed> {
        match event {
            Event::Message(_) if self.talk.one => {
                // One is of interest, and then how it ends.
                if !self.answered {
                    self.answered = true;
                    self.show(event);
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
            Event::Close(closed) => Some(closed.clone()),
            _ => None,
        }
    }

    /// Tells what was not sent, and how to exit when the connection ended so.
    async fn end(&mut self, closed: &Closed, input: &mut Inputs) -> Exit {
        self.sending.end();
        while let Some(sent) = self.sending.next().await {
            self.handle_sent(sent);
        }
        // What was still to be sent when the server closed. The user may have had enough of it.
        while self.reading
            && let Ok(Ok(input)) = input.try_recv()
        {
            self.unsent += usize::from(!matches!(input, Input::Interrupt));
        }
        let exit = self.exit.unwrap_or_else(|| closed.into());
        if self.unsent > 0 {
            let (count, s) = (self.unsent, if self.unsent == 1 { "" } else { "s" });
            self.output
                .complain(&format!("{count} message{s} not sent"));
        }
        if exit != Exit::Success || self.exit.is_some() {
            return exit;
        }
        if self.talk.one && !self.answered {
            self.output
                .complain("the connection was closed without an answer");
            return Exit::Broken;
        }
        if self.unsent > 0 {
            return Exit::Broken;
        }
        exit
    }

    fn show(&mut self, event: &Event) {
        let shown = Progress::hidden(self.progress.as_ref(), || self.output.event(event));
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
    fn handle_closed(&mut self, closed: Result<Closed, Error>) {
        if let Err(error @ Error::InvalidArgument { .. }) = closed {
            self.is_closing = false;
            self.output.complain(&error.to_string());
        }
    }
}
