use alloc::collections::VecDeque;
use alloc::rc::Rc;
use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::{Poll, Waker};

/// Calls that wait for the same thing: the first that was made gets it first.
#[derive(Default)]
pub(crate) struct Line {
    next: Cell<u64>,
    places: RefCell<VecDeque<(u64, Option<Waker>)>>,
}

/// A place in a line, until it is dropped: then it is the turn of the next.
pub(crate) struct Place {
    line: Rc<Line>,
    number: u64,
}

impl Line {
    /// Takes the last place.
    pub(crate) fn join(self: &Rc<Self>) -> Place {
        let number = self.next.get();
        self.next.set(number + 1);
        self.places.borrow_mut().push_back((number, None));
        Place {
            line: Rc::clone(self),
            number,
        }
    }

    /// Lets the first look whether there is what it waits for.
    pub(crate) fn wake(&self) {
        let waker = match self.places.borrow_mut().front_mut() {
            Some((_, waker)) => waker.take(),
            None => None,
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Place {
    /// Waits for its turn, and then until `take` gives something.
    pub(crate) async fn until<T>(&self, mut take: impl FnMut() -> Option<T>) -> T {
        poll_fn(|cx| {
            let is_first =
                self.line.places.borrow().front().map(|(number, _)| *number) == Some(self.number);
            if is_first && let Some(taken) = take() {
                return Poll::Ready(taken);
            }
            let mut places = self.line.places.borrow_mut();
            if let Some((_, waker)) = places.iter_mut().find(|(it, _)| *it == self.number) {
                *waker = Some(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line
            .places
            .borrow_mut()
            .retain(|(number, _)| *number != self.number);
        self.line.wake();
    }
}
