use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wasocket::{Closed, Event, Failure, FailureKind, Header, Message, Opened};

use crate::exit::Exit;

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

/// Shows events.
#[derive(Debug)]
pub(crate) struct Output {
    show: Show,
    verbose: bool,
    /// Standard output is a terminal: colours, and nothing that a server could do harm with.
    terminal: bool,
}

impl Output {
    pub(crate) fn new(show: Show, verbose: bool) -> Self {
        Self {
            show,
            verbose,
            terminal: io::stdout().is_terminal(),
        }
    }

    /// Shows an event; fails if standard output does.
    pub(crate) fn event(&self, event: &Event) -> io::Result<()> {
        match (self.show, event) {
            (Show::Json, event) => line(&to_json(event).to_string()),
            (Show::Binary, Event::Message(message)) => write(message.as_bytes()),
            (Show::Text, Event::Message(message)) => self.message(message),
            (_, event) => {
                self.note(event);
                Ok(())
            }
        }
    }

    fn message(&self, message: &Message) -> io::Result<()> {
        // Binary messages among text have to be told apart, and may not be text at all.
        let text = match message {
            Message::Text(text) => Cow::Borrowed(text.as_str()),
            Message::Binary(bytes) => Cow::Owned(format!("binary {}", hex(bytes))),
        };
        if !self.terminal {
            // Not by way of anstream, which would take escape sequences out of it.
            return line(&text);
        }
        let mut stdout = anstream::stdout().lock();
        writeln!(stdout, "{RECEIVED}< {}{RECEIVED:#}", printable(&text))?;
        stdout.flush()
    }

    /// Tells of an event that is not a message, on standard error.
    fn note(&self, event: &Event) {
        match event {
            Event::Error(failure) => complain(&failure.to_string()),
            Event::Close(closed) if self.verbose || !is_ordinary(closed) => {
                note(&describe(event));
            }
            event if self.verbose => note(&describe(event)),
            _ => {}
        }
    }
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
fn printable(text: &str) -> String {
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

fn to_json(event: &Event) -> Value {
    match event {
        Event::Open(opened) => open_to_json(opened),
        Event::Message(Message::Text(text)) => {
            json!({"event": "message", "type": "text", "data": text})
        }
        Event::Message(Message::Binary(bytes)) => {
            json!({"event": "message", "type": "binary", "base64": STANDARD.encode(bytes)})
        }
        Event::Ping(payload) => json!({"event": "ping", "base64": STANDARD.encode(payload)}),
        Event::Pong(payload) => json!({"event": "pong", "base64": STANDARD.encode(payload)}),
        Event::Error(failure) => error_to_json(failure),
        Event::Close(closed) => json!({
            "event": "close",
            "code": closed.code,
            "reason": closed.reason,
            "clean": closed.was_clean,
        }),
        other => json!({"event": "other", "text": format!("{other:?}")}),
    }
}

fn open_to_json(opened: &Opened) -> Value {
    json!({
        "event": "open",
        "subprotocol": opened.subprotocol,
        "extensions": opened.extensions,
        "headers": headers_to_json(&opened.headers),
    })
}

fn error_to_json(failure: &Failure) -> Value {
    let mut error = json!({
        "event": "error",
        "step": format!("{:?}", failure.step).to_lowercase(),
        "message": failure.message,
    });
    if let FailureKind::Refused(refusal) = &failure.kind {
        error["status"] = refusal.status.into();
        error["headers"] = headers_to_json(&refusal.headers);
        error["body"] = String::from_utf8_lossy(&refusal.body).into();
    }
    error
}

fn headers_to_json(headers: &[Header]) -> Value {
    headers
        .iter()
        .map(|header| json!([header.name, String::from_utf8_lossy(&header.value)]))
        .collect()
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

    #[test]
    fn messages_become_lines_of_json() {
        let text = Event::Message("a\"\n".into());
        assert_eq!(
            to_json(&text).to_string(),
            r#"{"data":"a\"\n","event":"message","type":"text"}"#
        );
        let binary = Event::Message(vec![0xff].into());
        assert_eq!(to_json(&binary)["base64"], "/w==");
    }
}
