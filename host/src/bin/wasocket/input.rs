use std::io::{self, BufRead};

use tokio::sync::mpsc;
use wasocket::Message;

/// How much of standard input is read at once in binary mode, in bytes.
const PIECE_LEN: usize = 64 << 10;

/// How standard input is cut into messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// Each line is a text message, without its end.
    Lines,
    /// Each piece that is read is a binary message.
    Pieces,
    /// All of it is one text message.
    WholeText,
    /// All of it is one binary message.
    WholeBinary,
}

/// Reads messages from standard input until it ends, or an error.
///
/// On a thread, since there is no other way to read standard input that works for files, pipes and
/// terminals alike. It waits for room: what is not yet sent is not read.
pub(crate) fn read(cut: Cut) -> mpsc::Receiver<io::Result<Message>> {
    let (tx, rx) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        while let Some(message) = next(&mut stdin, cut).transpose() {
            let failed = message.is_err();
            let whole = matches!(cut, Cut::WholeText | Cut::WholeBinary);
            if tx.blocking_send(message).is_err() || failed || whole {
                return;
            }
        }
    });
    rx
}

fn next(stdin: &mut impl BufRead, cut: Cut) -> io::Result<Option<Message>> {
    match cut {
        Cut::Lines => {
            let mut line = String::new();
            if stdin.read_line(&mut line).map_err(explain)? == 0 {
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
            let mut text = String::new();
            stdin.read_to_string(&mut text).map_err(explain)?;
            // The end of the last line ends the input, as in the other modes.
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Some(text.strip_suffix('\r').unwrap_or(text).into()))
        }
        Cut::WholeBinary => {
            let mut bytes = Vec::new();
            stdin.read_to_end(&mut bytes)?;
            Ok(Some(bytes.into()))
        }
    }
}

/// The error of reading text, with what can be done about it.
fn explain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::InvalidData => io::Error::new(
            error.kind(),
            "not UTF-8, as text has to be; --binary sends any bytes",
        ),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8], cut: Cut) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Some(message) = next(&mut input, cut).unwrap() {
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
        assert_eq!(
            all(b"a\n\xff\n", Cut::WholeBinary),
            [Message::from(&b"a\n\xff\n"[..])]
        );
    }

    #[test]
    fn text_that_is_not_utf_8_is_an_error() {
        assert!(next(&mut &b"\xff\n"[..], Cut::Lines).is_err());
    }
}
