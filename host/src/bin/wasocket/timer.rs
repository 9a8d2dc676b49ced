use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, Interval, interval_at};

/// Something that takes this time to elapse.
pub(crate) fn after(time: Duration) -> Interval {
    interval_at(Instant::now() + time, time)
}

/// Waits for it; for ever if there is nothing.
pub(crate) async fn elapse(wait: &mut Option<Interval>) {
    match wait {
        Some(wait) => {
            wait.tick().await;
        }
        None => pending().await,
    }
}
