//! What the calls on one websocket and its driver share.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::task::Poll;

use wasocket_client::{
    Closed, CommandError, Error, Event, InvalidArgument, Message, Opened, Outgoing, Pong,
    ReadyState, SendOptions, WebSocket,
};
use wit_bindgen::spawn_local;

use crate::dial::dial;
use crate::driver::Driver;
use crate::host;
use crate::line::Line;

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
    receivers: Line,
    senders: Line,
    pingers: Line,
}

impl Handle {
    /// Connects, and waits until the connection is open.
    ///
    /// # Errors
    ///
    /// Why it could not be opened.
    pub(crate) async fn connect(mut websocket: WebSocket) -> Result<Self, Error> {
        let stream = dial(&mut websocket).await;
        let shared = Rc::new(Shared {
            driver: RefCell::new(Driver::new(websocket, stream)),
            receivers: Line::default(),
            senders: Line::default(),
            pingers: Line::default(),
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

    pub(crate) async fn send(
        &self,
        message: Outgoing<'_>,
        options: SendOptions,
    ) -> Result<(), CallError> {
        let place = self.shared.senders.join();
        let sent = place
            .until(|| {
                let mut driver = self.shared.driver.borrow_mut();
                let sent = driver.websocket().send(message, options, host::now());
                unless_full(sent.map(|token| driver.wait_sent(token)))
            })
            .await?;
        drop(place);
        self.after_command().await;
        sent.await.map_err(|_| CallError::Ended)
    }

    pub(crate) async fn ping(&self, payload: &[u8], unmasked: bool) -> Result<Pong, CallError> {
        let place = self.shared.pingers.join();
        let pong = place
            .until(|| {
                let mut driver = self.shared.driver.borrow_mut();
                let sent = driver.websocket().ping(payload, unmasked, host::now());
                unless_full(sent.map(|token| driver.wait_pong(token)))
            })
            .await?;
        drop(place);
        self.after_command().await;
        pong.await.map_err(|_| CallError::Ended)
    }

    pub(crate) async fn receive(&self) -> Result<Option<Message>, Error> {
        let place = self.shared.receivers.join();
        place
            .until(|| {
                let mut driver = self.shared.driver.borrow_mut();
                match (driver.take_message(), driver.closed(), driver.error()) {
                    (Some(message), ..) => Some(Ok(Some(message))),
                    (None, Some(_), Some(error)) => Some(Err(error.clone())),
                    (None, Some(_), None) => Some(Ok(None)),
                    (None, None, _) => None,
                }
            })
            .await
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
        let closing = {
            let mut driver = self.shared.driver.borrow_mut();
            driver.websocket().close(code, reason, host::now())
        };
        if let Err(CommandError::InvalidArgument(argument)) = closing {
            return Err(argument);
        }
        // Otherwise it is closed already, which is what the call is for.
        self.shared.driver.borrow_mut().set_close_called();
        self.after_command().await;
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

    /// Does at once what a command asks for, as far as it can be done at once.
    async fn after_command(&self) {
        poll_fn(|cx| {
            self.shared.driver.borrow_mut().after_command(cx);
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
        if driver.has_events() || driver.closed().is_some() {
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

/// A command that there is no room for is to be tried again.
fn unless_full<T>(result: Result<T, CommandError>) -> Option<Result<T, CallError>> {
    match result {
        Err(CommandError::QueueFull(_)) => None,
        Err(error) => Some(Err(CallError::Command(error))),
        Ok(done) => Some(Ok(done)),
    }
}
