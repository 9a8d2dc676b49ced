//! A connection on the command line: standard input to the server, its messages to standard
//! output.

use std::io;

use tokio::signal;
#[cfg(unix)]
use tokio::signal::unix::Signal as CtrlC;
#[cfg(windows)]
use tokio::signal::windows::CtrlC;
use tokio::task::JoinSet;
use wasocket::{Closed, Error, Event, Message, Runtime, Sender, WebSocket};

use crate::args::Args;
use crate::exit::Exit;
use crate::input::{self, Cut};
use crate::output::{self, Output, Show, complain};

/// The close code of a connection that has served its purpose.
const NORMAL_CLOSURE: u16 = 1000;

pub(crate) async fn run(runtime: Runtime, url: &str, args: &Args) -> Exit {
    let output = Output::new(
        match (args.json, args.binary) {
            (true, _) => Show::Json,
            (false, true) => Show::Binary,
            (false, false) => Show::Text,
        },
        args.verbose,
    );
    let options = match args.options() {
        Ok(options) => options,
        Err(message) => {
            complain(&message);
            return Exit::Usage;
        }
    };
    let mut ctrl_c = match ctrl_c() {
        Ok(ctrl_c) => ctrl_c,
        Err(error) => {
            complain(&format!("Ctrl-C: {error}"));
            return Exit::Internal;
        }
    };
    let websocket = tokio::select! {
        websocket = runtime.connect_with(url, &options) => websocket,
        Some(()) = ctrl_c.recv() => return Exit::Interrupted,
    };
    match websocket {
        Ok(websocket) => Session::new(websocket, output, args).run(ctrl_c).await,
        Err(error) => {
            let exit = Exit::from(&error);
            let shown = match error {
                Error::Failed(failure) => output.event(&Event::Error(failure)),
                error => {
                    complain(&error.to_string());
                    Ok(())
                }
            };
            if let Err(error) = shown {
                output::failed(&error);
            }
            exit
        }
    }
}

struct Session<'a> {
    websocket: WebSocket,
    sender: Sender,
    output: Output,
    args: &'a Args,
    /// There may be more on standard input.
    reading: bool,
    /// The message that is being sent. The next is read when it is handed to the transport, so that
    /// input is not read faster than it is sent.
    sending: JoinSet<()>,
    /// The message of one-shot mode is there.
    answered: bool,
    closing: bool,
    interrupted: bool,
    /// Why the session ends in another way than the connection does.
    exit: Option<Exit>,
}

impl<'a> Session<'a> {
    fn new(websocket: WebSocket, output: Output, args: &'a Args) -> Self {
        Self {
            sender: websocket.sender(),
            websocket,
            output,
            args,
            reading: true,
            sending: JoinSet::new(),
            answered: false,
            closing: false,
            interrupted: false,
            exit: None,
        }
    }

    async fn run(mut self, mut ctrl_c: CtrlC) -> Exit {
        if let Some(opened) = self.websocket.handshake().cloned() {
            self.show(&Event::Open(opened));
        }
        let mut input = input::read(match (self.args.one, self.args.binary) {
            (false, false) => Cut::Lines,
            (false, true) => Cut::Pieces,
            (true, false) => Cut::WholeText,
            (true, true) => Cut::WholeBinary,
        });
        loop {
            if self.is_served() {
                self.close();
            }
            tokio::select! {
                event = self.websocket.event() => match event {
                    Some(event) => {
                        if let Some(exit) = self.handle_event(&event) {
                            return self.exit.unwrap_or(exit);
                        }
                    }
                    None => return self.exit.unwrap_or(Exit::Broken),
                },
                // Why it could not be sent is told by an event.
                Some(_) = self.sending.join_next() => {}
                message = input.recv(), if self.reading && self.sending.is_empty() => {
                    self.handle_input(message);
                }
                Some(()) = ctrl_c.recv() => {
                    if self.interrupted {
                        return Exit::Interrupted;
                    }
                    self.interrupted = true;
                    self.close();
                }
            }
        }
    }

    /// Whether all that was asked for is done, but to close.
    fn is_served(&self) -> bool {
        let sent = !self.reading && self.sending.is_empty();
        sent && if self.args.one {
            self.answered
        } else {
            !self.args.no_close
        }
    }

    /// Takes what was read from standard input: a message, an error, or its end.
    fn handle_input(&mut self, message: Option<io::Result<Message>>) {
        match message {
            Some(Ok(message)) => {
                let sender = self.sender.clone();
                self.sending.spawn(async move {
                    let _ = sender.send(message).await;
                });
            }
            Some(Err(error)) => {
                complain(&format!("standard input: {error}"));
                self.close_with(Exit::Usage);
            }
            None => self.reading = false,
        }
    }

    /// Shows an event; returns how to exit if it is the last one.
    fn handle_event(&mut self, event: &Event) -> Option<Exit> {
        match event {
            Event::Message(_) if self.args.one => {
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
            Event::Close(closed) => Some(self.exit_of(closed)),
            _ => None,
        }
    }

    /// How to exit when the connection ended so.
    fn exit_of(&self, closed: &Closed) -> Exit {
        let exit = closed.into();
        let unanswered = self.args.one && !self.answered;
        if exit == Exit::Success && self.exit.is_none() && unanswered {
            complain("the connection was closed without an answer");
            return Exit::Broken;
        }
        exit
    }

    fn show(&mut self, event: &Event) {
        if let Err(error) = self.output.event(event) {
            self.close_with(output::failed(&error));
        }
    }

    fn close_with(&mut self, exit: Exit) {
        self.exit.get_or_insert(exit);
        self.close();
    }

    /// Closes the connection, after what is being sent.
    fn close(&mut self) {
        self.reading = false;
        if !self.closing {
            self.closing = true;
            let sender = self.sender.clone();
            // Its end is told by an event.
            tokio::spawn(async move { sender.close(NORMAL_CLOSURE, "").await });
        }
    }
}

/// Tells of each Ctrl-C from now on, also of one that comes while nobody asks.
fn ctrl_c() -> io::Result<CtrlC> {
    #[cfg(unix)]
    return signal::unix::signal(signal::unix::SignalKind::interrupt());
    #[cfg(windows)]
    return signal::windows::ctrl_c();
}
