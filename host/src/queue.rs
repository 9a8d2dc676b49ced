//! The events that wait for the application, bounded in bytes and in number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::sync::{Notify, mpsc};

use crate::command::Ended;
use crate::event::{Event, MessageKind};
use crate::marks::Marks;
use crate::reader::{self, MessageReader, PieceSender};

/// What an event counts beside its payload, about what it takes in memory.
const EVENT_COST: u64 = 64;

pub(crate) fn events(marks: Marks, ended: Ended) -> (EventSender, EventReceiver) {
    let (tx, rx) = mpsc::unbounded_channel();
    let waiting = Arc::new(Waiting {
        marks,
        bytes: AtomicU64::new(0),
        events: AtomicU64::new(0),
        fell: Notify::new(),
    });
    let sender = EventSender {
        tx,
        waiting: waiting.clone(),
        ended,
    };
    let receiver = EventReceiver {
        rx,
        waiting,
        reader: None,
    };
    (sender, receiver)
}

/// How much waits: events, and what arrived of messages that are read as streams.
#[derive(Debug)]
pub(crate) struct Waiting {
    marks: Marks,
    bytes: AtomicU64,
    events: AtomicU64,
    /// Told when it has fallen to the low mark.
    fell: Notify,
}

impl Waiting {
    pub(crate) fn add(&self, len: usize) {
        self.bytes.fetch_add(cost(len), Ordering::SeqCst);
        self.events.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn remove(&self, len: usize) {
        self.bytes.fetch_sub(cost(len), Ordering::SeqCst);
        self.events.fetch_sub(1, Ordering::SeqCst);
        if self.is_low() {
            self.fell.notify_one();
        }
    }

    fn is_low(&self) -> bool {
        let (bytes, events) = self.counts();
        self.marks.is_low(bytes, events)
    }

    fn counts(&self) -> (u64, u64) {
        (
            self.bytes.load(Ordering::SeqCst),
            self.events.load(Ordering::SeqCst),
        )
    }
}

/// An event on its way, with the reader of the message that it begins.
type Told = (Event, Option<MessageReader>);

/// The end of the connection's task.
#[derive(Debug)]
pub(crate) struct EventSender {
    tx: mpsc::UnboundedSender<Told>,
    waiting: Arc<Waiting>,
    ended: Ended,
}

/// The end of the application. What is left when it is dropped no longer counts.
#[derive(Debug)]
pub(crate) struct EventReceiver {
    rx: mpsc::UnboundedReceiver<Told>,
    waiting: Arc<Waiting>,
    /// That of the message whose start was taken last.
    reader: Option<MessageReader>,
}

impl EventSender {
    /// Adds an event; drops it if nobody will take it.
    pub(crate) fn push(&self, event: Event) {
        self.push_told((event, None));
    }

    /// Adds the start of a message that is read as a stream; returns where its parts go.
    pub(crate) fn push_start(&self, kind: MessageKind) -> PieceSender {
        let (pieces, reader) = reader::message(kind, self.waiting.clone(), self.ended.clone());
        self.push_told((Event::MessageStart(kind), Some(reader)));
        pieces
    }

    fn push_told(&self, told: Told) {
        // Counted before it can be taken, so that the count never falls below zero.
        self.waiting.add(payload_len(&told.0));
        if let Err(mpsc::error::SendError((event, _))) = self.tx.send(told) {
            self.waiting.remove(payload_len(&event));
        }
    }

    /// Whether so much waits that no more should be read.
    pub(crate) fn is_full(&self) -> bool {
        let (bytes, events) = self.waiting.counts();
        self.waiting.marks.is_full(bytes, events)
    }

    /// Waits until there is room: no more waits than the low mark says.
    pub(crate) async fn room(&self) {
        while !self.waiting.is_low() {
            self.waiting.fell.notified().await;
        }
    }
}

impl EventReceiver {
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        // Who waits for what comes after a message does not read it: it is discarded, for what is left
        // of it is in front.
        self.reader = None;
        self.rx.poll_recv(cx).map(|told| {
            let (event, reader) = told?;
            self.waiting.remove(payload_len(&event));
            self.reader = reader;
            Some(event)
        })
    }

    /// The reader of the message whose start was taken last, once.
    pub(crate) fn take_reader(&mut self) -> Option<MessageReader> {
        self.reader.take()
    }

    /// How many bytes wait, and how many events and parts of messages.
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.waiting.counts()
    }
}

impl Drop for EventReceiver {
    fn drop(&mut self) {
        self.rx.close();
        while let Ok((event, _)) = self.rx.try_recv() {
            self.waiting.remove(payload_len(&event));
        }
    }
}

/// What an event counts while it waits, in bytes.
pub(crate) fn event_cost(event: &Event) -> u64 {
    cost(payload_len(event))
}

fn cost(len: usize) -> u64 {
    EVENT_COST + len as u64
}

fn payload_len(event: &Event) -> usize {
    match event {
        Event::Message(message) => message.len(),
        Event::Ping(payload) | Event::Pong(payload) => payload.len(),
        Event::Open(_) | Event::MessageStart(_) | Event::Error(_) | Event::Close(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::event::Message;

    fn message(len: u64) -> Event {
        Event::Message(Message::Binary(vec![0; len as usize]))
    }

    fn queue() -> (EventSender, EventReceiver) {
        events(Marks::new(1000, 10), Ended::default())
    }

    #[tokio::test]
    async fn is_full_at_the_high_mark_and_has_room_at_the_low_one() {
        let (tx, mut rx) = queue();
        tx.push(message(500 - EVENT_COST));
        assert!(!tx.is_full());
        tx.push(message(500 - EVENT_COST));
        assert!(tx.is_full());
        {
            let room = tx.room();
            tokio::pin!(room);
            let mut cx = Context::from_waker(Waker::noop());
            assert!(room.as_mut().poll(&mut cx).is_pending());
            assert!(rx.poll_recv(&mut cx).is_ready());
            room.await;
        }
        assert!(!tx.is_full());
        tx.room().await;
    }

    #[test]
    fn is_full_of_many_small_events() {
        let (tx, _rx) = queue();
        for _ in 0..10 {
            assert!(!tx.is_full());
            tx.push(message(0));
        }
        assert!(tx.is_full());
    }

    #[tokio::test]
    async fn nobody_is_waited_for_who_will_not_come() {
        let (tx, rx) = queue();
        tx.push(message(1000));
        drop(rx);
        assert!(!tx.is_full());
        tx.room().await;
        tx.push(message(1000));
        assert!(!tx.is_full());
    }

    #[tokio::test]
    async fn what_waits_for_a_reader_counts_until_it_is_dropped() {
        let (tx, mut rx) = queue();
        let pieces = tx.push_start(MessageKind::Binary);
        pieces.push(Message::Binary(vec![0; 1000]));
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(
            rx.poll_recv(&mut cx),
            Poll::Ready(Some(Event::MessageStart(MessageKind::Binary)))
        );
        assert!(tx.is_full());
        drop(rx.take_reader());
        tx.room().await;
        pieces.push(Message::Binary(vec![0; 1000]));
        assert!(!tx.is_full());
    }
}
