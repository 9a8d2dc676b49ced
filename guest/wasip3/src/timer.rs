use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use wasocket_client::Instant;

use crate::host;

/// Waits for deadlines. A wait that ends too early does no harm, so that a deadline that moves away
/// needs no new one: each is a call of the host.
#[derive(Default)]
pub(crate) struct Timer(Option<Wait>);

struct Wait {
    end: Instant,
    wait: Pin<Box<dyn Future<Output = ()>>>,
}

impl Timer {
    /// Whether it ends at `deadline` or before.
    pub(crate) fn is_set_by(&self, deadline: Instant) -> bool {
        self.0.as_ref().is_some_and(|wait| wait.end <= deadline)
    }

    /// Waits until `deadline`, or less long.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if !self.is_set_by(deadline) {
            self.0 = None;
        }
        let wait = self.0.get_or_insert_with(|| Wait {
            end: deadline,
            wait: Box::pin(host::wait_until(deadline)),
        });
        let poll = wait.wait.as_mut().poll(cx);
        if poll.is_ready() {
            self.0 = None;
        }
        poll
    }

    /// Waits no more.
    pub(crate) fn stop(&mut self) {
        self.0 = None;
    }
}
