//! The texts and files that are sent in place of standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use tokio::sync::mpsc;
use wasocket::{Message, MessageKind};

use crate::input::{Given, Input, Payload, read_whole, text, too_long};

/// How long a file may be that is read before it is sent, in bytes. It goes out in one frame, and
/// nothing of it does if it cannot be sent.
pub(crate) const WHOLE_LEN: usize = 1 << 20;

/// How much is read at once of a longer one, in bytes.
const PIECE_LEN: usize = 64 << 10;

/// What was given, ready to be read.
#[derive(Debug)]
pub(crate) enum Opened {
    Text(String),
    File(OpenedFile),
}

#[derive(Debug)]
pub(crate) struct OpenedFile {
    name: String,
    source: Source,
    payload: Payload,
    /// How long a message may be, in bytes; `None` where a message can be sent as it is read.
    max_len: Option<usize>,
}

#[derive(Debug)]
enum Source {
    File {
        file: File,
        /// How long it was when it was opened, if that is known.
        len: Option<u64>,
    },
    StandardInput,
}

/// A file that is sent as it is read.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) name: String,
    pub(crate) kind: MessageKind,
    /// How long it was when it was opened, if that is known.
    pub(crate) len: Option<u64>,
    pub(crate) pieces: mpsc::Receiver<Piece>,
}

/// A piece of a file. One whose end does not come is not whole.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    End,
    /// What is left of it cannot be read.
    Failed(io::Error),
}

impl Opened {
    /// Opens what was given; an error names the file that cannot be sent. Where no more than
    /// `max_len` bytes can be sent, a file whose length is known to be more is not read first.
    pub(crate) fn open(given: &Given, max_len: Option<usize>) -> Result<Self, String> {
        let (path, payload) = match given {
            Given::Text(text) => return Ok(Self::Text(text.clone())),
            Given::File(path, payload) => (path, *payload),
        };
        if path == Path::new("-") {
            return Ok(Self::standard_input(payload, max_len));
        }
        let name = path.display().to_string();
        match Source::open(path, max_len) {
            Ok(source) => Ok(Self::File(OpenedFile {
                name,
                source,
                payload,
                max_len,
            })),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }

    /// All of standard input, as one message.
    pub(crate) fn standard_input(payload: Payload, max_len: Option<usize>) -> Self {
        Self::File(OpenedFile {
            name: "standard input".to_owned(),
            source: Source::StandardInput,
            payload,
            max_len,
        })
    }

    /// Reads it, and gives the message that it is, or an error that names the file. Returns whether
    /// more is wanted.
    pub(crate) fn read(self, give: &mut dyn FnMut(Result<Input, String>) -> bool) -> bool {
        match self {
            Self::Text(text) => give(Ok(Message::from(text).into())),
            Self::File(mut file) => match file.read_start() {
                Ok(Start::Whole(message)) => give(Ok(message.into())),
                Ok(Start::Long(bytes)) => file.read_on(bytes, give),
                Err(error) => give(Err(format!("{}: {error}", file.name))),
            },
        }
    }
}

/// The start of a file.
enum Start {
    /// It is all of it.
    Whole(Message),
    Long(Vec<u8>),
}

impl OpenedFile {
    fn read_start(&mut self) -> io::Result<Start> {
        let bytes = match self.max_len {
            Some(max_len) => read_whole(&mut self.source, max_len)?,
            None => {
                let mut start = Vec::new();
                let most = WHOLE_LEN as u64 + 1;
                self.source.by_ref().take(most).read_to_end(&mut start)?;
                if start.len() > WHOLE_LEN {
                    return Ok(Start::Long(start));
                }
                start
            }
        };
        self.source.check_end(bytes.len() as u64)?;
        Ok(Start::Whole(match self.payload {
            Payload::Text => text(bytes, "--binary-file")?.into(),
            Payload::Binary => bytes.into(),
        }))
    }

    /// Gives a long file, and reads what follows its start as it is taken.
    fn read_on(
        mut self,
        start: Vec<u8>,
        give: &mut dyn FnMut(Result<Input, String>) -> bool,
    ) -> bool {
        let (tx, pieces) = mpsc::channel(1);
        let transfer = Transfer {
            name: self.name,
            kind: match self.payload {
                Payload::Text => MessageKind::Text,
                Payload::Binary => MessageKind::Binary,
            },
            len: self.source.len(),
            pieces,
        };
        if !give(Ok(Input::File(transfer))) {
            return false;
        }
        let mut read = start.len() as u64;
        let mut piece = Piece::Bytes(start);
        loop {
            let is_more = matches!(piece, Piece::Bytes(_));
            let is_end = matches!(piece, Piece::End);
            // Who does not take it wants nothing of what follows either.
            let is_taken = tx.blocking_send(piece).is_ok();
            if !is_taken || !is_more {
                return is_taken && is_end;
            }
            piece = match self.source.read_piece(&mut read) {
                Ok(bytes) if bytes.is_empty() => Piece::End,
                Ok(bytes) => Piece::Bytes(bytes),
                Err(error) => Piece::Failed(error),
            };
        }
    }
}

impl Source {
    fn open(path: &Path, max_len: Option<usize>) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Of a pipe it is not known, and zero; so it is of files that the system makes as they are
        // read.
        let len = Some(metadata.len()).filter(|len| *len > 0);
        match max_len {
            Some(max_len) if len > Some(max_len as u64) => Err(too_long(max_len)),
            _ => Ok(Self::File { file, len }),
        }
    }

    fn len(&self) -> Option<u64> {
        match self {
            Self::File { len, .. } => *len,
            Self::StandardInput => None,
        }
    }

    /// The next piece, which is empty at the end; counts what was `read`.
    fn read_piece(&mut self, read: &mut u64) -> io::Result<Vec<u8>> {
        let mut piece = vec![0; PIECE_LEN];
        let len = loop {
            match self.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        if len == 0 {
            self.check_end(*read)?;
        }
        *read += len as u64;
        piece.truncate(len);
        Ok(piece)
    }

    /// Fails if there is less of it than there was when it was opened.
    fn check_end(&self, read: u64) -> io::Result<()> {
        let Self::File {
            file,
            len: Some(len),
        } = self
        else {
            return Ok(());
        };
        // What says that it is longer than it is has not become shorter: some that the system makes.
        if read >= *len || file.metadata()?.len() >= *len {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("became shorter while it was read: {read} bytes of {len}"),
        ))
    }
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File { file, .. } => file.read(buf),
            Self::StandardInput => io::stdin().read(buf),
        }
    }
}
