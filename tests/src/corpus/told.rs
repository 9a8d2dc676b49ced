/// What the client tells its user, in the words of this corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The connection is open.
    Open {
        /// The subprotocol that the server chose.
        subprotocol: Option<String>,
        /// The extensions in use, each with all parameters that hold.
        extensions: Vec<String>,
        /// The header fields of the answer, in their order, without the three that every answer
        /// must have.
        fields: Vec<Field>,
    },
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong that answers no ping.
    Pong(Vec<u8>),
    /// The server refuses the opening handshake.
    Refused(Refused),
    /// The connection fails: why, and in which words of the core.
    Error(Fault, String),
    /// The end.
    Close {
        /// The status code.
        code: u16,
        /// The reason.
        reason: String,
        /// Whether both Close frames went their way.
        was_clean: bool,
    },
}

/// A header field: its name, in the case in which it was written, and its value.
pub type Field = (String, Vec<u8>);

/// What is told of an answer that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason_phrase: String,
    /// All header fields, in their order.
    pub fields: Vec<Field>,
    /// The start of the body.
    pub body: Vec<u8>,
}

/// Why a connection fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The stream ended in the opening handshake.
    Unanswered,
    /// The answer to the opening handshake breaks a rule.
    Answer,
    /// A frame breaks a rule, or is over a limit, which the client says with this close code.
    Frame(u16),
    /// The stream ended without a Close frame.
    StreamEnded,
}

impl Told {
    /// The opening, with all header fields of the answer.
    pub fn opened(
        subprotocol: Option<String>,
        extensions: Vec<String>,
        mut fields: Vec<Field>,
    ) -> Self {
        fields.retain(|(name, _)| {
            ["upgrade", "connection", "sec-websocket-accept"]
                .iter()
                .all(|expected| !name.eq_ignore_ascii_case(expected))
        });
        Self::Open {
            subprotocol,
            extensions,
            fields,
        }
    }

    /// The end of a connection without a Close frame of the server.
    pub fn abnormal_closure() -> Self {
        Self::Close {
            code: 1006,
            reason: String::new(),
            was_clean: false,
        }
    }
}

/// These fields, as they are told.
pub(super) fn owned(fields: &[(&str, &str)]) -> Vec<Field> {
    fields
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.as_bytes().to_vec()))
        .collect()
}
