use alloc::collections::VecDeque;
use alloc::vec::Vec;

use wasocket_client::{Event, Message, PackedMessages};

/// How much is kept for calls to come, in bytes; the last message may go beyond. As much as is read
/// at once: what is left unread, TCP keeps.
const MAX_BYTES: usize = 64 << 10;

/// What an event counts beside its payload, in bytes, so that empty messages are bounded too.
const EVENT_BYTES: usize = 64;

/// What happened and was not taken yet.
#[derive(Default)]
pub(crate) struct Inbox {
    events: VecDeque<Event>,
    bytes: usize,
}

impl Inbox {
    /// Whether there is enough in it.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MAX_BYTES
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, event: Event) {
        self.bytes += len(&event);
        self.events.push_back(event);
    }

    /// Forgets pings and pongs.
    pub(crate) fn drop_controls(&mut self) {
        self.events.retain(|event| !is_control(event));
        self.bytes = self.events.iter().map(len).sum();
    }

    /// Takes everything.
    pub(crate) fn take_all(&mut self) -> Vec<Event> {
        self.bytes = 0;
        core::mem::take(&mut self.events).into()
    }

    /// Takes the next message, and passes over all else before it.
    pub(crate) fn take_message(&mut self) -> Option<Message> {
        while let Some(event) = self.events.pop_front() {
            self.bytes -= len(&event);
            if let Event::Message(message) = event {
                return Some(message);
            }
        }
        None
    }

    /// Takes the next messages, up to the next event that is none, and passes over all else before
    /// them.
    pub(crate) fn take_packed(&mut self) -> Option<PackedMessages> {
        let mut messages = PackedMessages::default();
        messages.push(self.take_message()?);
        while let Some(Event::Message(_)) = self.events.front() {
            messages.push(self.take_message()?);
        }
        Some(messages)
    }
}

/// Whether it is a ping or a pong of the server.
fn is_control(event: &Event) -> bool {
    matches!(event, Event::Ping(_) | Event::Pong(_))
}

fn len(event: &Event) -> usize {
    let payload = match event {
        Event::Message(Message::Text(text)) => text.to_str().len(),
        Event::Message(Message::Binary(bytes)) => bytes.len(),
        Event::Ping(payload) => payload.len(),
        Event::Pong(pong) => pong.payload.len(),
        Event::Open(_) | Event::Sent(_) | Event::Error(_) | Event::Close(_) => 0,
    };
    EVENT_BYTES + payload
}
