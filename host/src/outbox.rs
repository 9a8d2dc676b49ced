//! How much waits to be sent, and whose turn it is to add to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use crate::line::in_line;
use crate::marks::Marks;

/// What waits to be sent on one connection, from the application to the transport.
#[derive(Debug)]
pub(crate) struct Outbox {
    marks: Marks,
    bytes: AtomicU64,
    messages: AtomicU64,
    /// Told whenever less waits.
    fell: Notify,
    /// Senders wait one behind another, so that messages have their places in the order of the calls.
    turnstile: Semaphore,
}

impl Outbox {
    pub(crate) fn new(marks: Marks) -> Self {
        Self {
            marks,
            bytes: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            fell: Notify::new(),
            turnstile: Semaphore::new(1),
        }
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    /// How many messages wait.
    pub(crate) fn messages(&self) -> u64 {
        self.messages.load(Ordering::SeqCst)
    }

    /// Waits for the turn of the caller, and until there is room. It has the turn for as long as it
    /// holds what is returned.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        let turn = in_line(self.turnstile.acquire()).await.ok();
        self.until(|outbox| !outbox.is_full()).await;
        turn
    }

    /// The same if nobody has to be waited for and nothing.
    pub(crate) fn try_turn(&self) -> Option<SemaphorePermit<'_>> {
        let turn = self.turnstile.try_acquire().ok()?;
        (!self.is_full()).then_some(turn)
    }

    /// Waits until no more waits than the low mark says.
    pub(crate) async fn drained(&self) {
        self.until(|outbox| outbox.marks.is_low(outbox.bytes(), outbox.messages()))
            .await;
    }

    /// Counts a message, or a part of one (`messages` is 0), until what is returned is dropped.
    pub(crate) fn load(self: &Arc<Self>, bytes: usize, messages: u64) -> Load {
        let bytes = bytes as u64;
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
        self.messages.fetch_add(messages, Ordering::SeqCst);
        Load {
            outbox: Arc::clone(self),
            bytes,
            messages,
        }
    }

    fn is_full(&self) -> bool {
        self.marks.is_full(self.bytes(), self.messages())
    }

    async fn until(&self, condition: impl Fn(&Self) -> bool) {
        loop {
            // Before the condition is looked at, so that no change after it is missed.
            let fell = self.fell.notified();
            if condition(self) {
                return;
            }
            fell.await;
        }
    }

    fn release(&self, bytes: u64, messages: u64) {
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
        self.messages.fetch_sub(messages, Ordering::SeqCst);
        self.fell.notify_waiters();
    }
}

/// What one message or part of one adds to what waits, until it is dropped.
#[derive(Debug)]
pub(crate) struct Load {
    outbox: Arc<Outbox>,
    bytes: u64,
    messages: u64,
}

impl Drop for Load {
    fn drop(&mut self) {
        self.outbox.release(self.bytes, self.messages);
    }
}

/// The bytes that the component has, and has not yet handed to the transport.
#[derive(Debug)]
pub(crate) struct Handed {
    outbox: Arc<Outbox>,
    bytes: u64,
}

impl Handed {
    pub(crate) fn new(outbox: Arc<Outbox>) -> Self {
        Self { outbox, bytes: 0 }
    }

    /// Says that the component has the bytes of `load`.
    pub(crate) fn take(&mut self, load: &mut Load) {
        self.bytes += std::mem::take(&mut load.bytes);
    }

    /// Says how many bytes the component has.
    pub(crate) fn set(&mut self, bytes: u64) {
        self.outbox.bytes.fetch_add(bytes, Ordering::SeqCst);
        self.outbox.release(self.bytes, 0);
        self.bytes = bytes;
    }

    /// Whether there were any when that was last said.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        self.outbox.release(self.bytes, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(Marks::new(10, 2)))
    }

    fn is_ready<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
        future
            .poll(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    }

    #[test]
    fn a_turn_comes_once_there_is_room_in_the_order_of_the_calls() {
        let outbox = outbox();
        let load = outbox.load(10, 1);
        let mut first = pin!(outbox.turn());
        assert!(!is_ready(first.as_mut()));
        {
            let mut second = pin!(outbox.turn());
            assert!(!is_ready(second.as_mut()));
            drop(load);
            assert!(!is_ready(second.as_mut()));
        }
        assert!(outbox.try_turn().is_none());
        assert!(is_ready(first));
        assert!(outbox.try_turn().is_some());
    }

    #[test]
    fn what_the_component_has_is_counted_until_it_is_handed_to_the_transport() {
        let outbox = outbox();
        let mut handed = Handed::new(outbox.clone());
        let mut load = outbox.load(8, 1);
        handed.take(&mut load);
        assert_eq!((outbox.bytes(), outbox.messages()), (8, 1));
        // With the header of its frame.
        handed.set(14);
        assert_eq!((outbox.bytes(), outbox.messages()), (14, 1));
        handed.set(6);
        let mut drained = pin!(outbox.drained());
        assert!(!is_ready(drained.as_mut()));
        handed.set(5);
        assert!(is_ready(drained));
        drop((load, handed));
        assert_eq!((outbox.bytes(), outbox.messages()), (0, 0));
    }

    #[test]
    fn a_queue_is_full_of_messages_too() {
        let outbox = outbox();
        let loads = [outbox.load(0, 1), outbox.load(0, 1)];
        assert!(outbox.try_turn().is_none());
        drop(loads);
        assert!(outbox.try_turn().is_some());
    }
}
