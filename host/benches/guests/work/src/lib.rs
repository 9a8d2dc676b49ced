//! What each guest of the benchmark does: the work that `host/benches/peers/work.rs` measures, with
//! the guest's own clock. Every answer is checked, which no time is taken of.

mod packed;

use std::time::{Duration, Instant};

pub use packed::{PackedPayload, pack, unpack};

/// How many messages are under way at once when they are pipelined.
const IN_FLIGHT: usize = 64;

/// A connection of the client that the guest uses.
pub trait Client: Sized {
    /// What the payload of a message is given in.
    type Payload: AsRef<[u8]>;

    /// Connects, and waits until the connection is open. `roots` are the root certificates to trust,
    /// PEM.
    fn connect(url: &str, roots: Option<&str>) -> impl Future<Output = Self>;

    /// Sends a message, binary.
    fn send(&mut self, payload: &[u8]) -> impl Future<Output = ()>;

    /// Waits for a message.
    fn receive(&mut self) -> impl Future<Output = Self::Payload>;

    /// Sends these messages, and waits for messages: all that have come by then, at least one. The
    /// fastest way that the client's interface has.
    fn exchange(&mut self, payloads: Vec<Vec<u8>>) -> impl Future<Output = Vec<Self::Payload>>;

    /// Closes the connection.
    fn close(self) -> impl Future<Output = ()>;
}

/// Implements the world `guest` for `$bench`, by a [`Client`] that `$run` runs to its end.
#[macro_export]
macro_rules! blocking_guest {
    ($bench:ident, $client:ty, $run:path) => {
        impl Guest for $bench {
            fn round_trips(url: String, roots: Option<String>, len: u32, count: u32) -> Vec<u64> {
                $run($crate::round_trips::<$client>(
                    &url,
                    roots.as_deref(),
                    len,
                    count,
                ))
            }

            fn pipelined(url: String, roots: Option<String>, count: u32) -> u64 {
                $run($crate::pipelined::<$client>(&url, roots.as_deref(), count))
            }

            fn handshakes(url: String, roots: Option<String>, count: u32) -> Vec<u64> {
                $run($crate::handshakes::<$client>(&url, roots.as_deref(), count))
            }

            fn idle(url: String, roots: Option<String>, count: u32) {
                $run($crate::idle::<$client>(&url, roots.as_deref(), count));
            }
        }
    };
}

/// Implements the world `async-guest` for `$bench`, by a [`Client`].
#[macro_export]
macro_rules! async_guest {
    ($bench:ident, $client:ty) => {
        impl Guest for $bench {
            async fn round_trips(
                url: String,
                roots: Option<String>,
                len: u32,
                count: u32,
            ) -> Vec<u64> {
                $crate::round_trips::<$client>(&url, roots.as_deref(), len, count).await
            }

            async fn pipelined(url: String, roots: Option<String>, count: u32) -> u64 {
                $crate::pipelined::<$client>(&url, roots.as_deref(), count).await
            }

            async fn handshakes(url: String, roots: Option<String>, count: u32) -> Vec<u64> {
                $crate::handshakes::<$client>(&url, roots.as_deref(), count).await
            }

            async fn idle(url: String, roots: Option<String>, count: u32) {
                $crate::idle::<$client>(&url, roots.as_deref(), count).await;
            }
        }
    };
}

/// Sends a message of `len` bytes and waits for its echo, over and over; returns the times, in
/// nanoseconds.
pub async fn round_trips<C: Client>(
    url: &str,
    roots: Option<&str>,
    len: u32,
    count: u32,
) -> Vec<u64> {
    let mut client = C::connect(url, roots).await;
    let mut payload = vec![7; len as usize];
    let mut times = Vec::with_capacity(count as usize);
    for i in 0..count {
        payload[0] = i as u8;
        let start = Instant::now();
        client.send(&payload).await;
        let echo = client.receive().await;
        times.push(nanos(start.elapsed()));
        assert!(is_same(echo.as_ref(), &payload), "another payload");
    }
    client.close().await;
    times
}

/// Sends messages while no more than [`IN_FLIGHT`] are not answered; returns how long all of them
/// take, in nanoseconds.
pub async fn pipelined<C: Client>(url: &str, roots: Option<&str>, count: u32) -> u64 {
    let mut client = C::connect(url, roots).await;
    let count = count as usize;
    let (mut sent, mut received) = (0, 0);
    let start = Instant::now();
    while received < count {
        let end = count.min(received + IN_FLIGHT);
        let payloads = (sent..end).map(numbered).collect();
        sent = end;
        for payload in client.exchange(payloads).await {
            assert_eq!(payload.as_ref(), numbered(received));
            received += 1;
        }
    }
    let elapsed = nanos(start.elapsed());
    client.close().await;
    elapsed
}

/// Connects and closes, over and over; returns how long connecting takes, in nanoseconds.
pub async fn handshakes<C: Client>(url: &str, roots: Option<&str>, count: u32) -> Vec<u64> {
    let mut times = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let start = Instant::now();
        let client = C::connect(url, roots).await;
        times.push(nanos(start.elapsed()));
        client.close().await;
    }
    times
}

/// Opens connections, which stay for as long as the instance does.
pub async fn idle<C: Client>(url: &str, roots: Option<&str>, count: u32) {
    for _ in 0..count {
        std::mem::forget(C::connect(url, roots).await);
    }
}

/// Whether two payloads are the same. In vectors: wasi-libc's `memcmp` goes byte by byte, and would be
/// a third of what a client seems to compute for a message of 1 MiB.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |bits, (a, b)| bits | (a ^ b));
    one.len() == other.len() && differing == 0
}

/// A message of 128 bytes with its number in it.
fn numbered(number: usize) -> Vec<u8> {
    let mut payload = vec![7; 128];
    payload[..8].copy_from_slice(&(number as u64).to_be_bytes());
    payload
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos() as u64
}
