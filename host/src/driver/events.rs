//! What happened, on its way to the application; how it ends.

use tracing::{debug, error, trace};

use super::{Driver, reply};
use crate::bindings::types;
use crate::command::{Command, Queued};
use crate::error::{Error, Failure, FailureKind, Step, TrapReport};
use crate::event::{Closed, Event, Message, ReadyState};
#[cfg(feature = "wasi-tls")]
use crate::tls::HostTls;

impl Driver {
    pub(super) fn handle_event(&mut self, event: types::Event) {
        match event {
            types::Event::Open(opened) => {
                debug!("open");
                self.opened = true;
                self.open = Some(self.counters.opened());
                self.events.push(Event::Open(opened.into()));
            }
            types::Event::Message(message) => self.handle_message(message.into()),
            types::Event::MessagePart(part) => self.handle_part(part),
            // `receive-packed` asks for them, which is not called.
            types::Event::PackedMessages(_) => {}
            types::Event::Sent(token) => {
                while let Some((sent, done, load)) = self
                    .in_flight
                    .sends
                    .pop_front_if(|(sent, ..)| *sent <= token)
                {
                    debug_assert_eq!(sent, token);
                    drop(load);
                    if let Some(done) = done {
                        reply(done, Ok(()));
                    }
                }
            }
            types::Event::Ping(payload) => self.events.push(Event::Ping(payload)),
            types::Event::Pong(pong) => {
                let pings = &mut self.in_flight.pings;
                let answered = pings
                    .iter()
                    .position(|(token, _)| Some(*token) == pong.token);
                match answered {
                    Some(index) => {
                        let (_, done) = pings.remove(index);
                        reply(done, Ok(pong.into()));
                    }
                    None => self.events.push(Event::Pong(pong.payload)),
                }
            }
            types::Event::Error(error) => {
                let mut failure = Failure::from(error);
                if failure.kind == FailureKind::AccessDenied
                    && let Some(denied) = self.tenancy.access().denied()
                {
                    failure.message = format!("not granted: {denied}");
                    failure.kind = FailureKind::NotGranted(denied);
                }
                // wasi:tls says what failed in words alone.
                #[cfg(feature = "wasi-tls")]
                if let FailureKind::TlsFailed | FailureKind::ConnectionLost = failure.kind
                    && let Some(kind) = self.tenancy.access().tls().and_then(HostTls::failure)
                {
                    failure.kind = kind;
                }
                self.handle_failure(failure);
            }
            types::Event::Close(closed) => self.closed = Some(closed.into()),
        }
    }

    pub(super) fn handle_message(&self, message: Message) {
        trace!(len = message.len(), "message");
        if !(self.closing && self.events.is_full()) {
            self.events.push(Event::Message(message));
        }
    }

    /// Tells why the guest ended before it said so; returns how the connection ended.
    pub(super) fn handle_trap(&mut self, report: TrapReport) -> Closed {
        if let Some(closed) = self.closed.take() {
            return closed;
        }
        if self.failure.is_none() {
            self.handle_failure(Failure {
                step: if self.opened { Step::Open } else { Step::Start },
                message: format!("the component trapped: {report}"),
                kind: FailureKind::Trap(report),
            });
        }
        Closed::abnormally()
    }

    fn handle_failure(&mut self, failure: Failure) {
        match &failure.kind {
            // Not all that the server says, such as cookies.
            FailureKind::Refused(refusal) => debug!(status = refusal.status, "refused"),
            kind => debug!(step = %failure.step, ?kind, "failed"),
        }
        self.counters.failed(failure.step);
        self.failure = Some(failure.clone());
        self.events.push(Event::Error(failure));
    }

    /// Gives back what the connection has, and tells that it is closed.
    pub(crate) fn end(self, closed: Closed) {
        let Self {
            tenancy,
            mut commands,
            mut backlog,
            mut held,
            mut in_flight,
            handed,
            outgoing,
            incoming,
            events,
            ended,
            counters,
            open,
            failure,
            ..
        } = self;
        // First, so that whoever is told finds its place in the pool free.
        drop(tenancy);
        let metrics = counters.metrics();
        debug!(
            code = closed.code,
            was_clean = closed.was_clean,
            sent_bytes = metrics.sent.bytes,
            sent_messages = metrics.sent.messages,
            received_bytes = metrics.received.bytes,
            received_messages = metrics.received.messages,
            "closed"
        );
        if let Some(open) = open {
            counters.closed(open, closed.code);
        }
        ended.set(match failure {
            Some(failure) => Error::Failed(failure),
            None => Error::Closed(closed.clone()),
        });
        // Whoever waits for something else is told by `ended`, once the commands are dropped.
        commands.close();
        while let Ok(queued) = commands.try_recv() {
            backlog.push_back(queued);
        }
        // Nothing waits any more when the end is told.
        drop((outgoing, incoming, handed));
        in_flight.sends.clear();
        held.append(&mut backlog);
        for Queued { command, .. } in held {
            if let Command::Close { done, .. } = command {
                in_flight.closes.extend(done);
            }
        }
        for done in in_flight.closes {
            reply(done, Ok(closed.clone()));
        }
        events.push(Event::Close(closed));
    }

    /// Has the guest give back what it has for this connection, if the instance goes on without it.
    pub(crate) async fn leave(&mut self) {
        if !self.tenancy.is_shared() {
            return;
        }
        let Ok(mut entered) = self.tenancy.enter().await else {
            return;
        };
        let lent = std::mem::take(&mut self.lent);
        let websocket = self.guest.wasocket_websocket_client().websocket();
        let store = entered.sandbox();
        let given_back = async {
            websocket
                .call_unsubscribe(&mut *store, self.websocket, &lent)
                .await?;
            self.websocket.resource_drop_async(&mut *store).await
        };
        if let Err(trap) = given_back.await {
            let report = self.tenancy.trap(&entered, trap);
            error!("the component trapped: {report}");
        }
    }

    pub(super) fn call_error(&self, error: types::CallError) -> Error {
        match error {
            types::CallError::InvalidArgument(argument) => argument.into(),
            types::CallError::InvalidState(state) => Error::InvalidState(state.into()),
            // Answered by holding the command back, and of an open connection.
            types::CallError::QueueFull(_)
            | types::CallError::MessageInProgress
            | types::CallError::NoMessageInProgress => Error::InvalidState(ReadyState::Open),
        }
    }
}
