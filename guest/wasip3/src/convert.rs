//! Our types and the generated ones. Nothing but conversions.

use wasip3::sockets::types as network;
use wasocket_client as ours;

use crate::bindings::exports::wasocket::websocket::types;
use crate::websocket::CallError;

wasocket_shell::conversions!(types);
wasocket_shell::addresses!(network);

/// How a connection ended, and why if it failed.
pub(crate) fn closed((closed, error): (ours::Closed, Option<ours::Error>)) -> types::Closed {
    types::Closed {
        code: closed.code,
        reason: closed.reason,
        was_clean: closed.was_clean,
        error: error.map(types::Error::from),
    }
}

/// An event, if it is one that a caller is told of as such; `error` is why the connection failed,
/// if it did.
pub(crate) fn event(event: ours::Event, error: Option<&ours::Error>) -> Option<types::Event> {
    Some(match event {
        ours::Event::Message(message) => types::Event::Message(message.into()),
        ours::Event::Ping(payload) => types::Event::Ping(payload),
        ours::Event::Pong(pong) => types::Event::Pong(pong.payload),
        ours::Event::Error(error) => types::Event::Error(error.into()),
        ours::Event::Close(it) => types::Event::Close(closed((it, error.cloned()))),
        // The calls that they are the answers to have completed.
        ours::Event::Open(_) | ours::Event::Sent(_) => return None,
    })
}

impl From<ours::Pong> for types::Pong {
    fn from(pong: ours::Pong) -> Self {
        Self {
            payload: pong.payload,
            round_trip: pong.round_trip.map_or(0, wasocket_shell::nanos),
        }
    }
}

impl From<CallError> for types::CallError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Command(ours::CommandError::InvalidArgument(argument)) => {
                Self::InvalidArgument(argument.into())
            }
            CallError::Command(ours::CommandError::InvalidState(state)) => {
                Self::InvalidState(state.into())
            }
            CallError::Ended => Self::Ended,
            // A call waits for room and for its turn, so that it never ends for the lack of them.
            CallError::Command(
                ours::CommandError::QueueFull(_)
                | ours::CommandError::MessageInProgress
                | ours::CommandError::NoMessageInProgress,
            ) => Self::Ended,
        }
    }
}

impl From<ours::InvalidArgument> for types::CallError {
    fn from(argument: ours::InvalidArgument) -> Self {
        Self::InvalidArgument(argument.into())
    }
}

impl From<ours::InvalidArgument> for types::ConnectError {
    fn from(argument: ours::InvalidArgument) -> Self {
        Self::InvalidArgument(argument.into())
    }
}
