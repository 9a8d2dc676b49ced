//! The one loop: joins a [`WebSocket`], which knows what is to be done, and a [`Transport`], which
//! does it.

use alloc::vec::Vec;

use wasip2::io::poll::Pollable;
use wasocket_client::{
    Dial, Event, Instant, Message, MessagePart, PackedMessages, ReadyState, Statistics, WebSocket,
};

use crate::host;
use crate::transport::{self, Interest, Read, Transport};

/// How many reads one turn does at most. What is left is for the next turn, so that one busy
/// connection does not starve the others of its caller.
const MAX_READS: usize = 8;

/// How many events and packed messages one turn returns at most, about; a read's worth more if they
/// are small.
const MAX_EVENTS: usize = 4096;

/// How many bytes of messages are packed together at most, about; more if the last is long. What is
/// packed is held twice for a moment, and moved as it grows.
const MAX_PACKED_LEN: usize = 512 << 10;

/// How many bytes of parts of messages one turn returns at most, about; a part more if it is long. As
/// much as is read in one turn: what is compressed may become a thousand times that.
const MAX_PARTS_LEN: usize = 512 << 10;

/// One websocket with its transport.
pub(crate) struct Driver {
    websocket: WebSocket,
    transport: Transport,
    /// Bytes are owed, and the transport had no room for them.
    output_blocked: bool,
    sending_ended: bool,
    closed: bool,
    /// A command was called since the last turn, so that there may be something to do.
    commanded: bool,
    /// What the caller's pollables are for.
    subscribed: Option<Interest>,
    /// The caller wants messages by parts.
    by_parts: bool,
    /// The caller wants messages packed.
    packed: bool,
    paused: bool,
    write_failed: bool,
    /// The last turn read all that there was.
    drained: bool,
}

/// What a turn came to.
pub(crate) struct Turn {
    pub(crate) events: Vec<Told>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) resubscribe: bool,
    pub(crate) statistics: Statistics,
}

/// What is told in one place of the order of events.
pub(crate) enum Told {
    Event(Event),
    Part(MessagePart),
    Packed(PackedMessages),
}

/// What a turn has told so far.
#[derive(Default)]
struct Telling {
    events: Vec<Told>,
    /// How many events there are, each packed message being one.
    count: usize,
    parts_len: usize,
}

impl Telling {
    fn is_full(&self) -> bool {
        self.count >= MAX_EVENTS || self.parts_len >= MAX_PARTS_LEN
    }

    fn push(&mut self, told: Told) {
        self.count += 1;
        self.events.push(told);
    }

    /// Tells of a message together with those before it, if no other event stands between them.
    fn pack(&mut self, message: Message) {
        if let Some(Told::Packed(messages)) = self.events.last_mut()
            && messages.payloads_len() < MAX_PACKED_LEN
        {
            self.count += 1;
            messages.push(message);
            return;
        }
        let mut messages = PackedMessages::default();
        messages.push(message);
        self.push(Told::Packed(messages));
    }
}

impl Driver {
    pub(crate) fn new(websocket: WebSocket) -> Self {
        Self {
            websocket,
            transport: Transport::new(),
            output_blocked: false,
            sending_ended: false,
            closed: false,
            commanded: true,
            subscribed: None,
            by_parts: false,
            packed: false,
            paused: false,
            write_failed: false,
            drained: false,
        }
    }

    /// Sets whether the messages from the next one on come by parts.
    pub(crate) fn receive_parts(&mut self, enabled: bool) {
        self.by_parts = enabled;
        if !enabled {
            self.command().cancel_parts(host::now());
        }
    }

    /// Sets whether the messages that a turn tells from now on come packed.
    pub(crate) fn receive_packed(&mut self, enabled: bool) {
        self.packed = enabled;
    }

    pub(crate) fn pause(&mut self) {
        self.paused = true;
        self.command().pause();
    }

    pub(crate) fn resume(&mut self) {
        self.paused = false;
        self.command().resume(host::now());
    }

    /// The websocket, for a command.
    pub(crate) fn command(&mut self) -> &mut WebSocket {
        self.commanded = true;
        &mut self.websocket
    }

    pub(crate) fn websocket(&self) -> &WebSocket {
        &self.websocket
    }

    /// Does what can be done now.
    pub(crate) fn turn(&mut self) -> Turn {
        let now = host::now();
        let mut telling = Telling::default();
        transport::drop_unfinished();
        self.commanded = false;
        self.dial(now);
        let reads_in_vain = self.reads_in_vain(now);
        // Reading comes before the timeouts: what arrived in time is not to be missed because the
        // caller is late. And it comes before writing: what the input makes us owe, such as pongs
        // and TLS records, leaves in one write with what was owed already. Nagle's algorithm would
        // hold a second small write back until the first is acknowledged.
        self.take_events(now, &mut telling);
        let mut reads = 0;
        while !reads_in_vain && reads < MAX_READS && !telling.is_full() && self.read(now) {
            reads += 1;
            self.take_events(now, &mut telling);
        }
        self.take_events(now, &mut telling);
        self.websocket.handle_timeout(now);
        self.write();
        self.take_events(now, &mut telling);
        self.close_if_closed();

        let more = reads == MAX_READS || self.has_pending();
        let deadline = if more && !self.closed {
            Some(now)
        } else {
            self.websocket.poll_timeout()
        };
        Turn {
            events: telling.events,
            deadline,
            resubscribe: self.subscribed != Some(self.interest()),
            statistics: self.websocket.statistics(),
        }
    }

    /// Whether a turn is due, though nothing is ready.
    pub(crate) fn is_due(&self) -> bool {
        self.commanded
            || self.closed
            || self.has_pending()
            // Each look at the clock is a call of the host.
            || self
                .websocket
                .poll_timeout()
                .is_some_and(|at| at <= host::now())
    }

    pub(crate) fn pollables(&self) -> impl Iterator<Item = &Pollable> {
        self.transport.pollables(self.interest())
    }

    pub(crate) fn subscribe(&mut self) -> Vec<Pollable> {
        let interest = self.interest();
        self.subscribed = Some(interest);
        self.transport.lend(interest)
    }

    pub(crate) fn unsubscribe(&mut self, pollables: Vec<Pollable>) {
        self.transport.take_back(pollables);
    }

    fn interest(&self) -> Interest {
        self.transport
            .interest(self.websocket.wants_input(), self.output_blocked)
    }

    /// Gets on with getting a stream.
    fn dial(&mut self, now: Instant) {
        loop {
            if let Some(resolved) = self.transport.poll_resolved() {
                self.websocket.handle_resolved(resolved);
            } else if let Some((id, result)) = self.transport.poll_attempt() {
                match result {
                    Ok(()) => {
                        self.websocket.handle_connected(now, host::unix_time());
                        // The server has nothing to say before it is asked.
                        self.drained = true;
                    }
                    Err(error) => self.websocket.handle_attempt_failed(id, error),
                }
            } else if let Some(secured) = self.transport.poll_secured() {
                self.websocket.handle_secured(secured, now);
                self.drained = true;
            } else if let Some(name) = self.websocket.poll_secure() {
                if let Err(error) = self.transport.secure(&name) {
                    self.websocket.handle_secured(Err(error), now);
                }
            } else {
                match self.websocket.poll_dial(now) {
                    None => return,
                    Some(Dial::Resolve(name)) => {
                        if let Err(error) = self.transport.resolve(name) {
                            self.websocket.handle_resolved(Err(error));
                        }
                    }
                    Some(Dial::Attempt(id, address)) => {
                        if let Err(error) = self.transport.attempt(id, address) {
                            self.websocket.handle_attempt_failed(id, error);
                        }
                    }
                }
            }
        }
    }

    /// Whether a turn was taken for commands alone, most likely: they made us owe something, and what
    /// there was to read was read in the turn before. So that a caller with a command for each turn
    /// does not miss its input, no two turns in succession are such.
    fn reads_in_vain(&mut self, now: Instant) -> bool {
        core::mem::take(&mut self.drained)
            && !self.output_blocked
            && !self.websocket.poll_transmit().is_empty()
            // What arrived in time is not to be missed.
            && self.websocket.poll_timeout().is_none_or(|at| at > now)
    }

    /// Reads once, if input is wanted; returns whether there may be more to read at once.
    fn read(&mut self, now: Instant) -> bool {
        if !self.websocket.wants_input() {
            return false;
        }
        match self.transport.read() {
            Read::Bytes { bytes, more } => {
                self.websocket.handle_input(bytes, now);
                self.drained = !more;
                return more;
            }
            Read::WouldBlock => self.drained = true,
            Read::Eof => self.websocket.handle_eof(),
            Read::Failed(error) => self.websocket.handle_lost(error),
        }
        false
    }

    /// Writes what is owed, as far as there is room.
    fn write(&mut self) {
        self.output_blocked = false;
        loop {
            let bytes = self.websocket.poll_transmit();
            if bytes.is_empty() {
                break;
            }
            match self.transport.write(bytes) {
                Ok(0) => {
                    self.output_blocked = true;
                    return;
                }
                Ok(len) => self.websocket.advance_transmit(len),
                Err(error) => {
                    self.write_failed = true;
                    self.websocket.handle_write_failed(error);
                    break;
                }
            }
        }
        if !self.sending_ended && self.websocket.is_done_sending() {
            self.sending_ended = true;
            self.transport.end_sending();
        }
    }

    fn take_events(&mut self, now: Instant, telling: &mut Telling) {
        while !telling.is_full() {
            let told = if self.is_holding() {
                self.websocket.poll_ready_event().map(Told::Event)
            } else {
                // Parts first: they came before the events that wait.
                let part = self.by_parts.then(|| self.websocket.poll_part(now));
                match part.flatten() {
                    Some(part) => {
                        telling.parts_len += part.bytes.len();
                        Some(Told::Part(part))
                    }
                    None => self.websocket.poll_event(now).map(Told::Event),
                }
            };
            match told {
                Some(Told::Event(Event::Message(message))) if self.packed => telling.pack(message),
                Some(told) => telling.push(told),
                None => return,
            }
        }
    }

    /// Whether what was read is kept as it is, because the caller paused: by parts it could become
    /// much more. Not beyond the end of the connection, which is told after it.
    fn is_holding(&self) -> bool {
        let is_open = self.websocket.ready_state() == ReadyState::Open;
        self.by_parts && self.paused && is_open && !self.write_failed
    }

    /// Whether there is something to tell, or to do with what was read.
    fn has_pending(&self) -> bool {
        !self.is_holding()
            && (self.websocket.has_pending() || (self.by_parts && self.websocket.has_part()))
    }

    /// Closes the transport once the websocket is closed, after what is owed had its chance.
    fn close_if_closed(&mut self) {
        let closed = self.websocket.ready_state() == ReadyState::Closed;
        if closed && !self.closed && !self.has_pending() {
            self.write();
            self.closed = true;
            self.transport.close();
        }
    }
}
