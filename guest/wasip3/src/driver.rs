//! The one loop: joins a [`WebSocket`], which knows what is to be done, and its stream, which does
//! it.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::task::{Context, Poll, Waker};

use futures_channel::oneshot;
use wasocket_client::{
    Closed, Error, Event, Instant, Message, MessagePart, Opened, PackedMessages, Pong, ReadyState,
    Statistics, Token, WebSocket,
};

use crate::host;
use crate::inbox::Inbox;
use crate::timer::Timer;
use crate::transport::{Read, Stream};

/// How many reads one poll does at most, so that one busy connection does not starve the others.
const MAX_READS: usize = 8;

/// One websocket with its stream, and the calls that wait for what comes of it.
pub(crate) struct Driver {
    websocket: WebSocket,
    /// `None` before there is one, and after it was closed.
    stream: Option<Stream>,
    timer: Timer,
    inbox: Inbox,
    /// The calls that wait for a message to be sent, and for a pong.
    sent: BTreeMap<Token, oneshot::Sender<()>>,
    pongs: BTreeMap<Token, oneshot::Sender<Pong>>,
    /// The calls that wait for the end.
    ends: Vec<oneshot::Sender<()>>,
    opened: Option<Opened>,
    error: Option<Error>,
    closed: Option<Closed>,
    close_called: bool,
    /// Nobody has the websocket any more.
    abandoned: bool,
    /// Wakes the task that polls.
    waker: Option<Waker>,
    /// Wakes the task of the command whose write is under way.
    writer: Option<Waker>,
}

impl Driver {
    /// `timer` may wait already.
    pub(crate) fn new(websocket: WebSocket, stream: Option<Stream>, timer: Timer) -> Self {
        Self {
            websocket,
            stream,
            timer,
            inbox: Inbox::default(),
            sent: BTreeMap::new(),
            pongs: BTreeMap::new(),
            ends: Vec::new(),
            opened: None,
            error: None,
            closed: None,
            close_called: false,
            abandoned: false,
            waker: None,
            writer: None,
        }
    }

    /// The websocket, for a command; [`Self::after_command`] is to follow.
    pub(crate) fn websocket(&mut self) -> &mut WebSocket {
        &mut self.websocket
    }

    pub(crate) fn ready_state(&self) -> ReadyState {
        self.websocket.ready_state()
    }

    pub(crate) fn buffered_amount(&self) -> u64 {
        self.websocket.buffered_amount()
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.websocket.statistics()
    }

    pub(crate) fn is_opened(&self) -> bool {
        self.opened.is_some()
    }

    /// What the server answered in the opening handshake, once.
    pub(crate) fn take_opened(&mut self) -> Option<Opened> {
        self.opened.take()
    }

    /// Why the connection failed, if it did.
    pub(crate) fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Whether nothing more will happen.
    pub(crate) fn is_over(&self) -> bool {
        self.abandoned || self.closed.is_some()
    }

    /// How the connection ended, once it did.
    pub(crate) fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    /// Completes when the message of `token` is sent; fails if it never will be.
    pub(crate) fn wait_sent(&mut self, token: Token) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        self.sent.insert(token, sender);
        receiver
    }

    /// Completes when the ping of `token` is answered; fails if it never will be.
    pub(crate) fn wait_pong(&mut self, token: Token) -> oneshot::Receiver<Pong> {
        let (sender, receiver) = oneshot::channel();
        self.pongs.insert(token, sender);
        receiver
    }

    /// Completes, in one way or the other, when the connection is closed.
    pub(crate) fn wait_closed(&mut self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        if self.closed.is_none() {
            self.ends.retain(|end| !end.is_canceled());
            self.ends.push(sender);
        }
        receiver
    }

    /// Says that messages which nobody receives are not to hold up the closing handshake.
    pub(crate) fn set_close_called(&mut self) {
        self.close_called = true;
    }

    /// Says that nobody has the websocket any more.
    pub(crate) fn abandon(&mut self) {
        self.abandoned = true;
        self.wake();
    }

    pub(crate) fn has_events(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Takes all that happened.
    pub(crate) fn take_events(&mut self) -> Vec<Event> {
        let was_full = self.inbox.is_full();
        let events = self.inbox.take_all();
        self.wake_if_roomy(was_full);
        events
    }

    /// Takes the next message, and passes over all else before it.
    pub(crate) fn take_message(&mut self) -> Option<Message> {
        let was_full = self.inbox.is_full();
        let message = self.inbox.take_message();
        self.wake_if_roomy(was_full);
        message
    }

    /// Takes the next messages, up to the next event that is none, and passes over all else before
    /// them.
    pub(crate) fn take_packed(&mut self) -> Option<PackedMessages> {
        let was_full = self.inbox.is_full();
        let messages = self.inbox.take_packed();
        self.wake_if_roomy(was_full);
        messages
    }

    /// Whether [`Self::take_part`] would give something at once.
    pub(crate) fn has_part(&self) -> bool {
        self.websocket.has_part()
    }

    /// Takes what has arrived of the next message, which from then on comes only so.
    pub(crate) fn take_part(&mut self) -> Option<MessagePart> {
        let part = self.websocket.poll_part(host::now());
        if part.is_some() {
            // There may be room for more input.
            self.wake();
        }
        part
    }

    /// Lets the next message come whole again, if no part of it was taken.
    pub(crate) fn cancel_parts(&mut self) {
        self.websocket.cancel_parts(host::now());
        self.wake();
    }

    /// Gives up a message that was begun, and with it the connection if some of it is queued.
    pub(crate) fn abandon_message(&mut self) {
        // It fails if the connection is over, which is as good.
        let _ = self.websocket.abandon_message(host::now());
        self.wake();
    }

    fn wake_if_roomy(&self, was_full: bool) {
        if was_full && !self.inbox.is_full() {
            self.wake();
        }
    }

    /// Does what can be done now, and arranges to be polled when there is more; ready once there
    /// never will be.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker = Some(cx.waker().clone());
        loop {
            let now = host::now();
            // The order is that of the shell for WASI 0.2, for the same reasons: what arrived in
            // time is not missed, and what the input makes us owe leaves in one write with what was
            // owed already.
            let more = self.read(cx, now);
            self.websocket.handle_timeout(now);
            self.dispatch(now);
            self.write(cx);
            if let Some(writer) = self.writer.take() {
                // Its write waits in this task now. If the write was done already, wasmtime 48 is
                // about to tell the other task so, and fails if there is nothing left to tell it.
                writer.wake();
            }
            self.dispatch(now);
            if self.is_over() {
                // What is still owed had its chance.
                self.stream = None;
                self.timer.stop();
                return Poll::Ready(());
            }
            if more {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !self.poll_timer(cx) {
                return Poll::Pending;
            }
        }
    }

    /// Writes what a command made us owe, at once if the stream takes it: the call that waits for
    /// it need not wait for another task. `now` is when the command was called: each look at the
    /// clock is a call of the host.
    pub(crate) fn after_command(&mut self, cx: &mut Context<'_>, now: Instant) {
        if self.inbox.is_full() {
            // Who sends and never receives is not to be cut off by the pings that keep it alive.
            self.inbox.drop_controls();
            self.wake_if_roomy(true);
        }
        let is_writing = |it: &Self| it.stream.as_ref().is_some_and(|it| it.output.is_writing());
        if is_writing(self) {
            return;
        }
        self.write(cx);
        if is_writing(self) {
            self.writer = Some(cx.waker().clone());
        }
        self.dispatch(now);
        let deadline = self.websocket.poll_timeout();
        let is_early = deadline.is_some_and(|deadline| !self.timer.is_set_by(deadline));
        if is_early || is_writing(self) || self.closed.is_some() {
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    /// Reads while input is wanted and there is some; returns whether there may be more at once.
    fn read(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        for _ in 0..MAX_READS {
            self.dispatch(now);
            let Some(stream) = self
                .stream
                .as_mut()
                .filter(|_| self.websocket.wants_input())
            else {
                return false;
            };
            let Poll::Ready(read) = stream.input.poll_read(cx) else {
                return false;
            };
            match read {
                Read::Bytes(bytes) => self.websocket.handle_input(bytes, now),
                Read::Eof => self.websocket.handle_eof(),
                Read::Failed(error) => self.websocket.handle_lost(error),
            }
        }
        true
    }

    /// Writes what is owed, as far as the stream takes it.
    fn write(&mut self, cx: &mut Context<'_>) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let output = &mut stream.output;
        loop {
            let bytes = self.websocket.poll_transmit();
            if bytes.is_empty() && !output.is_writing() {
                break;
            }
            match output.poll_write(cx, bytes) {
                Poll::Pending => return,
                Poll::Ready(Ok(len)) => {
                    // A connection that was closed meanwhile owes less.
                    let len = len.min(self.websocket.poll_transmit().len());
                    self.websocket.advance_transmit(len);
                }
                Poll::Ready(Err(error)) => self.websocket.handle_write_failed(error),
            }
        }
        if self.websocket.is_done_sending() {
            output.end();
        }
    }

    /// Hands out what happened.
    fn dispatch(&mut self, now: Instant) {
        loop {
            let is_full = self.inbox.is_full() && !self.close_called;
            if is_full {
                self.websocket.pause();
            } else {
                self.websocket.resume(now);
            }
            let event = if is_full {
                // What was sent and what was answered is told all the same.
                self.websocket.poll_ready_event()
            } else {
                self.websocket.poll_event(now)
            };
            match event {
                None => return,
                Some(event) => self.take(event),
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Open(opened) => self.opened = Some(opened),
            Event::Sent(token) => {
                if let Some(sender) = self.sent.remove(&token) {
                    // Who cancelled the call does not wait.
                    let _ = sender.send(());
                }
            }
            Event::Pong(pong) if pong.token.is_some() => {
                let token = pong.token.map(|token| token.get());
                if let Some(sender) = token.and_then(|token| self.pongs.remove(&token)) {
                    let _ = sender.send(pong);
                }
            }
            Event::Message(_) if self.close_called && self.inbox.is_full() => {}
            Event::Message(_) | Event::Ping(_) | Event::Pong(_) => self.inbox.push(event),
            Event::Error(error) => {
                self.error = Some(error.clone());
                self.inbox.push(Event::Error(error));
            }
            Event::Close(closed) => {
                self.closed = Some(closed.clone());
                self.inbox.push(Event::Close(closed));
                // Each tells its call that it waits in vain, or that this is the end.
                self.sent.clear();
                self.pongs.clear();
                self.ends.clear();
            }
        }
    }

    /// Whether the next deadline has come.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let deadline = self.websocket.poll_timeout();
        deadline.is_some_and(|deadline| self.timer.poll(cx, deadline).is_ready())
    }
}
