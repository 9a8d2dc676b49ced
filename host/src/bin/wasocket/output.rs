use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use wasocket::{Closed, Event, Failure, Message, reconnect};

use crate::exit::Exit;
use crate::json::{never_open, of_reconnection, to_json};
use crate::reconnection;
use crate::screen::Screen;

const RECEIVED: Style = AnsiColor::Green.on_default();
const NOTE: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// How what happens is shown on standard output.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Show {
    /// The payloads of messages, each on a line of its own.
    Text,
    /// The payloads of messages as they are.
    Binary,
    /// Every event, each as a line of JSON.
    Json,
}

/// What is told on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Nothing,
    Failures,
    Everything,
}

/// Shows events.
#[derive(Debug)]
pub(crate) struct Output {
    show: Show,
    told: Told,
    /// Standard output is a terminal: colours, and nothing that a server could do harm with.
    terminal: bool,
    /// The terminal on which lines are edited.
    screen: Option<Screen>,
}

impl Output {
    pub(crate) fn new(show: Show, told: Told) -> Self {
        Self {
            show,
            told,
            terminal: io::stdout().is_terminal(),
            screen: None,
        }
    }

    /// Prints by way of `screen` from now on.
    pub(crate) fn print_on(&mut self, screen: Screen) {
        self.screen = Some(screen);
    }

    /// Shows an event; fails if standard output does.
    pub(crate) fn event(&self, event: &Event) -> io::Result<()> {
        match (self.show, event) {
            (Show::Json, event) => self.line(to_json(event).to_string()),
            (Show::Binary, Event::Message(message)) => write(message.as_bytes()),
            (Show::Text, Event::Message(message)) => self.message(message),
            (_, event) => {
                self.note_event(event);
                Ok(())
            }
        }
    }

    /// Shows that a connection could not be opened; fails if standard output does.
    pub(crate) fn not_open(&self, failure: Failure) -> io::Result<()> {
        self.event(&Event::Error(failure))?;
        match self.show {
            Show::Json => self.line(never_open().to_string()),
            Show::Binary | Show::Text => Ok(()),
        }
    }

    fn message(&self, message: &Message) -> io::Result<()> {
        // Binary messages among text have to be told apart, and may not be text at all.
        let text = match message {
            Message::Text(text) => Cow::Borrowed(text.as_str()),
            Message::Binary(bytes) => Cow::Owned(format!("binary {}", hex(bytes))),
        };
        if !self.terminal {
            // Nothing is taken out of it.
            return line(&text);
        }
        let text = printable(&text);
        self.line(if has_colours() {
            format!("{RECEIVED}< {text}{RECEIVED:#}")
        } else {
            format!("< {text}")
        })
    }

    fn line(&self, text: String) -> io::Result<()> {
        match &self.screen {
            Some(screen) => screen.print(text),
            None => line(&text),
        }
    }

    /// Shows what happened to a connection that is made anew; fails if standard output does.
    pub(crate) fn reconnection(&self, event: &reconnect::Event) -> io::Result<()> {
        match self.show {
            Show::Json => self.line(of_reconnection(event).to_string()),
            Show::Binary | Show::Text => {
                reconnection::tell(self, event);
                Ok(())
            }
        }
    }

    /// Tells of an event that is not a message.
    pub(crate) fn note_event(&self, event: &Event) {
        match event {
            Event::Error(failure) => self.complain(&failure.to_string()),
            Event::Close(closed) if !is_ordinary(closed) && self.told != Told::Nothing => {
                self.tell(&describe(event));
            }
            event => self.note(&describe(event)),
        }
    }

    /// Tells of something to whoever wants to know everything.
    pub(crate) fn note(&self, text: &str) {
        if self.told == Told::Everything {
            self.tell(text);
        }
    }

    /// Tells of something.
    pub(crate) fn tell(&self, text: &str) {
        match self.screen_for_notes() {
            // If it cannot be written, there is nobody to tell.
            Some(screen) if has_colours() => {
                let _ = screen.print(format!("{NOTE}{text}{NOTE:#}"));
            }
            Some(screen) => {
                let _ = screen.print(text.to_owned());
            }
            None => note(text),
        }
    }

    /// Tells of something bad.
    pub(crate) fn complain(&self, text: &str) {
        if self.told == Told::Nothing {
            return;
        }
        match self.screen_for_notes() {
            Some(screen) => {
                let name = if has_colours() {
                    format!("{BAD}wasocket:{BAD:#}")
                } else {
                    "wasocket:".to_owned()
                };
                // If it cannot be written, there is nobody to tell.
                let _ = screen.print(format!("{name} {}", printable(text)));
            }
            None => complain(text),
        }
    }

    /// How to exit when standard output cannot be written.
    pub(crate) fn failed(&self, error: &io::Error) -> Exit {
        if self.told == Told::Nothing && error.kind() != io::ErrorKind::BrokenPipe {
            return Exit::Broken;
        }
        failed(error)
    }

    /// Where notes go when standard error is the terminal on which lines are edited.
    fn screen_for_notes(&self) -> Option<&Screen> {
        let screen = self.screen.as_ref()?;
        io::stderr().is_terminal().then_some(screen)
    }
}

/// Whether standard output takes colours: a terminal, unless the user says otherwise, such as by the
/// environment variable `NO_COLOR`.
pub(crate) fn has_colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Whether a closure needs no mention.
fn is_ordinary(closed: &Closed) -> bool {
    // 1006 stands for an error, which was told of.
    matches!(closed.code, 1000 | 1001 | 1005 | 1006)
}

/// Writes to standard output, and keeps nothing back: whoever reads it may wait for it.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Writes a line to standard output.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// How to exit when standard output cannot be written.
pub(crate) fn failed(error: &io::Error) -> Exit {
    // Whoever read it has seen enough.
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Success;
    }
    complain(&format!("standard output: {error}"));
    Exit::Broken
}

/// An error with what it comes from, on one line.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        message = format!("{message}: {error}");
        source = error.source();
    }
    message
}

/// Tells of something on standard error.
pub(crate) fn note(text: &str) {
    // If it cannot be written, there is nobody to tell.
    let _ = writeln!(anstream::stderr().lock(), "{NOTE}{text}{NOTE:#}");
}

/// Tells of something bad on standard error.
pub(crate) fn complain(text: &str) {
    let text = printable(text);
    let _ = writeln!(anstream::stderr().lock(), "{BAD}wasocket:{BAD:#} {text}");
}

/// An event for people, on one line.
pub(crate) fn describe(event: &Event) -> String {
    match event {
        Event::Open(opened) => match &opened.subprotocol {
            Some(subprotocol) => format!("open, subprotocol {subprotocol}"),
            None => "open".to_owned(),
        },
        Event::Message(Message::Text(text)) => format!("message, text: {}", printable(text)),
        Event::Message(Message::Binary(bytes)) => format!("message, binary: {}", hex(bytes)),
        Event::Ping(payload) => format!("ping from the server: {}", payload.escape_ascii()),
        Event::Pong(payload) => format!("pong from the server: {}", payload.escape_ascii()),
        Event::Error(failure) => format!("error: {failure}"),
        Event::Close(closed) => {
            let reason = match closed.reason.as_str() {
                "" => String::new(),
                reason => format!(" ({})", printable(reason)),
            };
            let clean = if closed.was_clean { "" } else { ", not clean" };
            format!("close, code {}{reason}{clean}", closed.code)
        }
        other => format!("{other:?}"),
    }
}

/// Text with nothing in it that a terminal would act on.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a `String` does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        assert_eq!(
            printable("a\x1b[2Jb\tc\nd\u{9b}é"),
            "a\\u{1b}[2Jb\tc\nd\\u{9b}é"
        );
    }
}
