//! The events that wait for the application, and the room for messages, both bounded.

use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc};

use super::event::Event;
use crate::line::in_line;

/// How much may wait of what the server sent and of what became of attempts, in bytes.
const MAX_WAITING: u32 = 1 << 20;

/// What the events of one attempt count together, beside what the server sends once it is open: the
/// answer to the opening handshake is the most of it, and 16 KiB at most unless set otherwise.
const ATTEMPT_COST: u64 = 16 << 10;

/// Room that is taken, and given back by dropping it.
pub(super) type Taken = Vec<OwnedSemaphorePermit>;

pub(super) fn events() -> (EventSender, EventReceiver) {
    let (tx, rx) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(MAX_WAITING as usize));
    (EventSender { tx, room }, EventReceiver { rx })
}

/// The end of the connection's task.
#[derive(Clone, Debug)]
pub(super) struct EventSender {
    tx: mpsc::UnboundedSender<(Event, Taken)>,
    room: Arc<Semaphore>,
}

/// The end of the application.
#[derive(Debug)]
pub(super) struct EventReceiver {
    rx: mpsc::UnboundedReceiver<(Event, Taken)>,
}

impl EventSender {
    /// Waits for room for an event of this cost. What costs more than may wait waits until it is
    /// alone.
    pub(super) async fn room(&self, cost: u64) -> Taken {
        let cost = u32::try_from(cost).unwrap_or(u32::MAX).min(MAX_WAITING);
        let room = self.room.clone().acquire_many_owned(cost).await;
        // It is never closed.
        room.into_iter().collect()
    }

    /// Waits for room for the events of one attempt.
    pub(super) async fn attempt_room(&self) -> Taken {
        self.room(ATTEMPT_COST).await
    }

    /// Adds an event, with the room that is given back when it is taken; drops both if nobody will
    /// take it.
    pub(super) fn push(&self, event: Event, taken: Taken) {
        let _ = self.tx.send((event, taken));
    }

    /// Waits until nobody will take events any more.
    pub(super) async fn closed(&self) {
        self.tx.closed().await;
    }
}

impl EventReceiver {
    pub(super) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let item = self.rx.poll_recv(cx);
        item.map(|item| item.map(|(event, _)| event))
    }
}

/// The room for messages that are not delivered.
#[derive(Clone, Debug)]
pub(super) struct MessageRoom {
    count: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    max_bytes: u32,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    Ended,
    Full,
}

impl MessageRoom {
    pub(super) fn new(max_bytes: u32, max_messages: u32) -> Self {
        // On 32-bit processors a semaphore has less.
        let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        let max_bytes = max_bytes.clamp(1, most);
        Self {
            count: semaphore(max_messages.clamp(1, most)),
            bytes: semaphore(max_bytes),
            max_bytes,
        }
    }

    /// Waits for room for a message of so many bytes.
    pub(super) async fn take(&self, len: usize) -> Result<Taken, NoRoom> {
        let count = in_line(self.count.clone().acquire_owned()).await;
        let count = count.map_err(|_| NoRoom::Ended)?;
        let bytes = in_line(self.bytes.clone().acquire_many_owned(self.cost(len))).await;
        Ok(vec![count, bytes.map_err(|_| NoRoom::Ended)?])
    }

    /// Takes room for a message of so many bytes if there is room now.
    pub(super) fn try_take(&self, len: usize) -> Result<Taken, NoRoom> {
        let no_room = |error| match error {
            TryAcquireError::Closed => NoRoom::Ended,
            TryAcquireError::NoPermits => NoRoom::Full,
        };
        let count = self.count.clone().try_acquire_owned().map_err(no_room)?;
        let bytes = self.bytes.clone().try_acquire_many_owned(self.cost(len));
        Ok(vec![count, bytes.map_err(no_room)?])
    }

    /// Says that there will be none any more.
    pub(super) fn close(&self) {
        self.count.close();
        self.bytes.close();
    }

    fn cost(&self, len: usize) -> u32 {
        u32::try_from(len).unwrap_or(u32::MAX).min(self.max_bytes)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn messages_are_bounded_by_count_and_by_bytes() {
        let room = MessageRoom::new(10, 2);
        let first = room.try_take(1).unwrap();
        let second = room.try_take(1).unwrap();
        assert_eq!(room.try_take(0).unwrap_err(), NoRoom::Full);
        drop(second);
        assert_eq!(room.try_take(10).unwrap_err(), NoRoom::Full);
        assert!(room.try_take(9).is_ok());
        drop(first);
        assert!(room.try_take(10).is_ok());
    }

    #[test]
    fn what_is_too_long_waits_until_it_is_alone() {
        let room = MessageRoom::new(10, 2);
        let short = room.try_take(1).unwrap();
        let mut long = Box::pin(room.take(1000));
        assert!((&mut long).now_or_never().is_none());
        drop(short);
        assert!(long.now_or_never().unwrap().is_ok());
    }

    #[test]
    fn who_waits_for_room_is_told_of_the_end() {
        let room = MessageRoom::new(10, 1);
        let _all = room.try_take(10).unwrap();
        let mut waits = Box::pin(room.take(1));
        assert!((&mut waits).now_or_never().is_none());
        room.close();
        assert_eq!(waits.now_or_never().unwrap().unwrap_err(), NoRoom::Ended);
        assert_eq!(room.try_take(1).unwrap_err(), NoRoom::Ended);
    }
}
