//! The events that wait for the application, bounded in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::sync::{Notify, mpsc};

use crate::event::{Event, Message};

/// How much may wait before the connection stops reading, in bytes: enough that a busy application
/// finds work after each wake-up. One read's worth of events may come on top.
const HIGH_WATER: usize = 1 << 20;

/// How little has to be left before the connection reads again.
const LOW_WATER: usize = HIGH_WATER / 2;

/// What an event counts beside its payload, about what it takes in memory.
const EVENT_COST: usize = 64;

pub(crate) fn events() -> (EventSender, EventReceiver) {
    let (tx, rx) = mpsc::unbounded_channel();
    let waiting = Arc::new(Waiting::default());
    (
        EventSender {
            tx,
            waiting: waiting.clone(),
        },
        EventReceiver { rx, waiting },
    )
}

/// How much waits.
#[derive(Debug, Default)]
struct Waiting {
    bytes: AtomicUsize,
    /// Told when `bytes` has fallen to [`LOW_WATER`].
    fell: Notify,
}

/// The end of the connection's task.
#[derive(Debug)]
pub(crate) struct EventSender {
    tx: mpsc::UnboundedSender<Event>,
    waiting: Arc<Waiting>,
}

/// The end of the application.
#[derive(Debug)]
pub(crate) struct EventReceiver {
    rx: mpsc::UnboundedReceiver<Event>,
    waiting: Arc<Waiting>,
}

impl EventSender {
    /// Adds an event; drops it if nobody will take it.
    pub(crate) fn push(&self, event: Event) {
        // Counted before it can be taken, so that the count never falls below zero. If nobody will
        // take it, the count no longer matters.
        self.waiting
            .bytes
            .fetch_add(cost(&event), Ordering::Relaxed);
        let _ = self.tx.send(event);
    }

    /// Whether so much waits that no more should be read.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.bytes.load(Ordering::Relaxed) >= HIGH_WATER && !self.tx.is_closed()
    }

    /// Waits until there is room, or nobody will take events any more.
    pub(crate) async fn room(&self) {
        while self.waiting.bytes.load(Ordering::Relaxed) > LOW_WATER {
            tokio::select! {
                () = self.waiting.fell.notified() => {}
                () = self.tx.closed() => return,
            }
        }
    }
}

impl EventReceiver {
    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.rx.poll_recv(cx).map(|event| {
            if let Some(event) = &event {
                let cost = cost(event);
                let before = self.waiting.bytes.fetch_sub(cost, Ordering::Relaxed);
                if before > LOW_WATER && before - cost <= LOW_WATER {
                    self.waiting.fell.notify_one();
                }
            }
            event
        })
    }
}

pub(crate) fn cost(event: &Event) -> usize {
    let payload = match event {
        Event::Message(Message::Text(text)) => text.len(),
        Event::Message(Message::Binary(bytes)) | Event::Ping(bytes) | Event::Pong(bytes) => {
            bytes.len()
        }
        Event::Open(_) | Event::Error(_) | Event::Close(_) => 0,
    };
    EVENT_COST + payload
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn message(len: usize) -> Event {
        Event::Message(Message::Binary(vec![0; len]))
    }

    #[tokio::test]
    async fn is_full_at_the_high_water_mark_and_has_room_at_the_low_one() {
        let (tx, mut rx) = events();
        tx.push(message(LOW_WATER - EVENT_COST));
        assert!(!tx.is_full());
        tx.push(message(LOW_WATER - EVENT_COST));
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

    #[tokio::test]
    async fn nobody_is_waited_for_who_will_not_come() {
        let (tx, rx) = events();
        tx.push(message(HIGH_WATER));
        drop(rx);
        assert!(!tx.is_full());
        tx.room().await;
        tx.push(message(1));
    }
}
