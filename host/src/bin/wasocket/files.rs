//! The texts and files that are sent in place of standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use wasocket::Message;

use crate::input::{Given, Input, Payload, read_whole, text, too_long};

/// What was given, ready to be read.
pub(crate) enum Opened {
    Text(String),
    File {
        name: String,
        reader: Box<dyn Read + Send>,
        payload: Payload,
        /// How long a message may be, in bytes.
        max_len: usize,
    },
}

impl Opened {
    /// Opens what was given; an error names the file that cannot be sent. A file whose length is
    /// known to be too much is not read first.
    pub(crate) fn open(given: &Given, max_len: usize) -> Result<Self, String> {
        let (path, payload) = match given {
            Given::Text(text) => return Ok(Self::Text(text.clone())),
            Given::File(path, payload) => (path, *payload),
        };
        let stdin = path == Path::new("-");
        let name = if stdin {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let reader = if stdin {
            Ok(Box::new(io::stdin()) as Box<dyn Read + Send>)
        } else {
            open(path, max_len).map(|file| Box::new(file) as Box<dyn Read + Send>)
        };
        Ok(Self::File {
            reader: reader.map_err(|error| format!("{name}: {error}"))?,
            name,
            payload,
            max_len,
        })
    }

    /// The message that it is; an error names the file that cannot be read.
    pub(crate) fn read(self) -> Result<Input, String> {
        let (name, mut reader, payload, max_len) = match self {
            Self::Text(text) => return Ok(Input::from(Message::from(text))),
            Self::File {
                name,
                reader,
                payload,
                max_len,
            } => (name, reader, payload, max_len),
        };
        let message = read_whole(&mut reader, max_len).and_then(|bytes| match payload {
            Payload::Text => text(bytes, "--binary-file").map(Message::from),
            Payload::Binary => Ok(bytes.into()),
        });
        match message {
            Ok(message) => Ok(Input::Message {
                message,
                file: Some(name),
            }),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }
}

fn open(path: &Path, max_len: usize) -> io::Result<File> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // Of what is not a file the length is not known, and zero.
    if metadata.len() > max_len as u64 {
        return Err(too_long(max_len));
    }
    Ok(file)
}
