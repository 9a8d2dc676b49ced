//! `wasi:io/poll`: what can be waited for.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use tokio::time::Sleep;
use wasmtime::component::{Linker, Resource};

use super::define_resource;
use super::lookup::Lookup;
use super::streams::Duplex;
use super::tcp::Connecting;
#[cfg(feature = "wasi-tls")]
use super::tls::Securing;
use crate::store::State;

/// Something to wait for, of which there may be several handles. One task at a time is woken for
/// each: the last that waited.
#[derive(Clone)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Pollable(Source);

/// What a [`Pollable`] is of.
#[derive(Clone)]
pub(super) enum Source {
    Lookup(Arc<Lookup>),
    Connecting(Arc<Connecting>),
    #[cfg(feature = "wasi-tls")]
    Securing(Arc<Securing>),
    Input(Arc<dyn Duplex>),
    Output(Arc<dyn Duplex>),
    Timer(Arc<Mutex<Pin<Box<Sleep>>>>),
}

impl Pollable {
    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.0 {
            Source::Lookup(lookup) => lookup.poll_ready(cx),
            Source::Connecting(connecting) => connecting.poll_ready(cx),
            #[cfg(feature = "wasi-tls")]
            Source::Securing(securing) => securing.poll_ready(cx),
            Source::Input(stream) => stream.poll_readable(cx),
            Source::Output(stream) => stream.poll_writable(cx),
            Source::Timer(sleep) => {
                // Nothing panics while holding the lock.
                let mut sleep = sleep.lock().unwrap_or_else(PoisonError::into_inner);
                sleep.as_mut().poll(cx)
            }
        }
    }

    fn is_ready(&self) -> bool {
        self.poll_ready(&mut Context::from_waker(Waker::noop()))
            .is_ready()
    }
}

/// Waits until one of them is ready; for ever if there is none.
pub(crate) async fn any_ready(pollables: &[Pollable]) {
    poll_fn(|cx| {
        // All are asked, so that each has the task to wake.
        let ready = pollables.iter().filter(|p| p.poll_ready(cx).is_ready());
        match ready.count() {
            0 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
}

impl From<Source> for Pollable {
    fn from(source: Source) -> Self {
        Self(source)
    }
}

/// Something that has yet to come.
pub(crate) struct Coming<T>(Mutex<MaybeDone<BoxFuture<'static, T>>>);

impl<T> Coming<T> {
    pub(super) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Mutex::new(maybe_done(Box::pin(future))))
    }

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.lock() {
            MaybeDone::Gone => Poll::Ready(()),
            coming => Pin::new(coming).poll(cx),
        }
    }

    /// What came; `None` if it has not come yet, or was taken.
    pub(super) fn take(&self) -> Option<T> {
        // Whoever waits for it asks anew before it waits on.
        let ready = self.poll_ready(&mut Context::from_waker(Waker::noop()));
        ready.is_ready().then_some(())?;
        Pin::new(&mut *self.lock()).take_output()
    }

    fn lock(&self) -> MutexGuard<'_, MaybeDone<BoxFuture<'static, T>>> {
        // Nothing panics while holding the lock, but for what is to come.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut poll = linker.instance("wasi:io/poll@0.2.12")?;
    define_resource::<Pollable>(&mut poll, "pollable")?;
    poll.func_wrap(
        "[method]pollable.ready",
        |store, (pollable,): (Resource<Pollable>,)| {
            Ok((store.data().wasi.table.get(&pollable)?.is_ready(),))
        },
    )?;
    poll.func_wrap_async("poll", |store, (lent,): (Vec<Resource<Pollable>>,)| {
        let pollables = store.data().wasi.pollables(&lent);
        Box::new(async move {
            let pollables = pollables?;
            if pollables.is_empty() {
                return Err(wasmtime::Error::msg("there is nothing to wait for"));
            }
            any_ready(&pollables).await;
            let ready = (0..).zip(&pollables).filter(|(_, p)| p.is_ready());
            let ready: Vec<u32> = ready.map(|(index, _)| index).collect();
            Ok((ready,))
        })
    })
}
