use std::io::{self, BufRead, Read};
use std::path::PathBuf;

use tokio::sync::mpsc;
use wasocket::Message;

use crate::files::{Opened, Transfer};

/// How much of standard input is read at once in binary mode, in bytes.
const PIECE_LEN: usize = 64 << 10;

/// How many lines or pieces may wait to be sent: enough that reading them and sending them do not
/// wait for one another each time.
const MAX_WAITING: usize = 64;

/// What kind of message a file becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Text,
    Binary,
}

/// What is to be sent in place of standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Text(String),
    File(PathBuf, Payload),
}

/// What the user wants.
#[derive(Debug)]
pub(crate) enum Input {
    /// To send a message.
    Message(Message),
    /// To send a file as it is read.
    File(Transfer),
    /// What this line says: a message, or a command.
    Typed(String),
    /// What Ctrl-C does.
    Interrupt,
}

/// Where input comes from. An error names it, and is the last of it.
pub(crate) type Inputs = mpsc::Receiver<Result<Input, String>>;

impl From<Message> for Input {
    fn from(message: Message) -> Self {
        Self::Message(message)
    }
}

/// How standard input is cut into messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// Each line is a text message, without its end.
    Lines,
    /// Each piece that is read is a binary message.
    Pieces,
    /// All of it is one text message, without the end of its last line.
    WholeText,
}

/// Reads messages from standard input until it ends, or an error.
pub(crate) fn read(cut: Cut, max_len: usize) -> Inputs {
    let max_waiting = match cut {
        Cut::Lines | Cut::Pieces => MAX_WAITING,
        Cut::WholeText => 1,
    };
    on_a_thread(max_waiting, move |give| {
        let mut stdin = io::stdin().lock();
        loop {
            let Some(message) = next(&mut stdin, cut, max_len).transpose() else {
                return;
            };
            let whole = matches!(cut, Cut::WholeText);
            let message = message.map_err(|error| format!("standard input: {error}"));
            if !give(message.map(Input::from)) || whole {
                return;
            }
        }
    })
}

/// Reads the messages that were given on the command line.
pub(crate) fn read_given(given: Vec<Opened>) -> Inputs {
    on_a_thread(1, move |give| {
        for opened in given {
            if !opened.read(give) {
                return;
            }
        }
    })
}

/// Runs `read` on a thread, since there is no other way to read that works for files, pipes and
/// terminals alike. What it gives waits for room: what is not yet sent is not read. It is told
/// whether more is wanted, which it is not after an error.
fn on_a_thread(
    max_waiting: usize,
    read: impl FnOnce(&mut dyn FnMut(Result<Input, String>) -> bool) + Send + 'static,
) -> Inputs {
    let (tx, rx) = mpsc::channel(max_waiting);
    std::thread::spawn(move || {
        read(&mut |input| {
            let failed = input.is_err();
            tx.blocking_send(input).is_ok() && !failed
        });
    });
    rx
}

fn next(stdin: &mut impl BufRead, cut: Cut, max_len: usize) -> io::Result<Option<Message>> {
    match cut {
        Cut::Lines => {
            let mut line = String::new();
            let len = stdin.read_line(&mut line);
            if len.map_err(|error| explain(error, "--binary"))? == 0 {
                return Ok(None);
            }
            if line.ends_with('\n') {
                line.pop();
                if line.ends_with('\r') {
                    line.pop();
                }
            }
            Ok(Some(line.into()))
        }
        Cut::Pieces => {
            let mut piece = vec![0; PIECE_LEN];
            let len = stdin.read(&mut piece)?;
            piece.truncate(len);
            Ok((len > 0).then(|| piece.into()))
        }
        Cut::WholeText => {
            let text = text(read_whole(stdin, max_len)?, "--binary")?;
            // The end of the last line ends the input, as in the other modes.
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Some(text.strip_suffix('\r').unwrap_or(text).into()))
        }
    }
}

/// Reads all there is, unless it is more than can be sent.
pub(crate) fn read_whole(reader: &mut impl Read, max_len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(max_len as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_len {
        return Err(too_long(max_len));
    }
    Ok(bytes)
}

/// The error of what cannot be sent as one message.
pub(crate) fn too_long(max_len: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("longer than a message can be ({max_len} bytes); --max-memory allows more"),
    )
}

/// The text that these bytes are; `otherwise` is the option that sends what is not text.
pub(crate) fn text(bytes: Vec<u8>, otherwise: &str) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        explain(error, otherwise)
    })
}

/// The error of reading text, with what can be done about it.
fn explain(error: io::Error, otherwise: &str) -> io::Error {
    match error.kind() {
        io::ErrorKind::InvalidData => io::Error::new(error.kind(), not_text(otherwise)),
        _ => error,
    }
}

/// What is wrong with text that is none; `otherwise` is the option that sends it all the same.
pub(crate) fn not_text(otherwise: &str) -> String {
    format!("not UTF-8, as text has to be; {otherwise} sends any bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8], cut: Cut) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(message) = next(&mut input, cut, 100).unwrap() {
            messages.push(message);
            if !matches!(cut, Cut::Lines | Cut::Pieces) {
                break;
            }
        }
        messages
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        assert_eq!(
            all(b"a\nb\r\n\n c \nlast", Cut::Lines),
            ["a", "b", "", " c ", "last"].map(Message::from)
        );
    }

    #[test]
    fn the_whole_is_one_message_even_if_it_is_empty() {
        assert_eq!(all(b"a\nb\n", Cut::WholeText), [Message::from("a\nb")]);
        assert_eq!(all(b"", Cut::WholeText), [Message::from("")]);
    }

    #[test]
    fn text_that_is_not_utf_8_is_an_error() {
        assert!(next(&mut &b"\xff\n"[..], Cut::Lines, 100).is_err());
    }

    #[test]
    fn the_whole_is_no_longer_than_a_message_can_be() {
        assert!(next(&mut &b"four"[..], Cut::WholeText, 4).is_ok());
        assert!(next(&mut &b"fives"[..], Cut::WholeText, 4).is_err());
    }
}
