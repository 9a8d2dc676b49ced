//! Our types and the generated ones. Nothing but conversions.

use alloc::string::String;

use wasip2::sockets::network;
use wasocket_client as ours;

use crate::bindings::exports::wasocket::websocket::types;
use crate::driver::{Told, Turn};

wasocket_shell::conversions!(types);
wasocket_shell::addresses!(network);

impl From<Turn> for types::Turn {
    fn from(turn: Turn) -> Self {
        Self {
            events: turn.events.into_iter().map(types::Event::from).collect(),
            deadline: turn.deadline.map(ours::Instant::as_nanos),
            resubscribe: turn.resubscribe,
            statistics: turn.statistics.into(),
        }
    }
}

impl From<Told> for types::Event {
    fn from(told: Told) -> Self {
        match told {
            Told::Event(event) => event.into(),
            Told::Part(part) => Self::MessagePart(part.into()),
            Told::Packed(messages) => Self::PackedMessages(messages.into()),
        }
    }
}

impl From<ours::MessagePart> for types::MessagePart {
    fn from(part: ours::MessagePart) -> Self {
        let content = match part.kind {
            ours::MessageKind::Text => {
                // SAFETY: the bytes of a text part are UTF-8 by themselves, which its documentation
                // promises: they were validated as they arrived. Validating them again would cost as
                // much as copying them.
                types::Message::Text(unsafe { String::from_utf8_unchecked(part.bytes) })
            }
            ours::MessageKind::Binary => types::Message::Binary(part.bytes),
        };
        Self {
            content,
            is_first: part.is_first,
            is_last: part.is_last,
        }
    }
}

impl From<ours::Event> for types::Event {
    fn from(event: ours::Event) -> Self {
        match event {
            ours::Event::Open(opened) => Self::Open(opened.into()),
            ours::Event::Message(message) => Self::Message(message.into()),
            ours::Event::Sent(token) => Self::Sent(token),
            ours::Event::Ping(payload) => Self::Ping(payload),
            ours::Event::Pong(pong) => Self::Pong(pong.into()),
            ours::Event::Error(error) => Self::Error(error.into()),
            ours::Event::Close(closed) => Self::Close(closed.into()),
        }
    }
}

impl From<ours::Pong> for types::Pong {
    fn from(pong: ours::Pong) -> Self {
        Self {
            token: pong.token.map(|token| token.get()),
            payload: pong.payload,
            round_trip: pong.round_trip.map(wasocket_shell::nanos),
        }
    }
}

impl From<ours::InvalidArgument> for types::CallError {
    fn from(argument: ours::InvalidArgument) -> Self {
        Self::InvalidArgument(argument.into())
    }
}

impl From<ours::Closed> for types::Closed {
    fn from(closed: ours::Closed) -> Self {
        Self {
            code: closed.code,
            reason: closed.reason,
            was_clean: closed.was_clean,
            token: closed.token,
        }
    }
}

impl From<ours::CommandError> for types::CallError {
    fn from(error: ours::CommandError) -> Self {
        match error {
            ours::CommandError::InvalidArgument(argument) => Self::InvalidArgument(argument.into()),
            ours::CommandError::InvalidState(state) => Self::InvalidState(state.into()),
            ours::CommandError::QueueFull(queued) => Self::QueueFull(queued),
            ours::CommandError::MessageInProgress => Self::MessageInProgress,
            ours::CommandError::NoMessageInProgress => Self::NoMessageInProgress,
        }
    }
}
