use crate::error::ProtocolError;
use crate::frame::CloseFrame;
use crate::handshake::Handshake;
use crate::receiver::Receiver;
use crate::time::Instant;
use crate::token::Token;

/// Where a connection stands, with the data that exists only there.
///
/// ```text
///             +------------+
///             | Connecting |-------------------------------+
///             +------------+                               |
///                   | recv 101                             | recv refusal or nonsense,
///                   v                                      | eof, timeout, close()
///             +------------+                               |
///             |    Open    |-------------------------------+
///             +------------+             eof               |
///               |    |   | violation, no pong              |
///       close() |    |   +------------> send Close --+     |
///    send Close |    | recv Close                    |     |
///               |    | send Close                    |     |
///  +- Closing --|----|-------------------------------|--+  |
///  |            v    |                               v  |  |
///  |  AwaitingClose  |       violation         Failing  |  |
///  |            | |  +-----------|--------------> | ^   |  |
///  |            | |              +----------------|-+   |  |
///  |   recv Close |                               |     |  |
///  |            v | eof, timeout                  |     |  |
///  |     Answered |                               |     |  |
///  +---------|----|-------------------------------|-----+  |
///            |    |                               |        |
///            |    | eof, timeout                  |        |
///            v    v                               v        v
///          +---------------------------------------------------+
///          |                      Closed                       |
///          +---------------------------------------------------+
/// ```
///
/// While answers to messages may be under way, `violation` and `recv Close` lead from `Open` to
/// `Ending` first, where all input is discarded and messages still go out. Timeout, eof and
/// `close()` lead on from there, as the arrow out of `Open` would have.
///
/// `eof` stands for the end of the stream, by whatever cause. Leaving for `Closed` yields
/// `Event::Closed`, after an `Event::Error` unless `close()` or a completed closing handshake led
/// there.
pub(crate) enum State {
    /// The request is queued; the server's answer is being read.
    Connecting(Handshake),
    /// Messages go both ways.
    Open(Receiver),
    /// The peer sent what ends this, and is not sent a Close frame yet: messages still go out.
    Ending(Ending),
    /// A Close frame is queued, so no more messages may be.
    Closing(Closing),
    /// Nothing goes either way any more.
    Closed,
}

/// What ends an open connection, and when it arrived.
pub(crate) struct Ending {
    pub(crate) cause: EndCause,
    pub(crate) since: Instant,
}

/// What the peer sent that ends an open connection.
pub(crate) enum EndCause {
    /// A Close frame.
    Close(Option<CloseFrame>),
    /// What breaks a rule.
    Violation(ProtocolError),
}

/// The closing handshake (RFC 6455, section 7.1.2), or the failing of the connection (7.1.7).
pub(crate) struct Closing {
    pub(crate) phase: ClosingPhase,
    /// The `close` that is completed with the connection's end, if there was one.
    pub(crate) token: Option<Token>,
    /// The peer ended its side of the stream while bytes of ours wait to be written.
    pub(crate) stream_ended: bool,
}

pub(crate) enum ClosingPhase {
    /// We sent a Close frame first. Messages that the peer sent before its own still arrive.
    AwaitingClose(Receiver),
    /// Both sent a Close frame; this is the peer's. What follows it is discarded.
    Answered(Option<CloseFrame>),
    /// We failed the connection; all input is discarded.
    Failing,
}

impl Closing {
    pub(crate) fn new(phase: ClosingPhase, token: Option<Token>) -> Self {
        Self {
            phase,
            token,
            stream_ended: false,
        }
    }
}

/// Where a connection stands (RFC 6455, sections 4.1 and 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// The opening handshake is under way.
    Connecting,
    /// Messages can be sent.
    Open,
    /// The closing handshake is under way, or the connection fails.
    Closing,
    /// The connection is closed.
    Closed,
}
