//! The host's clocks and its randomness: all that comes from outside but the network.

use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::random::random;
use wasocket_client::{Entropy, Instant};

/// What time it is on the monotonic clock.
pub(crate) fn now() -> Instant {
    Instant::from_nanos(monotonic_clock::now())
}

/// Seconds since 1970.
pub(crate) fn unix_time() -> u64 {
    wall_clock::now().seconds
}

/// `wasi:random`, which is cryptographically secure.
pub(crate) struct HostEntropy;

impl Entropy for HostEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        // The list has as many bytes as were asked for; a host that breaks that is not survivable.
        bytes.copy_from_slice(&random::get_random_bytes(bytes.len() as u64));
    }
}

/// What ring's randomness comes from, by way of our getrandom.
#[unsafe(no_mangle)]
fn wasocket_fill_random(dest: &mut [u8]) {
    HostEntropy.fill(dest);
}
