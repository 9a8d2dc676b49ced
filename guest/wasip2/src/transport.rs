//! The network: names, sockets, streams, and what to wait for.
//!
//! WASI 0.2 traps when something is dropped before its children: a pollable is a child of what it
//! was made from, a stream is one of its socket, or of its TLS connection. So resources are dropped here in one place each,
//! children first, and what the caller holds pollables of (see [`Loans`]) is kept until they are
//! back.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use spin::Mutex;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::{ResolveAddressStream, resolve_addresses};
use wasip2::sockets::network::{ErrorCode, IpAddressFamily};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasocket_client::{AttemptId, LookupError, TransportError, TransportErrorKind, write_len};
use wasocket_shell::ReadLen;

use crate::convert;
use crate::tls::{Handshake, HostTls, Pending};

/// Behind so many bytes at once the rest of them is likely to follow while they are handled: to read
/// again, even in vain, costs less than to wait for it.
const LONG_READ_LEN: usize = 16 << 10;

/// How a name becomes a stream, and the stream.
pub(crate) struct Transport {
    lookup: Option<Lookup>,
    attempts: Vec<(AttemptId, Watched<TcpSocket>)>,
    securing: Option<Securing>,
    stream: Option<Stream>,
    loans: Loans,
    /// Rises with every change of what there is to wait for, but for the directions of the stream.
    generation: u32,
}

/// A name that is being resolved.
struct Lookup {
    name: String,
    addresses: Watched<ResolveAddressStream>,
}

/// A resource, and a pollable of it for our own use.
struct Watched<R> {
    // Dropped first, as fields are in their order.
    pollable: Pollable,
    resource: R,
}

/// A connected socket, whose streams the host has for its TLS handshake.
struct Securing {
    handshake: Handshake,
    socket: TcpSocket,
}

/// A connected socket. The fields stand in the order in which they must be dropped.
struct Stream {
    input_ready: Pollable,
    output_ready: Pollable,
    input: InputStream,
    output: OutputStream,
    /// What gives and takes plaintext, if the host does TLS.
    tls: Option<HostTls>,
    socket: TcpSocket,
    read_len: ReadLen,
}

/// What there is to wait for, to be compared with what it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interest {
    generation: u32,
    input: bool,
    output: bool,
}

/// What a read came to.
pub(crate) enum Read {
    /// These bytes; `more` if it is likely that others are there.
    Bytes {
        bytes: Vec<u8>,
        more: bool,
    },
    WouldBlock,
    Eof,
    Failed(TransportError),
}

/// The pollables that the caller holds, and what cannot be dropped before they are back.
#[derive(Default)]
struct Loans {
    count: usize,
    kept: Vec<Parent>,
}

/// Something that pollables are made from.
enum Parent {
    #[expect(dead_code, reason = "held only to be dropped")]
    Lookup(ResolveAddressStream),
    #[expect(dead_code, reason = "held only to be dropped")]
    Socket(TcpSocket),
    Handshake(Pending),
    Streams(Streams),
}

/// The parts of a stream whose pollables are dropped, in the order in which they must be.
struct Streams {
    #[expect(dead_code, reason = "held only to be dropped")]
    input: InputStream,
    output: OutputStream,
    #[expect(dead_code, reason = "held only to be dropped")]
    tls: Option<HostTls>,
    #[expect(dead_code, reason = "held only to be dropped")]
    socket: TcpSocket,
}

/// Streams that were closed while the host still wrote to them. wasmtime lets the dropping of an
/// output stream wait for such a write, and a peer that does not read would make it wait for ever.
static UNFINISHED: Mutex<Vec<Streams>> = Mutex::new(Vec::new());

/// Drops the closed streams whose last write has ended meanwhile, in success or not.
pub(crate) fn drop_unfinished() {
    UNFINISHED.lock().retain(Streams::is_writing);
}

impl Streams {
    /// Whether the host has yet to write what was passed to it.
    fn is_writing(&self) -> bool {
        matches!(self.output.check_write(), Ok(0))
    }
}

impl Transport {
    pub(crate) fn new() -> Self {
        Self {
            lookup: None,
            attempts: Vec::new(),
            securing: None,
            stream: None,
            loans: Loans::default(),
            generation: 0,
        }
    }

    /// Starts to resolve a name.
    pub(crate) fn resolve(&mut self, name: String) -> Result<(), TransportError> {
        let addresses = resolve_addresses(&instance_network(), &name)
            .map_err(|code| lookup_error(code, &name))?;
        self.generation += 1;
        self.lookup = Some(Lookup {
            name,
            addresses: Watched {
                pollable: addresses.subscribe(),
                resource: addresses,
            },
        });
        Ok(())
    }

    /// The addresses of the name, once they are known.
    pub(crate) fn poll_resolved(&mut self) -> Option<Result<Vec<IpAddr>, TransportError>> {
        let lookup = self.lookup.as_ref()?;
        let mut addresses = Vec::new();
        let result = loop {
            match lookup.addresses.resource.resolve_next_address() {
                Ok(Some(address)) => addresses.push(convert::ip_addr(address)),
                Ok(None) => break Ok(addresses),
                // The first answer is the one that takes time; all others are there with it.
                Err(ErrorCode::WouldBlock) if addresses.is_empty() => return None,
                Err(ErrorCode::WouldBlock) => break Ok(addresses),
                Err(code) => break Err(lookup_error(code, &lookup.name)),
            }
        };
        self.drop_lookup();
        Some(result)
    }

    /// Starts to open a connection to an address.
    pub(crate) fn attempt(
        &mut self,
        id: AttemptId,
        address: SocketAddr,
    ) -> Result<(), TransportError> {
        let family = if address.is_ipv6() {
            IpAddressFamily::Ipv6
        } else {
            IpAddressFamily::Ipv4
        };
        let socket = create_tcp_socket(family).map_err(connect_error)?;
        socket
            .start_connect(&instance_network(), convert::ip_socket_address(address))
            .map_err(connect_error)?;
        self.generation += 1;
        self.attempts.push((
            id,
            Watched {
                pollable: socket.subscribe(),
                resource: socket,
            },
        ));
        Ok(())
    }

    /// The next attempt that is done, and whether it succeeded. With the first success there is a
    /// stream, and all other attempts are given up.
    pub(crate) fn poll_attempt(&mut self) -> Option<(AttemptId, Result<(), TransportError>)> {
        for index in 0..self.attempts.len() {
            let (id, socket) = &self.attempts[index];
            let (id, result) = match socket.resource.finish_connect() {
                Err(ErrorCode::WouldBlock) => continue,
                result => (*id, result),
            };
            let (_, socket) = self.attempts.swap_remove(index);
            self.generation += 1;
            return Some(match result {
                Ok((input, output)) => {
                    drop(socket.pollable);
                    self.stream = Some(Stream::new(input, output, None, socket.resource));
                    self.drop_attempts();
                    (id, Ok(()))
                }
                Err(code) => {
                    drop(socket.pollable);
                    self.loans.drop_or_keep(Parent::Socket(socket.resource));
                    (id, Err(connect_error(code)))
                }
            });
        }
        None
    }

    /// Has the host start its TLS handshake on the stream, which is to be nobody's but ours yet: what
    /// the caller has pollables of cannot be given away.
    pub(crate) fn secure(&mut self, name: &str) -> Result<(), TransportError> {
        let Some(stream) = self.stream.take() else {
            return Ok(());
        };
        self.generation += 1;
        drop((stream.input_ready, stream.output_ready));
        let handshake = Handshake::start(name, stream.input, stream.output)?;
        self.securing = Some(Securing {
            handshake,
            socket: stream.socket,
        });
        Ok(())
    }

    /// Whether the host's TLS handshake succeeded, once it is done. What the stream gives and takes
    /// is plaintext then.
    pub(crate) fn poll_secured(&mut self) -> Option<Result<(), TransportError>> {
        let securing = self.securing.as_ref()?;
        let secured = securing.handshake.poll()?;
        let Securing { handshake, socket } = self.securing.take()?;
        self.generation += 1;
        self.loans
            .drop_or_keep(Parent::Handshake(handshake.into_pending()));
        Some(match secured {
            Ok((tls, input, output)) => {
                self.stream = Some(Stream::new(input, output, Some(tls), socket));
                Ok(())
            }
            Err(error) => {
                self.loans.drop_or_keep(Parent::Socket(socket));
                Err(error)
            }
        })
    }

    /// Reads what is there, up to a length that follows what comes.
    pub(crate) fn read(&mut self) -> Read {
        let Some(stream) = &mut self.stream else {
            return Read::WouldBlock;
        };
        let read_len = stream.read_len.get();
        match stream.input.read(read_len as u64) {
            Ok(bytes) if bytes.is_empty() => Read::WouldBlock,
            Ok(bytes) => {
                stream.read_len.update(bytes.len());
                Read::Bytes {
                    more: bytes.len() == read_len || bytes.len() >= LONG_READ_LEN,
                    bytes,
                }
            }
            Err(StreamError::Closed) => Read::Eof,
            Err(StreamError::LastOperationFailed(error)) => {
                Read::Failed(stream_error(&error.to_debug_string()))
            }
        }
    }

    /// Writes as much of `bytes` as there is room for; 0 if there is none now.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<usize, TransportError> {
        let Some(stream) = &self.stream else {
            return Ok(0);
        };
        // Writing more than was permitted traps, and so does writing without asking.
        let permit = stream.output.check_write().map_err(write_error)?;
        let permit = usize::try_from(permit).unwrap_or(usize::MAX);
        let len = write_len(bytes.len(), permit);
        if len > 0 {
            stream.output.write(&bytes[..len]).map_err(write_error)?;
        }
        Ok(len)
    }

    /// Ends our side of the stream, after what is written.
    pub(crate) fn end_sending(&self) {
        let Some(stream) = &self.stream else {
            return;
        };
        match &stream.tls {
            // By close_notify.
            Some(tls) => tls.close_output(),
            // It fails only if the stream is broken, which reading tells.
            None => drop(stream.socket.shutdown(ShutdownType::Send)),
        }
    }

    /// Closes whatever there is.
    pub(crate) fn close(&mut self) {
        self.drop_lookup();
        self.drop_attempts();
        if let Some(Securing { handshake, socket }) = self.securing.take() {
            self.generation += 1;
            self.loans
                .drop_or_keep(Parent::Handshake(handshake.into_pending()));
            self.loans.drop_or_keep(Parent::Socket(socket));
        }
        if let Some(stream) = self.stream.take() {
            self.generation += 1;
            let Stream {
                input_ready,
                output_ready,
                input,
                output,
                tls,
                socket,
                read_len: _,
            } = stream;
            drop((input_ready, output_ready));
            // The peer is told even if the parts have to be kept. It fails only if the stream is
            // broken, and then the peer knows.
            let _ = socket.shutdown(ShutdownType::Both);
            self.loans.drop_or_keep(Parent::Streams(Streams {
                input,
                output,
                tls,
                socket,
            }));
        }
    }

    fn drop_lookup(&mut self) {
        if let Some(lookup) = self.lookup.take() {
            self.generation += 1;
            drop(lookup.addresses.pollable);
            self.loans
                .drop_or_keep(Parent::Lookup(lookup.addresses.resource));
        }
    }

    fn drop_attempts(&mut self) {
        for (_, socket) in self.attempts.drain(..) {
            self.generation += 1;
            drop(socket.pollable);
            self.loans.drop_or_keep(Parent::Socket(socket.resource));
        }
    }

    /// What there is to wait for, given which directions of the stream are.
    pub(crate) fn interest(&self, input: bool, output: bool) -> Interest {
        Interest {
            generation: self.generation,
            input,
            output,
        }
    }

    /// Our own pollables of that interest.
    pub(crate) fn pollables(&self, interest: Interest) -> impl Iterator<Item = &Pollable> {
        let lookup = self.lookup.iter().map(|lookup| &lookup.addresses.pollable);
        let attempts = self.attempts.iter().map(|(_, socket)| &socket.pollable);
        let securing = self.securing.iter().map(|s| s.handshake.pollable());
        let input = self.stream.iter().filter(move |_| interest.input);
        let output = self.stream.iter().filter(move |_| interest.output);
        lookup
            .chain(attempts)
            .chain(securing)
            .chain(input.map(|stream| &stream.input_ready))
            .chain(output.map(|stream| &stream.output_ready))
    }

    /// Makes pollables of that interest for the caller.
    pub(crate) fn lend(&mut self, interest: Interest) -> Vec<Pollable> {
        let lookup = self
            .lookup
            .iter()
            .map(|lookup| lookup.addresses.resource.subscribe());
        let attempts = self.attempts.iter().map(|(_, s)| s.resource.subscribe());
        let securing = self.securing.iter().map(|s| s.handshake.subscribe());
        let input = self.stream.iter().filter(|_| interest.input);
        let output = self.stream.iter().filter(|_| interest.output);
        let pollables: Vec<Pollable> = lookup
            .chain(attempts)
            .chain(securing)
            .chain(input.map(|stream| stream.input.subscribe()))
            .chain(output.map(|stream| stream.output.subscribe()))
            .collect();
        self.loans.count += pollables.len();
        pollables
    }

    /// Takes pollables back.
    pub(crate) fn take_back(&mut self, pollables: Vec<Pollable>) {
        self.loans.count = self.loans.count.saturating_sub(pollables.len());
        drop(pollables);
        if self.loans.count == 0 {
            for parent in core::mem::take(&mut self.loans.kept) {
                parent.drop();
            }
        }
    }
}

impl Stream {
    fn new(
        input: InputStream,
        output: OutputStream,
        tls: Option<HostTls>,
        socket: TcpSocket,
    ) -> Self {
        Self {
            input_ready: input.subscribe(),
            output_ready: output.subscribe(),
            input,
            output,
            tls,
            socket,
            read_len: ReadLen::default(),
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.close();
        // Dropping what the caller still holds pollables of would trap, and take every other
        // websocket of the instance with it. The handles are let go with the instance.
        for parent in self.loans.kept.drain(..) {
            core::mem::forget(parent);
        }
    }
}

impl Loans {
    /// Drops a resource, none of whose pollables is ours any more, as soon as it can be.
    fn drop_or_keep(&mut self, parent: Parent) {
        if self.count > 0 {
            self.kept.push(parent);
        } else {
            parent.drop();
        }
    }
}

impl Parent {
    fn drop(self) {
        match self {
            Self::Streams(streams) if streams.is_writing() => UNFINISHED.lock().push(streams),
            // Dropped here.
            Self::Handshake(_pending) => {}
            Self::Lookup(_) | Self::Socket(_) | Self::Streams(_) => {}
        }
    }
}

fn lookup_error(code: ErrorCode, name: &str) -> TransportError {
    let error = match code {
        ErrorCode::AccessDenied => LookupError::AccessDenied,
        ErrorCode::InvalidArgument => LookupError::InvalidArgument,
        ErrorCode::NameUnresolvable => LookupError::NameUnresolvable,
        ErrorCode::TemporaryResolverFailure => LookupError::TemporaryResolverFailure,
        ErrorCode::PermanentResolverFailure => LookupError::PermanentResolverFailure,
        _ => LookupError::Other,
    };
    TransportError::lookup(name, error)
}

fn connect_error(code: ErrorCode) -> TransportError {
    let kind = match code {
        ErrorCode::AccessDenied => TransportErrorKind::AccessDenied,
        ErrorCode::ConnectionRefused => TransportErrorKind::ConnectionRefused,
        ErrorCode::RemoteUnreachable | ErrorCode::Timeout => TransportErrorKind::Unreachable,
        ErrorCode::ConnectionReset | ErrorCode::ConnectionAborted => {
            TransportErrorKind::ConnectionLost
        }
        _ => TransportErrorKind::Other,
    };
    TransportError {
        kind,
        message: code.name().replace('-', " "),
    }
}

fn write_error(error: StreamError) -> TransportError {
    match error {
        StreamError::Closed => stream_error("closed by the peer"),
        StreamError::LastOperationFailed(error) => stream_error(&error.to_debug_string()),
    }
}

fn stream_error(cause: &str) -> TransportError {
    TransportError {
        kind: TransportErrorKind::ConnectionLost,
        message: format!("the connection was lost: {}", in_words(cause)),
    }
}

/// What a host says about an error, for people: wasmtime says `ConnectionReset`, and may show a
/// backtrace in the lines after it.
pub(crate) fn in_words(debug_string: &str) -> String {
    let line = debug_string.lines().next().unwrap_or_default();
    if !line.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return line.into();
    }
    let mut words = String::new();
    for character in line.chars() {
        if character.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}
