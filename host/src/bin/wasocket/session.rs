//! A connection on the command line: standard input to the server, its messages to standard
//! output.

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
    let websocket = tokio::select! {
        websocket = runtime.connect_with(url, &options) => websocket,
        () = interrupted() => return Exit::Interrupted,
    };
    match websocket {
        Ok(websocket) => Session::new(websocket, output, args).run().await,
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
    /// The closing handshake, once it was started.
    closing: Option<tokio::task::JoinHandle<Result<Closed, Error>>>,
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
            closing: None,
            interrupted: false,
            exit: None,
        }
    }

    async fn run(mut self) -> Exit {
        if let Some(opened) = self.websocket.handshake().cloned() {
            self.show(&Event::Open(opened));
        }
        let mut input = input::read(match (self.args.one, self.args.binary) {
            (false, false) => Cut::Lines,
            (false, true) => Cut::Pieces,
            (true, false) => Cut::WholeText,
            (true, true) => Cut::WholeBinary,
        });
        let mut reading = true;
        loop {
            tokio::select! {
                event = self.websocket.event() => match event {
                    Some(event) => {
                        let exit = self.handle_event(&event);
                        if let Some(exit) = exit {
                            return self.exit.unwrap_or(exit);
                        }
                    }
                    None => return self.exit.unwrap_or(Exit::Broken),
                },
                message = input.recv(), if reading => match message {
                    Some(Ok(message)) => self.send(message).await,
                    Some(Err(error)) => {
                        reading = false;
                        complain(&format!("standard input: {error}"));
                        self.close_with(Exit::Usage);
                    }
                    None => {
                        reading = false;
                        // In one-shot mode the answer closes.
                        if !self.args.no_close && !self.args.one {
                            self.close();
                        }
                    }
                },
                () = interrupted() => {
                    if self.interrupted {
                        return Exit::Interrupted;
                    }
                    self.interrupted = true;
                    reading = false;
                    self.close();
                }
            }
        }
    }

    /// Sends a message. Waits until it is handed to the transport, so that input is not read faster
    /// than it is sent, but not for ever: a server that does not read closes in the end.
    async fn send(&mut self, message: Message) {
        let sender = self.sender.clone();
        let sent = sender.send(message);
        tokio::pin!(sent);
        loop {
            tokio::select! {
                result = &mut sent => {
                    // Why it was not sent is told by an event.
                    drop(result);
                    return;
                }
                event = self.websocket.event() => match event {
                    Some(event) => {
                        if let Some(exit) = self.handle_event(&event) {
                            self.exit.get_or_insert(exit);
                            return;
                        }
                    }
                    None => return,
                },
            }
        }
    }

    /// Shows an event; returns how to exit if it is the last one.
    fn handle_event(&mut self, event: &Event) -> Option<Exit> {
        self.show(event);
        match event {
            Event::Message(_) if self.args.one => {
                self.close();
                None
            }
            Event::Error(failure) => {
                self.exit.get_or_insert(failure.into());
                None
            }
            Event::Close(closed) => Some(closed.into()),
            _ => None,
        }
    }

    fn show(&mut self, event: &Event) {
        // After the answer that was asked for, nothing more is of interest but how it ends.
        let answered = self.args.one && self.closing.is_some();
        if answered && matches!(event, Event::Message(_)) {
            return;
        }
        if let Err(error) = self.output.event(event) {
            self.close_with(output::failed(&error));
        }
    }

    fn close_with(&mut self, exit: Exit) {
        self.exit.get_or_insert(exit);
        self.close();
    }

    fn close(&mut self) {
        if self.closing.is_none() {
            let sender = self.sender.clone();
            self.closing = Some(tokio::spawn(async move {
                sender.close(NORMAL_CLOSURE, "").await
            }));
        }
    }
}

/// Waits for Ctrl-C.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without signals there is nothing to wait for.
        std::future::pending().await
    }
}
