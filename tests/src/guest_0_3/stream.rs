//! Channels of the test as streams of the component, and the other way round.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_channel::{mpsc, oneshot};
use futures_util::Stream;
use wasmtime::component::{
    Destination, FutureConsumer, FutureReader, Source, StreamConsumer, StreamProducer,
    StreamReader, StreamResult, VecBuffer,
};
use wasmtime::{AsContextMut, StoreContextMut};

/// A stream of what comes from a channel.
pub(super) fn to_guest(
    store: impl AsContextMut,
    pieces: mpsc::Receiver<Vec<u8>>,
) -> StreamReader<u8> {
    StreamReader::new(store, Producer(pieces)).expect("a stream")
}

/// A channel of what comes from a stream, which takes one piece ahead.
pub(super) fn from_guest(
    store: impl AsContextMut,
    stream: StreamReader<u8>,
) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel(0);
    stream.pipe(store, Consumer(sender)).expect("a stream");
    receiver
}

/// A channel of what a future comes to.
pub(super) fn value_from_guest(
    store: impl AsContextMut,
    future: FutureReader<bool>,
) -> oneshot::Receiver<bool> {
    let (sender, receiver) = oneshot::channel();
    future.pipe(store, Value(Some(sender))).expect("a future");
    receiver
}

struct Producer(mpsc::Receiver<Vec<u8>>);

impl<D> StreamProducer<D> for Producer {
    type Item = u8;
    type Buffer = VecBuffer<u8>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _: StoreContextMut<'a, D>,
        mut destination: Destination<'a, u8, VecBuffer<u8>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match Pin::new(&mut self.0).poll_next(cx) {
            Poll::Ready(Some(piece)) => {
                destination.set_buffer(piece.into());
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}

struct Consumer(mpsc::Sender<Vec<u8>>);

impl<D: 'static> StreamConsumer<D> for Consumer {
    type Item = u8;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut store: StoreContextMut<'_, D>,
        mut source: Source<'_, u8>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        match self.0.poll_ready(cx) {
            Poll::Pending if finish => return Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => return Poll::Pending,
            // The test has dropped it.
            Poll::Ready(Err(_)) => return Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Ready(Ok(())) => {}
        }
        let mut piece = Vec::with_capacity(source.remaining(&mut store));
        source.read(&mut store, &mut piece)?;
        self.0.start_send(piece).expect("a channel with room");
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

struct Value(Option<oneshot::Sender<bool>>);

impl<D: 'static> FutureConsumer<D> for Value {
    type Item = bool;

    fn poll_consume(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        store: StoreContextMut<'_, D>,
        mut source: Source<'_, bool>,
        _: bool,
    ) -> Poll<wasmtime::Result<()>> {
        let mut value = None;
        source.read(store, &mut value)?;
        if let (Some(sender), Some(value)) = (self.0.take(), value) {
            // The test may not want to know.
            let _ = sender.send(value);
        }
        Poll::Ready(Ok(()))
    }
}
