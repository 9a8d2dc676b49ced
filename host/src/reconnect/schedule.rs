//! When to try again. No clock: instants and random numbers are given.

use std::time::Duration;

use tokio::time::Instant;

use super::event::Limit;
use super::policy::Policy;

/// Counts the attempts of a [`Policy`], and says how long to wait before the next.
#[derive(Debug)]
pub(super) struct Schedule {
    policy: Policy,
    /// Attempts begun since a connection was stable.
    attempts: u32,
    /// When they began to be counted; `None` before the first.
    since: Option<Instant>,
    /// When the connection that is open was opened.
    opened: Option<Instant>,
}

impl Schedule {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            attempts: 0,
            since: None,
            opened: None,
        }
    }

    /// An attempt begins; returns its number.
    pub(super) fn begin(&mut self, now: Instant) -> u32 {
        self.since.get_or_insert(now);
        self.attempts = self.attempts.saturating_add(1);
        self.attempts
    }

    /// The attempt succeeded.
    pub(super) fn handle_opened(&mut self, now: Instant) {
        self.opened = Some(now);
    }

    /// The attempt failed, or its connection was lost. Returns how long to wait before the next:
    /// a share of the longest delay, `random` of it, from 0 to 1, after what the server asked for.
    pub(super) fn handle_disconnected(
        &mut self,
        retry_after: Option<Duration>,
        random: f64,
        now: Instant,
    ) -> Result<Duration, Limit> {
        let open_for = self.opened.take().map(|opened| now - opened);
        if open_for.is_some_and(|time| time >= self.policy.stable_after) {
            self.attempts = 0;
            self.since = Some(now);
        }
        if self
            .policy
            .max_attempts
            .is_some_and(|max| self.attempts >= max)
        {
            return Err(Limit::Attempts);
        }
        let asked =
            retry_after.map_or(Duration::ZERO, |time| time.min(self.policy.max_retry_after));
        let delay = asked.saturating_add(share(self.longest_delay(), random));
        let elapsed = self
            .since
            .map_or(Duration::ZERO, |since| now - since)
            .saturating_add(delay);
        if self.policy.max_elapsed.is_some_and(|max| elapsed > max) {
            return Err(Limit::Elapsed);
        }
        Ok(delay)
    }

    /// Before the next attempt, without what the server asks for.
    fn longest_delay(&self) -> Duration {
        let factor = self
            .policy
            .factor
            .max(1)
            .saturating_pow(self.attempts.saturating_sub(1));
        self.policy
            .first_delay
            .saturating_mul(factor)
            .min(self.policy.max_delay)
    }
}

/// A share of a time, from 0 to 1; all of it if `random` is not a number, or the time is so long that
/// it is not one of 64 bits.
fn share(time: Duration, random: f64) -> Duration {
    let share = time.as_secs_f64() * random.clamp(0.0, 1.0);
    Duration::try_from_secs_f64(share).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn policy() -> Policy {
        Policy::new()
            .first_delay(SECOND)
            .factor(2)
            .max_delay(10 * SECOND)
            .stable_after(30 * SECOND)
            .max_retry_after(100 * SECOND)
    }

    /// An attempt that fails at once, with the longest delay.
    fn fail(schedule: &mut Schedule, now: Instant) -> Result<Duration, Limit> {
        schedule.begin(now);
        schedule.handle_disconnected(None, 1.0, now)
    }

    #[test]
    fn the_longest_delay_grows_by_the_factor_up_to_the_cap() {
        let now = Instant::now();
        let mut schedule = Schedule::new(policy());
        for seconds in [1, 2, 4, 8, 10, 10] {
            assert_eq!(fail(&mut schedule, now), Ok(seconds * SECOND));
        }
        for _ in 0..1000 {
            assert_eq!(fail(&mut schedule, now), Ok(10 * SECOND));
        }
    }

    #[test]
    fn the_delay_is_a_random_share_of_the_longest() {
        let now = Instant::now();
        let mut schedule = Schedule::new(policy());
        schedule.begin(now);
        for (random, millis) in [(0.0, 0), (0.25, 250), (0.999, 999), (-1.0, 0), (7.0, 1000)] {
            assert_eq!(
                schedule.handle_disconnected(None, random, now),
                Ok(Duration::from_millis(millis))
            );
        }
    }

    #[test]
    fn a_delay_that_does_not_fit_is_as_long_as_it_may_be() {
        let now = Instant::now();
        for random in [1.0, f64::NAN, f64::INFINITY] {
            let forever = policy().first_delay(Duration::MAX).max_delay(Duration::MAX);
            let mut schedule = Schedule::new(forever);
            for _ in 0..3 {
                schedule.begin(now);
                let asked = Some(Duration::MAX);
                assert_eq!(
                    schedule.handle_disconnected(asked, random, now),
                    Ok(Duration::MAX)
                );
            }
        }
    }

    #[test]
    fn a_factor_of_one_or_zero_lets_the_delay_stay() {
        for factor in [0, 1] {
            let now = Instant::now();
            let mut schedule = Schedule::new(policy().factor(factor));
            for _ in 0..5 {
                assert_eq!(fail(&mut schedule, now), Ok(SECOND));
            }
        }
    }

    #[test]
    fn a_connection_that_was_stable_resets_the_backoff_and_others_do_not() {
        let mut now = Instant::now();
        let mut schedule = Schedule::new(policy());
        assert_eq!(fail(&mut schedule, now), Ok(SECOND));
        assert_eq!(schedule.begin(now), 2);
        schedule.handle_opened(now);
        now += 29 * SECOND;
        assert_eq!(schedule.handle_disconnected(None, 1.0, now), Ok(2 * SECOND));
        assert_eq!(schedule.begin(now), 3);
        schedule.handle_opened(now);
        now += 30 * SECOND;
        assert_eq!(schedule.handle_disconnected(None, 1.0, now), Ok(SECOND));
        assert_eq!(schedule.begin(now), 1);
    }

    #[test]
    fn attempts_are_limited_anew_after_a_connection_that_was_stable() {
        let mut now = Instant::now();
        let mut schedule = Schedule::new(policy().max_attempts(2));
        assert_eq!(fail(&mut schedule, now), Ok(SECOND));
        schedule.begin(now);
        schedule.handle_opened(now);
        now += 30 * SECOND;
        assert_eq!(schedule.handle_disconnected(None, 1.0, now), Ok(SECOND));
        assert_eq!(fail(&mut schedule, now), Ok(SECOND));
        assert_eq!(fail(&mut schedule, now), Err(Limit::Attempts));
    }

    #[test]
    fn no_attempt_begins_after_the_total_time() {
        let start = Instant::now();
        let mut schedule = Schedule::new(policy().max_elapsed(4 * SECOND));
        assert_eq!(fail(&mut schedule, start), Ok(SECOND));
        assert_eq!(fail(&mut schedule, start + 2 * SECOND), Ok(2 * SECOND));
        assert_eq!(fail(&mut schedule, start + 4 * SECOND), Err(Limit::Elapsed));
    }

    #[test]
    fn retry_after_is_kept_up_to_its_cap_and_jitter_comes_on_top() {
        let now = Instant::now();
        let mut schedule = Schedule::new(policy());
        schedule.begin(now);
        for (asked, random, delay) in [
            (20, 0.0, 20 * SECOND),
            (20, 1.0, 21 * SECOND),
            (100, 0.0, 100 * SECOND),
            (u64::MAX, 0.0, 100 * SECOND),
        ] {
            assert_eq!(
                schedule.handle_disconnected(Some(Duration::from_secs(asked)), random, now),
                Ok(delay)
            );
        }
    }
}
