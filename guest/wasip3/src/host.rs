//! The host's clocks and its randomness: all that comes from outside but the network.

use wasip3::clocks::{monotonic_clock, system_clock};
use wasip3::random::random;
use wasocket_client::{Entropy, Instant};

/// What time it is on the monotonic clock.
pub(crate) fn now() -> Instant {
    Instant::from_nanos(monotonic_clock::now())
}

/// Waits until it is that time.
pub(crate) async fn wait_until(at: Instant) {
    monotonic_clock::wait_until(at.as_nanos()).await;
}

/// Seconds since 1970; 0 before.
pub(crate) fn unix_time() -> u64 {
    u64::try_from(system_clock::now().seconds).unwrap_or(0)
}

/// `wasi:random`, which is cryptographically secure.
pub(crate) struct HostEntropy;

impl Entropy for HostEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        let mut filled = 0;
        while filled < bytes.len() {
            // A host may give fewer than were asked for, but at least one.
            let more = random::get_random_bytes((bytes.len() - filled) as u64);
            bytes[filled..filled + more.len()].copy_from_slice(&more);
            filled += more.len();
        }
    }
}

/// What ring's randomness comes from, by way of our getrandom.
#[unsafe(no_mangle)]
fn wasocket_fill_random(dest: &mut [u8]) {
    HostEntropy.fill(dest);
}
