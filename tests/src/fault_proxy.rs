use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Echo, pass};

/// How much is read at a time, in bytes: more than either side writes at a time.
const READ_LEN: usize = 64 << 10;

/// Somebody on the way between a client and a server of this machine, who does one thing wrong, at
/// one byte of what they exchange.
///
/// What is before that byte has been passed on, and the byte has arrived and has not: so everything
/// that had to happen for it to be sent has happened. Unless the fault is a reset, the client is
/// never reset: the proxy reads from it until it ends, and passes on the server's end, of whatever
/// kind, as one in order.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    counts: Arc<Counts>,
    struck: watch::Receiver<bool>,
    passing: JoinHandle<Vec<Passed>>,
}

/// The directions in which bytes are passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What goes wrong, and where.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// In what is passed on in which direction.
    pub direction: Direction,
    /// At which byte of that, from 0; the end of the stream is the one after the last.
    pub at: usize,
    /// What is done there.
    pub action: Action,
}

impl Fault {
    /// Whether it kills the server, which others then cannot use.
    pub fn kills(&self) -> bool {
        self.action == Action::Kill
    }
}

/// What is done in place of passing on a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing is changed: bytes are counted, and written down.
    Watch,
    /// Both connections are reset.
    Reset,
    /// Nothing more is passed on in this direction, not even the server's end.
    Stall,
    /// This direction ends. The other does not.
    HalfClose,
    /// The server is killed: its connections end without what it would have said.
    Kill,
    /// The byte and what follows is held back for this long.
    Delay(Duration),
    /// Each byte from here on is passed on by itself, in a segment of TCP of its own. Whether it is
    /// read by itself is up to the reader: [`Relay`](crate::Relay) sees to that.
    Split,
    /// These bits of the byte are flipped.
    Corrupt(u8),
}

/// Bytes as they arrived, before any fault, in the order in which they did.
#[derive(Clone, Debug)]
pub struct Passed {
    /// Where they were going.
    pub direction: Direction,
    /// The bytes.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Counts {
    up: AtomicUsize,
    down: AtomicUsize,
}

impl FaultProxy {
    /// Stands in front of this server, for one client.
    pub async fn start(server: &Arc<Echo>, fault: Fault) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("its number");
        let counts = Arc::new(Counts::default());
        let (strike, struck) = watch::channel(false);
        let way = Way {
            fault,
            server: server.clone(),
            counts: counts.clone(),
            strike,
            passed: Mutex::default(),
        };
        let passing = tokio::spawn(async move {
            let (client, _) = listener.accept().await.expect("a client");
            drop(listener);
            way.run(client).await
        });
        Self {
            address,
            counts,
            struck,
            passing,
        }
    }

    /// The port in front of the server's.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How many bytes have arrived so far to be passed on.
    pub fn count(&self, direction: Direction) -> usize {
        self.counts.of(direction).load(Ordering::SeqCst)
    }

    /// Whether the byte of the fault has arrived.
    pub fn has_struck(&self) -> bool {
        *self.struck.borrow()
    }

    /// Waits until the byte of the fault has arrived; for ever if it does not.
    pub async fn until_struck(&self) {
        let mut struck = self.struck.clone();
        if struck.wait_for(|struck| *struck).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits until both sides are done with each other.
    ///
    /// # Panics
    ///
    /// If the proxy did.
    pub async fn finish(self) -> Vec<Passed> {
        self.passing.await.expect("a proxy that did not panic")
    }
}

impl Counts {
    fn of(&self, direction: Direction) -> &AtomicUsize {
        match direction {
            Direction::Up => &self.up,
            Direction::Down => &self.down,
        }
    }
}

/// The way between one client and the server.
struct Way {
    fault: Fault,
    server: Arc<Echo>,
    counts: Arc<Counts>,
    strike: watch::Sender<bool>,
    passed: Mutex<Vec<Passed>>,
}

/// What becomes of the bytes that arrive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    PassedOn,
    PassedOnOneByOne,
    /// Read, and forgotten, and so is the end of what the server sends.
    Discarded,
}

/// The connections are to be reset.
struct Reset;

impl Way {
    async fn run(self, mut client: TcpStream) -> Vec<Passed> {
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, self.server.port())).await;
        let mut server = server.expect("a server");
        for stream in [&client, &server] {
            stream.set_nodelay(true).expect("an option of TCP");
        }
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let ended = tokio::try_join!(
            self.pass(Direction::Up, &mut from_client, &mut to_server),
            self.pass(Direction::Down, &mut from_server, &mut to_client),
        );
        if let Err(Reset) = ended {
            // What the client received before a reset it can read after it, on Linux.
            for stream in [&client, &server] {
                stream.set_zero_linger().expect("an option of TCP");
            }
        }
        self.passed.into_inner().expect("no panic meanwhile")
    }

    /// Passes on what arrives until its sender ends.
    async fn pass(
        &self,
        direction: Direction,
        from: &mut ReadHalf<'_>,
        to: &mut WriteHalf<'_>,
    ) -> Result<(), Reset> {
        let at = (self.fault.direction == direction).then_some(self.fault.at);
        let count = self.counts.of(direction);
        let mut fate = Fate::PassedOn;
        let mut buffer = vec![0; READ_LEN];
        loop {
            let start = count.load(Ordering::SeqCst);
            // An end of any kind is one.
            let len = from.read(&mut buffer).await.unwrap_or(0);
            let bytes = &mut buffer[..len];
            self.note(direction, bytes);
            count.fetch_add(len, Ordering::SeqCst);
            // The end of the stream is at the byte after the last.
            let arrived = start..start + len.max(1);
            match at.filter(|at| arrived.contains(at)) {
                None => deliver(fate, bytes, to).await,
                Some(at) => {
                    let (before, rest) = bytes.split_at_mut(at - start);
                    deliver(fate, before, to).await;
                    fate = self.strike(rest, to).await?;
                    deliver(fate, rest, to).await;
                }
            }
            if len == 0 {
                // A client that is gone needs its server no longer, whatever became of its bytes.
                if fate != Fate::Discarded || direction == Direction::Up {
                    end(to).await;
                }
                return Ok(());
            }
        }
    }

    /// Does what goes wrong at the first of these bytes; says what becomes of them.
    async fn strike(&self, bytes: &mut [u8], to: &mut WriteHalf<'_>) -> Result<Fate, Reset> {
        self.strike.send_replace(true);
        Ok(match self.fault.action {
            Action::Watch => Fate::PassedOn,
            Action::Reset => return Err(Reset),
            Action::Stall => Fate::Discarded,
            Action::HalfClose => {
                end(to).await;
                Fate::Discarded
            }
            Action::Kill => {
                self.server.kill();
                end(to).await;
                Fate::Discarded
            }
            Action::Delay(time) => {
                pass(time).await;
                Fate::PassedOn
            }
            Action::Split => Fate::PassedOnOneByOne,
            Action::Corrupt(bits) => {
                if let Some(byte) = bytes.first_mut() {
                    *byte ^= bits;
                }
                Fate::PassedOn
            }
        })
    }

    fn note(&self, direction: Direction, bytes: &[u8]) {
        if !bytes.is_empty() {
            let bytes = bytes.to_owned();
            let mut passed = self.passed.lock().expect("no panic meanwhile");
            passed.push(Passed { direction, bytes });
        }
    }
}

async fn deliver(fate: Fate, bytes: &[u8], to: &mut WriteHalf<'_>) {
    // It fails if the receiver is gone. Its own direction tells, and the sender is heard out.
    match fate {
        Fate::PassedOn => drop(to.write_all(bytes).await),
        Fate::PassedOnOneByOne => {
            for byte in bytes {
                drop(to.write_all(&[*byte]).await);
                tokio::task::yield_now().await;
            }
        }
        Fate::Discarded => {}
    }
}

async fn end(to: &mut WriteHalf<'_>) {
    // It fails if the receiver is gone.
    let _ = to.shutdown().await;
}
