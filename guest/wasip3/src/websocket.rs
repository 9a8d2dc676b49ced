//! What the calls on one websocket and its driver share.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::task::Poll;

use wasocket_client::{
    Closed, CommandError, Error, Event, Instant, InvalidArgument, Message, MessageKind,
    MessagePart, Opened, Outgoing, PackedMessages, Pong, ReadyState, SendOptions, Statistics,
    WebSocket,
};
use wit_bindgen::{
    FutureReader, FutureWriter, StreamReader, StreamResult, StreamWriter, spawn_local,
};

use crate::bindings;
use crate::dial::dial;
use crate::driver::Driver;
use crate::host;
use crate::line::{Line, Place};
use crate::timer::Timer;

/// How much of a payload that comes from a stream goes into a frame, in bytes, at most.
const PART_LEN: usize = 64 << 10;

/// Why a call did not do what it is for.
pub(crate) enum CallError {
    Command(CommandError),
    /// The connection ended before what the call waits for.
    Ended,
}

/// An open connection. Dropping it ends the connection.
///
/// One task runs at a time, and no borrow of a cell outlives a turn of it.
pub(crate) struct Handle {
    shared: Rc<Shared>,
    opened: Opened,
}

struct Shared {
    driver: RefCell<Driver>,
    /// Those that wait for a message or an event, for room to send, and for room to ping.
    receivers: Rc<Line>,
    senders: Rc<Line>,
    pingers: Rc<Line>,
}

impl Handle {
    /// Connects, and waits until the connection is open.
    ///
    /// # Errors
    ///
    /// Why it could not be opened.
    pub(crate) async fn connect(mut websocket: WebSocket) -> Result<Self, Error> {
        let mut timer = Timer::default();
        let stream = dial(&mut websocket, &mut timer).await;
        let shared = Rc::new(Shared {
            driver: RefCell::new(Driver::new(websocket, stream, timer)),
            receivers: Rc::default(),
            senders: Rc::default(),
            pingers: Rc::default(),
        });
        let mut driving = Box::pin(drive(Rc::clone(&shared)));
        let is_over = poll_fn(|cx| match driving.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if shared.driver.borrow().is_opened() => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        });
        if !is_over.await {
            // It goes on in this task, after the call has returned.
            spawn_local(driving);
        }
        let opened = shared.driver.borrow_mut().take_opened();
        match opened {
            Some(opened) => Ok(Self { shared, opened }),
            None => {
                let error = shared.driver.borrow().error().cloned();
                Err(error.unwrap_or_else(Error::not_opened))
            }
        }
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Sends messages, one behind the other.
    pub(crate) async fn send<'a>(
        &self,
        messages: impl IntoIterator<Item = Outgoing<'a>> + Clone,
        options: SendOptions,
    ) -> Result<(), CallError> {
        let place = self.shared.senders.join();
        let (now, sent) = place
            .until(|| {
                let now = host::now();
                let mut driver = self.shared.driver.borrow_mut();
                let queued = driver.websocket().send_all(messages.clone(), options, now);
                unless_full(queued.map(|token| (now, driver.wait_sent(token))))
            })
            .await?;
        drop(place);
        self.after_command(now).await;
        sent.await.map_err(|_| CallError::Ended)
    }

    /// Sends what comes from `payload`, in fragments; returns how many bytes it was.
    pub(crate) async fn send_stream(
        &self,
        kind: MessageKind,
        mut payload: StreamReader<u8>,
        options: SendOptions,
    ) -> Result<u64, CallError> {
        // It is kept until the end: other messages wait for it.
        let place = self.shared.senders.join();
        let sent = place
            .until(|| {
                let mut driver = self.shared.driver.borrow_mut();
                let started = driver.websocket().start_message(kind, options);
                unless_full(started.map(|token| driver.wait_sent(token)))
            })
            .await?;
        let begun = BegunMessage(&self.shared);
        let mut len = 0;
        let mut buffer = Vec::with_capacity(PART_LEN);
        loop {
            let (result, part) = payload.read(buffer).await;
            if !part.is_empty() {
                let now = place
                    .until(|| {
                        let now = host::now();
                        let mut driver = self.shared.driver.borrow_mut();
                        unless_full(driver.websocket().send_part(&part, now).map(|()| now))
                    })
                    .await?;
                self.after_command(now).await;
                len += part.len() as u64;
            }
            if !matches!(result, StreamResult::Complete(_)) {
                break;
            }
            buffer = part;
            buffer.clear();
        }
        let now = host::now();
        let finished = {
            let mut driver = self.shared.driver.borrow_mut();
            driver.websocket().finish_message(now)
        };
        finished.map_err(CallError::Command)?;
        core::mem::forget(begun);
        drop(place);
        self.after_command(now).await;
        sent.await.map_err(|_| CallError::Ended)?;
        Ok(len)
    }

    pub(crate) async fn ping(&self, payload: &[u8], unmasked: bool) -> Result<Pong, CallError> {
        let place = self.shared.pingers.join();
        let (now, pong) = place
            .until(|| {
                let now = host::now();
                let mut driver = self.shared.driver.borrow_mut();
                let sent = driver.websocket().ping(payload, unmasked, now);
                unless_full(sent.map(|token| (now, driver.wait_pong(token))))
            })
            .await?;
        drop(place);
        self.after_command(now).await;
        pong.await.map_err(|_| CallError::Ended)
    }

    pub(crate) async fn receive(&self) -> Result<Option<Message>, Error> {
        self.take_when_there(Driver::take_message).await
    }

    /// All messages that are here, once there is one.
    pub(crate) async fn receive_packed(&self) -> Result<Option<PackedMessages>, Error> {
        self.take_when_there(Driver::take_packed).await
    }

    /// What `take` gives, once it gives something; `None` if it will not, since the connection is
    /// closed.
    async fn take_when_there<T>(
        &self,
        take: impl Fn(&mut Driver) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let place = self.shared.receivers.join();
        place
            .until(|| {
                let mut driver = self.shared.driver.borrow_mut();
                match (take(&mut driver), driver.closed(), driver.error()) {
                    (Some(taken), ..) => Some(Ok(Some(taken))),
                    (None, Some(_), Some(error)) => Some(Err(error.clone())),
                    (None, Some(_), None) => Some(Ok(None)),
                    (None, None, _) => None,
                }
            })
            .await
    }

    /// The next message as it arrives: its kind, its payload, and whether it is whole.
    pub(crate) async fn receive_stream(
        &self,
    ) -> Result<Option<(MessageKind, StreamReader<u8>, FutureReader<bool>)>, Error> {
        let place = self.shared.receivers.join();
        let awaited = AwaitedPart(&self.shared);
        let first = place
            .until(|| {
                let mut driver = self.shared.driver.borrow_mut();
                if let Some(message) = driver.take_message() {
                    return Some(Ok(Some(whole(message))));
                }
                match (driver.take_part(), driver.closed(), driver.error()) {
                    (Some(part), ..) => Some(Ok(Some(part))),
                    (None, Some(_), Some(error)) => Some(Err(error.clone())),
                    (None, Some(_), None) => Some(Ok(None)),
                    (None, None, _) => None,
                }
            })
            .await;
        drop(awaited);
        let Some(first) = first? else {
            return Ok(None);
        };
        let kind = first.kind;
        let (payload, payload_reader) = bindings::wit_stream::new();
        let (is_whole, is_whole_reader) = bindings::wit_future::new(|| false);
        // It goes on in this task, after the call has returned.
        spawn_local(hand_over(
            Rc::clone(&self.shared),
            place,
            first,
            payload,
            is_whole,
        ));
        Ok(Some((kind, payload_reader, is_whole_reader)))
    }

    /// With why the connection failed, if it did.
    pub(crate) async fn events(&self) -> (Vec<Event>, Option<Error>) {
        let place = self.shared.receivers.join();
        place
            .until(|| {
                let mut driver = self.shared.driver.borrow_mut();
                let is_due = driver.has_events() || driver.closed().is_some();
                is_due.then(|| (driver.take_events(), driver.error().cloned()))
            })
            .await
    }

    pub(crate) async fn close(
        &self,
        code: Option<u16>,
        reason: Option<String>,
    ) -> Result<(Closed, Option<Error>), InvalidArgument> {
        let now = host::now();
        let closing = {
            let mut driver = self.shared.driver.borrow_mut();
            driver.websocket().close(code, reason, now)
        };
        if let Err(CommandError::InvalidArgument(argument)) = closing {
            return Err(argument);
        }
        // Otherwise it is closed already, which is what the call is for.
        self.shared.driver.borrow_mut().set_close_called();
        self.after_command(now).await;
        Ok(self.closed().await)
    }

    /// How the connection ended, and why if it failed.
    pub(crate) async fn closed(&self) -> (Closed, Option<Error>) {
        loop {
            let end = {
                let mut driver = self.shared.driver.borrow_mut();
                if let Some(closed) = driver.closed() {
                    return (closed.clone(), driver.error().cloned());
                }
                driver.wait_closed()
            };
            // It ends one way or the other, and then the driver knows.
            let _ = end.await;
        }
    }

    pub(crate) fn ready_state(&self) -> ReadyState {
        self.shared.driver.borrow().ready_state()
    }

    pub(crate) fn buffered_amount(&self) -> u64 {
        self.shared.driver.borrow().buffered_amount()
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.shared.driver.borrow().statistics()
    }

    /// Does at once what a command asks for, as far as it can be done at once.
    async fn after_command(&self, now: Instant) {
        poll_fn(|cx| {
            self.shared.driver.borrow_mut().after_command(cx, now);
            self.shared.wake_lines();
            Poll::Ready(())
        })
        .await;
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.driver.borrow_mut().abandon();
    }
}

impl Shared {
    /// Lets those look who may find what they wait for.
    fn wake_lines(&self) {
        let driver = self.driver.borrow();
        if driver.has_events() || driver.has_part() || driver.is_over() {
            self.receivers.wake();
        }
        self.senders.wake();
        self.pingers.wake();
    }
}

/// Drives until the connection is over.
async fn drive(shared: Rc<Shared>) {
    poll_fn(|cx| {
        let poll = shared.driver.borrow_mut().poll(cx);
        shared.wake_lines();
        poll
    })
    .await;
}

/// Hands a message over part by part, from its first one.
async fn hand_over(
    shared: Rc<Shared>,
    place: Place,
    first: MessagePart,
    mut payload: StreamWriter<u8>,
    is_whole: FutureWriter<bool>,
) {
    let mut part = first;
    let mut is_read = true;
    let whole = loop {
        // What is left of a message that nobody reads is taken all the same: the next follows it.
        is_read = is_read && payload.write_all(part.bytes).await.is_empty();
        if part.is_last {
            break true;
        }
        let next = place.until(|| {
            let mut driver = shared.driver.borrow_mut();
            let next = driver.take_part();
            (next.is_some() || driver.is_over()).then_some(next)
        });
        match next.await {
            Some(next) => part = next,
            None => break false,
        }
    };
    drop(place);
    drop(payload);
    // It fails if nobody wants to know.
    let _ = is_whole.write(whole).await;
}

/// A message that has arrived, as the only part of it.
fn whole(message: Message) -> MessagePart {
    let (kind, bytes) = match message {
        Message::Text(text) => (MessageKind::Text, text.into_bytes()),
        Message::Binary(bytes) => (MessageKind::Binary, bytes),
    };
    MessagePart {
        kind,
        bytes,
        is_first: true,
        is_last: true,
    }
}

/// A message that was begun, and is given up with this.
struct BegunMessage<'a>(&'a Shared);

impl Drop for BegunMessage<'_> {
    fn drop(&mut self) {
        self.0.driver.borrow_mut().abandon_message();
    }
}

/// Somebody waits for the first part of a message, until this is dropped.
struct AwaitedPart<'a>(&'a Shared);

impl Drop for AwaitedPart<'_> {
    fn drop(&mut self) {
        self.0.driver.borrow_mut().cancel_parts();
    }
}

/// A command that there is no room for is to be tried again.
fn unless_full<T>(result: Result<T, CommandError>) -> Option<Result<T, CallError>> {
    match result {
        Err(CommandError::QueueFull(_) | CommandError::MessageInProgress) => None,
        Err(error) => Some(Err(CallError::Command(error))),
        Ok(done) => Some(Ok(done)),
    }
}
