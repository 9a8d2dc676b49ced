use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::ToString;
use alloc::vec::Vec;

use wasocket_proto::{
    Connection, ConnectionError, ConnectionState, HandshakeError, Instant, MessagePart,
};
use wasocket_tls::{SendError, Tls, TlsError};

use crate::error::{Error, ErrorKind, Step};
use crate::event::{Closed, Event};
use crate::transport_error::TransportError;

/// How many bytes are sealed before they are written, at most: no more than what one write takes,
/// so that a long message is not held twice.
const SEALED_AHEAD: usize = 64 << 10;

/// A WebSocket connection over a stream, with TLS between them or without.
pub(crate) struct Link {
    tls: Option<Box<Tls>>,
    connection: Connection,
    /// Without TLS: what arrived and is not taken yet; `input[..input_start]` is.
    input: Vec<u8>,
    input_start: usize,
    /// Nothing more will arrive.
    input_ended: bool,
    /// The end of the stream, to be told once all that arrived before it is taken.
    end: Option<StreamEnd>,
    /// Why the stream ended, if something below the connection knows better than it does.
    cause: Option<Cause>,
    sealed: Sealed,
    opened: bool,
    close_called: bool,
}

#[derive(Debug)]
struct StreamEnd {
    cause: Option<Cause>,
    /// Nothing can be written any more either.
    lost: bool,
}

/// What ended the stream. Which step it ends is known when it is told: what arrived before it, and
/// is told before it, may open the connection.
#[derive(Debug)]
enum Cause {
    /// What the server sent, or where it ended.
    Tls(TlsError),
    /// Nothing more can be sealed.
    Sealing(SendError),
    Transport(TransportError),
}

impl Cause {
    fn into_error(self, step: Step) -> Error {
        match self {
            Self::Tls(error) => Error::tls(step, &error),
            Self::Sealing(error) => Error::new(step, ErrorKind::TlsFailed, error.to_string()),
            Self::Transport(error) => Error::new(step, error.kind.into(), error.message),
        }
    }
}

/// Which bytes that the connection owes are sealed in records, but not yet written.
#[derive(Debug, Default)]
struct Sealed {
    /// How many bytes, from the first that the connection owes.
    len: usize,
    /// For each run of records: where in the stream of records it ends, and how many bytes of the
    /// connection it seals.
    runs: VecDeque<(u64, usize)>,
    /// How many bytes of records are written.
    written: u64,
}

impl Link {
    pub(crate) fn new(tls: Option<Tls>, connection: Connection) -> Self {
        Self {
            tls: tls.map(Box::new),
            connection,
            input: Vec::new(),
            input_start: 0,
            input_ended: false,
            end: None,
            cause: None,
            sealed: Sealed::default(),
            opened: false,
            close_called: false,
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(crate) fn is_open(&self) -> bool {
        self.opened
    }

    /// Says that the application wants the connection closed.
    pub(crate) fn set_close_called(&mut self) {
        self.close_called = true;
    }

    /// Whether more input would be of use: there can be more, all that arrived is taken, and no part
    /// of a message has to be taken first.
    pub(crate) fn wants_input(&self) -> bool {
        !self.input_ended
            && !self.connection.awaits_poll_part()
            && self.pending().is_empty()
            && self.connection.state() != ConnectionState::Closed
    }

    pub(crate) fn handle_input(&mut self, bytes: Vec<u8>, now: Instant) {
        let Some(tls) = &mut self.tls else {
            if self.pending().is_empty() {
                self.input = bytes;
                self.input_start = 0;
            } else {
                self.input.extend_from_slice(&bytes);
            }
            return;
        };
        // What the connection takes at once need not be copied to wait for it.
        let connection = &mut self.connection;
        let taken = tls.handle_input_with(bytes, |text| connection.handle_input(text, now));
        match taken {
            Ok(()) if tls.is_peer_closed() => self.set_end(None, false),
            Ok(()) => {}
            Err(error) => self.set_end(Some(Cause::Tls(error)), true),
        }
    }

    pub(crate) fn handle_eof(&mut self) {
        let cause = match self.tls.as_mut().map(|tls| tls.handle_eof()) {
            None | Some(Ok(())) => None,
            Some(Err(error)) => Some(Cause::Tls(error)),
        };
        self.set_end(cause, false);
    }

    pub(crate) fn handle_lost(&mut self, error: TransportError) {
        self.set_end(Some(Cause::Transport(error)), true);
    }

    fn set_end(&mut self, cause: Option<Cause>, lost: bool) {
        // The first end is the one that counts, but a stream that was half-closed can be lost.
        let end = self.end.get_or_insert(StreamEnd { cause, lost });
        end.lost |= lost;
        self.input_ended = true;
    }

    pub(crate) fn poll_event(&mut self, now: Instant) -> Option<Event> {
        loop {
            if let Some(event) = self.poll_ready_event() {
                return Some(event);
            }
            if !self.handle_pending(now) {
                return None;
            }
        }
    }

    /// The next event for which no more input has to be handled.
    pub(crate) fn poll_ready_event(&mut self) -> Option<Event> {
        let event = self.connection.poll_event()?;
        Some(self.event(event))
    }

    pub(crate) fn poll_part(&mut self, now: Instant) -> Option<MessagePart> {
        loop {
            if let Some(part) = self.connection.poll_part(now) {
                return Some(part);
            }
            if self.connection.has_event() || !self.handle_pending(now) {
                return None;
            }
        }
    }

    /// Whether `poll_event` has something to do.
    pub(crate) fn has_pending(&self) -> bool {
        let arrived = !self.pending().is_empty() || self.end.is_some();
        self.connection.has_event() || (arrived && !self.connection.awaits_poll_part())
    }

    /// Lets the connection take what arrived; returns whether it did anything.
    fn handle_pending(&mut self, now: Instant) -> bool {
        if self.connection.awaits_poll_part() {
            return false;
        }
        let pending = match &self.tls {
            Some(tls) => tls.poll_plaintext(),
            None => &self.input[self.input_start..],
        };
        if !pending.is_empty() {
            let consumed = self.connection.handle_input(pending, now);
            match &mut self.tls {
                Some(tls) => tls.advance_plaintext(consumed),
                None => self.input_start += consumed,
            }
            return true;
        }
        let Some(end) = self.end.take() else {
            return false;
        };
        self.cause = end.cause;
        if end.lost {
            self.connection.handle_stream_lost();
        } else {
            self.connection.handle_eof();
        }
        true
    }

    fn pending(&self) -> &[u8] {
        match &self.tls {
            Some(tls) => tls.poll_plaintext(),
            None => &self.input[self.input_start..],
        }
    }

    /// The bytes to write to the stream.
    pub(crate) fn poll_transmit(&mut self) -> &[u8] {
        let Some(tls) = &mut self.tls else {
            return self.connection.poll_transmit();
        };
        let closed = self.connection.state() == ConnectionState::Closed;
        let mut failed = None;
        while !closed && !tls.is_handshaking() && tls.poll_transmit().len() < SEALED_AHEAD {
            let unsealed = &self.connection.poll_transmit()[self.sealed.len..];
            let run = &unsealed[..unsealed.len().min(SEALED_AHEAD)];
            if run.is_empty() {
                break;
            }
            if let Err(error) = tls.send(run) {
                failed = Some(error);
                break;
            }
            self.sealed.len += run.len();
            let end = self.sealed.written + tls.poll_transmit().len() as u64;
            self.sealed.runs.push_back((end, run.len()));
        }
        if self.connection.is_done_sending() {
            tls.close();
        }
        if let Some(error) = failed {
            self.set_end(Some(Cause::Sealing(error)), true);
        }
        self.tls.as_ref().map_or(&[], |tls| tls.poll_transmit())
    }

    /// Says that the first `len` bytes of `poll_transmit` are written.
    pub(crate) fn advance_transmit(&mut self, len: usize) {
        let Some(tls) = &mut self.tls else {
            return self.connection.advance_transmit(len);
        };
        tls.advance_transmit(len);
        self.sealed.written += len as u64;
        while let Some(&(end, len)) = self.sealed.runs.front()
            && end <= self.sealed.written
        {
            self.sealed.runs.pop_front();
            self.sealed.len -= len;
            // A connection that was closed meanwhile owes nothing.
            if self.connection.state() != ConnectionState::Closed {
                self.connection.advance_transmit(len);
            }
        }
    }

    /// What is being done now.
    pub(crate) fn step(&self) -> Step {
        match &self.tls {
            Some(tls) if !tls.is_established() => Step::Tls,
            _ if !self.opened => Step::Handshake,
            _ if self.close_called => Step::Close,
            _ => Step::Open,
        }
    }

    fn event(&mut self, event: wasocket_proto::Event) -> Event {
        match event {
            wasocket_proto::Event::Open(opened) => {
                self.opened = true;
                Event::Open(opened)
            }
            wasocket_proto::Event::Message(message) => Event::Message(message),
            wasocket_proto::Event::Sent(token) => Event::Sent(token.get()),
            wasocket_proto::Event::Ping(payload) => Event::Ping(payload),
            wasocket_proto::Event::Pong(pong) => Event::Pong(pong),
            wasocket_proto::Event::Error(error) => Event::Error(self.error(error)),
            wasocket_proto::Event::Closed(closed) => Event::Close(Closed {
                code: closed.code.get(),
                reason: closed.reason,
                was_clean: closed.was_clean,
                token: closed.token.map(|token| token.get()),
            }),
        }
    }

    fn error(&mut self, error: ConnectionError) -> Error {
        let ended = matches!(
            error,
            ConnectionError::StreamEnded | ConnectionError::Handshake(HandshakeError::Ended)
        );
        match self.cause.take() {
            Some(cause) if ended => cause.into_error(self.step()),
            _ => Error::connection(self.step(), error),
        }
    }
}
