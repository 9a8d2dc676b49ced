//! Who takes part, and how each does the work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::clients::{Client, Dialer, Native};
use crate::guests::{Guest, Inside, Running};
use crate::server::Server;

/// Whether a name contains one of these texts. Without any, each will do.
pub(crate) fn contains_any(name: &str, texts: &[String]) -> bool {
    texts.is_empty() || texts.iter().any(|text| name.contains(text.as_str()))
}

/// How many messages are under way at once when they are pipelined.
const IN_FLIGHT: usize = 64;

/// One who takes part, ready to connect.
pub(crate) enum Contestant {
    Native(&'static str, Dialer),
    Guest(&'static str, Guest),
}

/// Connections that nothing is done with.
pub(crate) enum Idle {
    Native(Vec<Client>),
    /// They end with it.
    Guest(Running),
}

impl Contestant {
    /// Those with one of these texts in their name; all of them if there is no text.
    pub(crate) fn all(server: &Server, texts: &[String]) -> Vec<Self> {
        let native = |name, native| {
            contains_any(name, texts).then(|| Self::Native(name, Dialer::new(native, server)))
        };
        let guest =
            |name, inside| contains_any(name, texts).then(|| Self::Guest(name, Guest::new(inside)));
        [
            native("wasocket", Native::Wasocket),
            native("tokio-tungstenite", Native::Tungstenite),
            guest("0.2 guest", Inside::Wasip2),
            guest("0.3 guest", Inside::Wasip3),
            guest("wstd-tungstenite", Inside::Wstd),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Native(name, _) | Self::Guest(name, _) => name,
        }
    }

    /// Whether it connects over `wss`, or over `ws`.
    pub(crate) fn speaks(&self, secure: bool) -> bool {
        match self {
            Self::Native(..) => true,
            Self::Guest(_, guest) => guest.speaks(secure),
        }
    }

    /// Sends a message of `len` bytes and waits for its echo, over and over; returns the times.
    pub(crate) async fn round_trips(
        &self,
        server: &Server,
        secure: bool,
        len: u32,
        count: u32,
    ) -> Vec<Duration> {
        match self {
            Self::Native(_, dialer) => {
                let client = dialer.connect(server, secure).await;
                round_trips(client, len, count).await
            }
            Self::Guest(_, guest) => {
                let mut guest = guest.start(server, secure).await;
                guest.round_trips(len, count).await
            }
        }
    }

    /// Sends messages while no more than [`IN_FLIGHT`] are not answered.
    pub(crate) async fn pipelined(&self, server: &Server, secure: bool, count: u32) -> Duration {
        match self {
            Self::Native(_, dialer) => pipelined(dialer.connect(server, secure).await, count).await,
            Self::Guest(_, guest) => {
                let mut guest = guest.start(server, secure).await;
                guest.pipelined(count).await
            }
        }
    }

    /// Connects and closes, over and over; returns how long connecting takes.
    pub(crate) async fn handshakes(
        &self,
        server: &Server,
        secure: bool,
        count: u32,
    ) -> Vec<Duration> {
        let dialer = match self {
            Self::Native(_, dialer) => dialer,
            Self::Guest(_, guest) => {
                let mut guest = guest.start(server, secure).await;
                return guest.handshakes(count).await;
            }
        };
        let mut times = Vec::new();
        for _ in 0..count {
            let start = Instant::now();
            let client = dialer.connect(server, secure).await;
            times.push(start.elapsed());
            client.close().await;
        }
        times
    }

    pub(crate) async fn idle(&self, server: &Server, secure: bool, count: u32) -> Idle {
        match self {
            Self::Native(_, dialer) => {
                let mut clients = Vec::new();
                for _ in 0..count {
                    clients.push(dialer.connect(server, secure).await);
                }
                Idle::Native(clients)
            }
            Self::Guest(_, guest) => {
                let mut guest = guest.start(server, secure).await;
                guest.idle(count).await;
                Idle::Guest(guest)
            }
        }
    }
}

impl Idle {
    pub(crate) async fn close(self) {
        match self {
            Self::Native(clients) => {
                for client in clients {
                    client.close().await;
                }
            }
            Self::Guest(guest) => drop(guest),
        }
    }
}

async fn round_trips(mut client: Client, len: u32, count: u32) -> Vec<Duration> {
    let mut payload = vec![7; len as usize];
    let mut times = Vec::with_capacity(count as usize);
    for i in 0..count {
        payload[0] = i as u8;
        let start = Instant::now();
        client.send(&payload).await;
        let echo = client.receive().await;
        times.push(start.elapsed());
        assert_eq!(echo, payload);
    }
    client.close().await;
    times
}

async fn pipelined(client: Client, count: u32) -> Duration {
    let count = u64::from(count);
    let (mut tx, mut rx) = client.split();
    let window = Arc::new(Semaphore::new(IN_FLIGHT));
    let start = Instant::now();
    let sender_window = window.clone();
    let sender = tokio::spawn(async move {
        for i in 0..count {
            sender_window.acquire().await.expect("open").forget();
            let mut payload = [7; 128];
            payload[..8].copy_from_slice(&i.to_be_bytes());
            tx.send(&payload).await;
        }
        tx
    });
    for i in 0..count {
        let payload = rx.receive().await;
        assert_eq!(payload.len(), 128);
        assert_eq!(payload[..8], i.to_be_bytes());
        window.add_permits(1);
    }
    let elapsed = start.elapsed();
    sender.await.expect("the sender");
    elapsed
}
