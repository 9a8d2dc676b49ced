//! What every client on Tokio does for a task.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::clock::monotonic_nanos;
use crate::target::Target;
use crate::task::{
    CROWD_LEN, Measured, PAIR_LEN, Payload, Stopwatch, Task, numbered, resident_kib,
};

/// What a client needs to connect, made once.
pub(crate) trait Dialer: Send + Sync + 'static {
    type Client: Client;

    /// Whether its connections share what there is one of while there is a connection.
    const SHARES: bool = false;

    fn new(roots: &str) -> Self;

    /// Whether it has what the task is about.
    fn does(task: Task) -> bool;

    /// Connects, and waits until the connection is open.
    fn connect(&self, target: &Target) -> impl Future<Output = Self::Client> + Send;
}

/// A connection.
pub(crate) trait Client: Send + 'static {
    /// Sends a message, binary.
    fn send(&mut self, payload: &[u8]) -> impl Future<Output = ()> + Send;

    /// Waits for a message.
    fn receive(&mut self) -> impl Future<Output = Vec<u8>> + Send;

    /// Sends these messages in turn, `count` in all, while no more than `window` are not answered.
    fn in_flight(
        self,
        messages: Vec<Vec<u8>>,
        window: usize,
        count: usize,
    ) -> impl Future<Output = ()> + Send;

    /// Closes the connection.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// Does `work` on one thread, as the server has one: the machine that this is for has two cores. It is
/// a task, as connections are in programs: what Tokio is blocked on itself is woken through the system.
pub(crate) fn block_on<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(runtime.spawn(work)).expect("the work")
}

/// Does a task, with the server at `target`; at `resumable` it makes sessions of TLS.
pub(crate) fn run<D: Dialer>(
    dialer: &Arc<D>,
    task: Task,
    target: Target,
    resumable: Target,
) -> Measured {
    let dialer = dialer.clone();
    block_on(async move { run_with(&*dialer, task, &target, &resumable).await })
}

async fn run_with<D: Dialer>(
    dialer: &D,
    task: Task,
    target: &Target,
    resumable: &Target,
) -> Measured {
    let connect = || dialer.connect(target);
    match task {
        Task::RoundTrips { len, count } => round_trips(connect().await, len, count).await,
        Task::InFlight {
            payload,
            window,
            count,
        } => in_flight(connect().await, payload, window, count).await,
        Task::Crowd { connections, each } => {
            let mut clients = Vec::new();
            for _ in 0..connections {
                clients.push(connect().await);
            }
            crowd(clients, each).await
        }
        Task::Pairs { count } => pairs(connect().await, count).await,
        Task::Handshakes { resumed, count } => {
            let first = if resumed || D::SHARES {
                Some(dialer.connect(resumable).await)
            } else {
                None
            };
            let mut times = Vec::new();
            let stopwatch = Stopwatch::start();
            for _ in 0..count {
                let start = Instant::now();
                let client = connect().await;
                times.push(start.elapsed());
                client.close().await;
            }
            let measured = stopwatch.stop(times);
            // Not before: an instance is gone with its last connection, and so are its sessions.
            if let Some(first) = first {
                first.close().await;
            }
            measured
        }
        Task::Idle { connections } => {
            let before = resident_kib();
            let mut clients = Vec::new();
            for _ in 0..connections {
                clients.push(connect().await);
            }
            let kib = resident_kib().saturating_sub(before);
            for client in clients {
                client.close().await;
            }
            Measured {
                kib,
                ..Measured::default()
            }
        }
    }
}

async fn round_trips<C: Client>(mut client: C, len: u32, count: u32) -> Measured {
    let mut payload = numbered(0, len);
    let mut times = Vec::with_capacity(count as usize);
    let stopwatch = Stopwatch::start();
    for i in 0..count {
        payload[..4].copy_from_slice(&i.to_be_bytes());
        let start = Instant::now();
        client.send(&payload).await;
        let echo = client.receive().await;
        times.push(start.elapsed());
        assert_eq!(echo, payload);
    }
    let measured = stopwatch.stop(times);
    client.close().await;
    measured
}

async fn in_flight<C: Client>(client: C, payload: Payload, window: u32, count: u32) -> Measured {
    let messages = payload.distinct(window);
    let stopwatch = Stopwatch::start();
    client
        .in_flight(messages, window as usize, count as usize)
        .await;
    stopwatch.stop(Vec::new())
}

async fn crowd<C: Client>(clients: Vec<C>, each: u32) -> Measured {
    let stopwatch = Stopwatch::start();
    let echoes = (0..).zip(clients).map(|(number, mut client)| {
        tokio::spawn(async move {
            for i in 0..each {
                let payload = numbered(number * each + i, CROWD_LEN);
                client.send(&payload).await;
                assert_eq!(client.receive().await, payload);
            }
            client
        })
    });
    let clients = join_all(echoes).await;
    let measured = stopwatch.stop(Vec::new());
    let closes = clients
        .into_iter()
        .map(|client| tokio::spawn(client.expect("its echoes").close()));
    for closed in join_all(closes).await {
        closed.expect("a closing handshake");
    }
    measured
}

async fn pairs<C: Client>(mut client: C, count: u32) -> Measured {
    let mut times = Vec::with_capacity(count as usize);
    let stopwatch = Stopwatch::start();
    for i in 0..count {
        let (first, second) = (numbered(2 * i, PAIR_LEN), numbered(2 * i + 1, PAIR_LEN));
        client.send(&first).await;
        let start = monotonic_nanos();
        client.send(&second).await;
        let answer = client.receive().await;
        let (echo, arrival) = answer.split_last_chunk().expect("a time");
        assert_eq!(echo, second);
        let arrival = u64::from_be_bytes(*arrival);
        times.push(Duration::from_nanos(arrival - start));
    }
    let measured = stopwatch.stop(times);
    client.close().await;
    measured
}
