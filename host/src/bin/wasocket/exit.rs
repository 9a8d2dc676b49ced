use std::process::ExitCode;

use wasocket::{Closed, Error, Failure, Step};

/// How the tool ends, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The connection was closed in order, or nobody reads standard output any more.
    Success,
    /// The connection was open, and then failed or was closed for a reason that is none, or too
    /// early; or standard output failed.
    Broken,
    /// The command line, an option or a file cannot be used.
    Usage,
    /// No connection: the name, or TCP.
    Unreachable,
    /// No TLS: the certificate, most often.
    Tls,
    /// No WebSocket: the server refused, or does not speak it.
    Refused,
    /// Something is wrong with this tool.
    Internal,
    /// Interrupted, and there was no closing handshake to wait for, or no more patience for it.
    Interrupted,
}

/// What `--help` says about it, after examples. In 80 columns: wider lines are broken where that is
/// not pretty.
pub(crate) const HELP: &str = "\
Examples:
  wasocket wss://example.org/chat
      a conversation, line by line; Ctrl-D or Ctrl-C closes it
  echo '{\"id\": 1}' | wasocket --one wss://example.org/rpc
      one question, one answer
  wasocket -x ping --wait 5 wss://example.org/
      one message, and what comes within 5 seconds
  wasocket --no-close --json wss://example.org/feed </dev/null
      all that comes, until the server closes
  wasocket --reconnect --no-close wss://example.org/feed </dev/null
      the same, and again when the connection is lost
  wasocket --header @secret.txt --binary-file photo.png wss://example.org/
      a file as one message, with header fields from another
  wasocket bench -c 100 wss://example.org/echo
      how fast a server answers 100 connections
  wasocket compose app.wasm -o composed.wasm
      app.wasm, which imports wasocket:websocket, with the component that has it

Exit codes:
    0  the connection was closed in order (codes 1000, 1001 and 1005), or
       whoever read standard output has seen enough
    1  the connection was open, and failed, or was closed with another code,
       before all was sent (with --reconnect: before all was known to be),
       in the middle of a message, or (with --one) without an answer; or
       standard output cannot be written
    2  the command line, an option or a file cannot be used
    3  there is no connection to the host (name, TCP)
    4  there is no TLS with the server (certificate, protocol)
    5  the server refused the opening handshake, or does not speak WebSocket
   70  a fault of this tool
  130  interrupted while no connection was open, or twice
With --reconnect it is that of the attempt after which there is no other.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Broken => 1,
            Exit::Usage => 2,
            Exit::Unreachable => 3,
            Exit::Tls => 4,
            Exit::Refused => 5,
            Exit::Internal => 70,
            Exit::Interrupted => 130,
        })
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidArgument { .. } => Self::Usage,
            Error::Failed(failure) => failure.into(),
            Error::Closed(closed) => closed.into(),
            _ => Self::Broken,
        }
    }
}

impl From<&Failure> for Exit {
    fn from(failure: &Failure) -> Self {
        match failure.step {
            Step::Start => Self::Internal,
            Step::Name | Step::Connect | Step::Proxy => Self::Unreachable,
            Step::Tls => Self::Tls,
            Step::Handshake => Self::Refused,
            _ => Self::Broken,
        }
    }
}

impl From<&Closed> for Exit {
    fn from(closed: &Closed) -> Self {
        // Normal, going away, and no code at all: RFC 6455, section 7.4.1.
        match closed.code {
            1000 | 1001 | 1005 if closed.was_clean => Self::Success,
            _ => Self::Broken,
        }
    }
}
