//! `wasocket:websocket` as Rust has such things: calls that block, and an iterator over the messages.

use std::collections::VecDeque;

use self::wasocket::websocket::client::{ConnectOptions, Waiter, Websocket};
use self::wasocket::websocket::types::{Closed, Event, SendOptions};

pub(crate) use self::wasocket::websocket::types::Message;

wit_bindgen::generate!({ path: "../wit", world: "program", generate_all });

pub(crate) type Error = Box<dyn std::error::Error>;

pub(crate) struct WebSocket {
    websocket: Websocket,
    waiter: Waiter,
    /// What `drive` told and nobody asked for yet.
    events: VecDeque<Event>,
    /// Messages that came while something else was waited for.
    messages: VecDeque<Message>,
    closed: Option<Closed>,
}

impl WebSocket {
    /// Connects, trusting these certificates too; returns when the connection is open.
    pub(crate) fn connect(url: &str, roots: Option<String>) -> Result<Self, Error> {
        let options = ConnectOptions::new();
        if let Some(pem) = roots {
            options.add_roots(pem.as_bytes())?;
        }
        let mut websocket = Self {
            websocket: Websocket::connect(Some(url), None, None, Some(&options))?,
            waiter: Waiter::new(),
            events: VecDeque::new(),
            messages: VecDeque::new(),
            closed: None,
        };
        loop {
            match websocket.event()? {
                Event::Open(_) => return Ok(websocket),
                Event::Close(_) => return Err("closed before it was open".into()),
                _ => {}
            }
        }
    }

    /// Queues a message, which leaves when something is waited for.
    pub(crate) fn send(&self, message: Message) -> Result<(), Error> {
        self.websocket.send(&message, SendOptions::empty())?;
        Ok(())
    }

    /// Sends a ping; returns the payload of its pong.
    pub(crate) fn ping(&mut self, payload: &[u8]) -> Result<Vec<u8>, Error> {
        let token = self.websocket.ping(payload, SendOptions::empty())?;
        loop {
            match self.event()? {
                Event::Pong(pong) if pong.token == Some(token) => return Ok(pong.payload),
                Event::Message(message) => self.messages.push_back(message),
                Event::Close(_) => return Err("closed before the pong".into()),
                _ => {}
            }
        }
    }

    /// Closes; returns how the connection ended. Messages that still come are dropped.
    pub(crate) fn close(mut self, code: u16, reason: &str) -> Result<Closed, Error> {
        self.websocket.close(Some(code), Some(reason))?;
        loop {
            if let Event::Close(closed) = self.event()? {
                return Ok(closed);
            }
        }
    }

    /// Waits for the next event. After `close`, which is the last, it is told again.
    fn event(&mut self) -> Result<Event, Error> {
        loop {
            match self.events.pop_front() {
                Some(Event::Error(error)) => return Err(error.message.into()),
                Some(Event::Close(closed)) => self.closed = Some(closed),
                Some(event) => return Ok(event),
                None => {
                    if let Some(closed) = &self.closed {
                        return Ok(Event::Close(closed.clone()));
                    }
                    self.waiter.wait(&[&self.websocket], None)?;
                    self.events.extend(self.websocket.drive().events);
                }
            }
        }
    }
}

impl Iterator for WebSocket {
    type Item = Result<Message, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(message) = self.messages.pop_front() {
            return Some(Ok(message));
        }
        loop {
            match self.event() {
                Ok(Event::Message(message)) => return Some(Ok(message)),
                Ok(Event::Close(_)) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
