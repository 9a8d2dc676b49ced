//! `wasi:io/streams`: of sockets, and of what stands on them.

use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::net::{RecvFlags, Shutdown, recv};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tracing::debug;
use wasmtime::component::{ComponentType, Linker, Lower, Resource, ResourceTable, WasmList};
use wasmtime_wasi::p2::bindings::sockets::tcp::ShutdownType;

use super::define_resource;
use super::pollable::{Pollable, Source};
use crate::store::State;

/// How many bytes are read at once at most, whatever the guest asks for.
pub(super) const MAX_READ_LEN: usize = 64 << 10;

/// Whether the system tells that there is more to read only once that comes (as epoll and kqueue do):
/// after a read of less than there was room for, there is nothing until it tells so.
const IS_EDGE_TRIGGERED: bool = cfg!(any(
    target_os = "linux",
    target_os = "android",
    target_vendor = "apple"
));

/// How many bytes may be written at once: this much may have to be kept for a peer that does not read.
const MAX_WRITE_LEN: usize = 256 << 10;

/// For how long what was written is kept for a peer that does not read, once the guest has left.
const LINGER: Duration = Duration::from_secs(5);

/// A connected socket, which its two streams and their pollables share.
pub(crate) struct Stream {
    tcp: TcpStream,
    input_ended: AtomicBool,
    output: Mutex<Output>,
    /// The guest has left: what is not written yet has [`LINGER`] to go.
    left: Notify,
}

/// What a pair of streams reads from and writes to.
pub(super) trait Duplex: Send + Sync {
    /// Whether reading gives something, or may.
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()>;

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()>;

    /// Reads what is there, up to `len` bytes; nothing if nothing is.
    fn read(&self, len: u64) -> Result<Vec<u8>, End>;

    /// How many bytes may be written now.
    fn permit(&self) -> Result<u64, End>;

    /// Writes as much as there is room for, and sees to it that the rest is written. The outer error
    /// is a trap: more than was permitted.
    fn write(self: Arc<Self>, bytes: &[u8]) -> wasmtime::Result<Result<(), End>>;

    /// The same without a permit, behind what is on its way. Whoever calls it bounds how much.
    #[cfg_attr(
        not(feature = "wasi-tls"),
        expect(dead_code, reason = "for what stands on a socket")
    )]
    fn push(self: Arc<Self>, bytes: &[u8]) -> Result<(), End>;

    /// Ends the output, after what is on its way.
    #[cfg_attr(
        not(feature = "wasi-tls"),
        expect(dead_code, reason = "for what stands on a socket")
    )]
    fn end_output(&self);

    /// The guest has left: what is not written yet has [`LINGER`] to go.
    fn leave(&self);
}

enum Output {
    Open,
    /// What was accepted is on its way to the socket, which has no room for it.
    Writing {
        waker: Option<Waker>,
        /// What follows it.
        behind: Vec<u8>,
        /// The guest has ended its side: nothing follows.
        is_last: bool,
    },
    Failed(ErrorKind),
    Ended,
}

/// Why a stream gives or takes nothing any more.
#[derive(Clone)]
pub(super) enum End {
    Closed,
    Failed(ErrorKind),
    /// TLS failed, and this is said about it.
    #[cfg(feature = "wasi-tls")]
    TlsFailed(String),
}

/// `stream-error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<wasmtime::Error>),
    #[component(name = "closed")]
    Closed,
}

impl Stream {
    pub(super) fn new(tcp: TcpStream) -> Arc<Self> {
        if let Err(error) = tcp.set_nodelay(true) {
            // Small messages may be late, and all else is as it should be.
            debug!(%error, "Nagle's algorithm stays on");
        }
        Arc::new(Self {
            tcp,
            input_ended: AtomicBool::new(false),
            output: Mutex::new(Output::Open),
            left: Notify::new(),
        })
    }

    /// Reads into the capacity of `bytes`. When that was not filled, Tokio is told that there is
    /// nothing more: otherwise it has us try again in vain.
    fn try_read(&self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let room = bytes.capacity();
        let mut read = 0;
        let result = self.tcp.try_io(Interest::READABLE, || {
            (read, _) = recv(&self.tcp, spare_capacity(bytes), RecvFlags::empty())?;
            match read {
                0 => Ok(()),
                _ if read == room || !IS_EDGE_TRIGGERED => Ok(()),
                _ => Err(ErrorKind::WouldBlock.into()),
            }
        });
        match result {
            Err(_) if read > 0 => Ok(read),
            result => result.map(|()| read),
        }
    }

    /// Writes behind what is on its way.
    fn push_to(
        self: &Arc<Self>,
        mut output: MutexGuard<'_, Output>,
        bytes: &[u8],
    ) -> Result<(), End> {
        match &mut *output {
            Output::Open => {}
            Output::Writing {
                behind,
                is_last: false,
                ..
            } => {
                behind.extend_from_slice(bytes);
                return Ok(());
            }
            Output::Failed(kind) => return Err(End::Failed(*kind)),
            Output::Writing { .. } | Output::Ended => return Err(End::Closed),
        }
        let mut written = 0;
        match self.try_write(bytes, &mut written) {
            Ok(true) => Ok(()),
            Ok(false) => {
                *output = Output::Writing {
                    waker: None,
                    behind: Vec::new(),
                    is_last: false,
                };
                let rest = bytes[written..].to_vec();
                tokio::spawn(self.clone().write_on(rest));
                Ok(())
            }
            Err(kind) => {
                *output = Output::failed(kind);
                Err(match &*output {
                    Output::Failed(kind) => End::Failed(*kind),
                    _ => End::Closed,
                })
            }
        }
    }

    /// Writes until there is no room; returns whether that was all.
    fn try_write(&self, bytes: &[u8], written: &mut usize) -> Result<bool, ErrorKind> {
        while *written < bytes.len() {
            match self.tcp.try_write(&bytes[*written..]) {
                Ok(len) => *written += len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.kind()),
            }
        }
        Ok(true)
    }

    /// Writes what found no room, for as long as anybody cares.
    async fn write_on(self: Arc<Self>, mut rest: Vec<u8>) {
        let mut give_up = pin!(async {
            self.left.notified().await;
            sleep_until(Instant::now() + LINGER).await;
        });
        let waker = loop {
            let next = tokio::select! {
                next = self.write_all(&rest) => next,
                () = &mut give_up => Output::Ended,
            };
            let mut output = self.output();
            if let (Output::Open, Output::Writing { behind, .. }) = (&next, &mut *output)
                && !behind.is_empty()
            {
                rest = std::mem::take(behind);
                continue;
            }
            let Output::Writing { waker, is_last, .. } = std::mem::replace(&mut *output, next)
            else {
                return;
            };
            if is_last {
                *output = Output::Ended;
                shut_down(&self.tcp, Shutdown::Write);
            }
            break waker;
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Writes all of it; returns what that makes of the output.
    async fn write_all(&self, bytes: &[u8]) -> Output {
        let mut written = 0;
        loop {
            // A failure is told by writing.
            let _ = self.tcp.writable().await;
            match self.try_write(bytes, &mut written) {
                Ok(true) => return Output::Open,
                Ok(false) => {}
                Err(kind) => return Output::failed(kind),
            }
        }
    }

    pub(super) fn shut_down(&self, how: ShutdownType) {
        if how != ShutdownType::Send && !self.input_ended.swap(true, Ordering::Relaxed) {
            shut_down(&self.tcp, Shutdown::Read);
        }
        if how == ShutdownType::Receive {
            return;
        }
        let mut output = self.output();
        match &mut *output {
            Output::Open => {
                *output = Output::Ended;
                shut_down(&self.tcp, Shutdown::Write);
            }
            Output::Writing { is_last, .. } => *is_last = true,
            Output::Failed(_) | Output::Ended => {}
        }
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        // Nothing panics while holding the lock.
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Duplex for Stream {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.input_ended.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        // A failure is told by reading.
        self.tcp.poll_read_ready(cx).map(drop)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.output() {
            Output::Open => self.tcp.poll_write_ready(cx).map(drop),
            Output::Writing { waker, .. } => {
                *waker = Some(cx.waker().clone());
                Poll::Pending
            }
            Output::Failed(_) | Output::Ended => Poll::Ready(()),
        }
    }

    fn read(&self, len: u64) -> Result<Vec<u8>, End> {
        if self.input_ended.load(Ordering::Relaxed) {
            return Err(End::Closed);
        }
        let len = usize::try_from(len).map_or(MAX_READ_LEN, |len| len.min(MAX_READ_LEN));
        let mut bytes = Vec::with_capacity(len);
        if len == 0 {
            return Ok(bytes);
        }
        let end = match self.try_read(&mut bytes) {
            Ok(0) => End::Closed,
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(bytes),
            Err(error) => End::Failed(error.kind()),
        };
        self.input_ended.store(true, Ordering::Relaxed);
        Err(end)
    }

    fn permit(&self) -> Result<u64, End> {
        match &*self.output() {
            Output::Open => {
                // What Tokio knows: it does not ask the system.
                let known = self.tcp.try_io(Interest::WRITABLE, || Ok(()));
                Ok(known.map_or(0, |()| MAX_WRITE_LEN as u64))
            }
            Output::Writing { .. } => Ok(0),
            Output::Failed(kind) => Err(End::Failed(*kind)),
            Output::Ended => Err(End::Closed),
        }
    }

    fn write(self: Arc<Self>, bytes: &[u8]) -> wasmtime::Result<Result<(), End>> {
        let output = self.output();
        let permitted = match &*output {
            Output::Open => bytes.len() <= MAX_WRITE_LEN,
            Output::Writing { .. } => false,
            Output::Failed(_) | Output::Ended => true,
        };
        if !permitted {
            return Err(wasmtime::Error::msg("more is written than was permitted"));
        }
        Ok(self.push_to(output, bytes))
    }

    fn push(self: Arc<Self>, bytes: &[u8]) -> Result<(), End> {
        self.push_to(self.output(), bytes)
    }

    fn end_output(&self) {
        self.shut_down(ShutdownType::Send);
    }

    fn leave(&self) {
        self.left.notify_one();
    }
}

impl Output {
    /// What becomes of an output whose socket fails so.
    fn failed(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::BrokenPipe => Self::Ended,
            kind => Self::Failed(kind),
        }
    }
}

/// Ends a direction of a socket. It fails only if that has ended already.
fn shut_down(tcp: &TcpStream, how: Shutdown) {
    if let Err(error) = rustix::net::shutdown(tcp, how) {
        debug!(%error, "already ended");
    }
}

/// `input-stream`.
pub(super) struct InputStream(pub(super) Arc<dyn Duplex>);

/// `output-stream`.
pub(super) struct OutputStream(pub(super) Arc<dyn Duplex>);

impl Drop for OutputStream {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            // In one word, as wasmtime's own has it.
            Self::Failed(kind) => write!(f, "{kind:?}"),
            #[cfg(feature = "wasi-tls")]
            Self::TlsFailed(message) => f.write_str(message),
        }
    }
}

impl End {
    fn into_error(self, table: &mut ResourceTable) -> wasmtime::Result<StreamError> {
        if let Self::Closed = self {
            return Ok(StreamError::Closed);
        }
        let error = table.push(wasmtime::Error::msg(self.to_string()))?;
        Ok(StreamError::LastOperationFailed(error))
    }
}

/// What a function of a stream returns.
fn told<T>(
    result: Result<T, End>,
    table: &mut ResourceTable,
) -> wasmtime::Result<(Result<T, StreamError>,)> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(end) => Err(end.into_error(table)?),
    },))
}

pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut streams = linker.instance("wasi:io/streams@0.2.12")?;
    define_resource::<InputStream>(&mut streams, "input-stream")?;
    define_resource::<OutputStream>(&mut streams, "output-stream")?;
    streams.func_wrap(
        "[method]input-stream.read",
        |mut store, (stream, len): (Resource<InputStream>, u64)| {
            let table = &mut store.data_mut().wasi.table;
            let read = table.get(&stream)?.0.read(len);
            told(read, table)
        },
    )?;
    streams.func_wrap(
        "[method]input-stream.subscribe",
        |mut store, (stream,): (Resource<InputStream>,)| {
            let table = &mut store.data_mut().wasi.table;
            let stream = table.get(&stream)?.0.clone();
            Ok((table.push(Pollable::from(Source::Input(stream)))?,))
        },
    )?;
    streams.func_wrap(
        "[method]output-stream.check-write",
        |mut store, (stream,): (Resource<OutputStream>,)| {
            let table = &mut store.data_mut().wasi.table;
            let permit = table.get(&stream)?.0.permit();
            told(permit, table)
        },
    )?;
    streams.func_wrap(
        "[method]output-stream.write",
        |mut store, (stream, bytes): (Resource<OutputStream>, WasmList<u8>)| {
            let stream = store.data().wasi.table.get(&stream)?;
            let written = stream.0.clone().write(bytes.as_le_slice(&store))?;
            told(written, &mut store.data_mut().wasi.table)
        },
    )?;
    streams.func_wrap(
        "[method]output-stream.subscribe",
        |mut store, (stream,): (Resource<OutputStream>,)| {
            let table = &mut store.data_mut().wasi.table;
            let stream = table.get(&stream)?.0.clone();
            Ok((table.push(Pollable::from(Source::Output(stream)))?,))
        },
    )
}
