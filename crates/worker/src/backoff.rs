//! How long to wait before trying again, with jitter so that many do not come at once.

use std::time::Duration;

use darkroom_core::fal;
use tokio::time::sleep;

/// The waits between tries of what must succeed in the end, though the database is away.
#[derive(Debug)]
pub(crate) struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// Waits that grow as [`exponential`] says.
    pub(crate) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// For what a job waits for.
    pub(crate) fn brief() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(2))
    }

    /// For what the worker itself has to do.
    pub(crate) fn patient() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(10))
    }

    /// Waits after a try that failed.
    pub(crate) async fn wait(&mut self) {
        sleep(exponential(self.first, self.most, self.failures)).await;
        self.failures = self.failures.saturating_add(1);
    }

    /// Whether a try has failed.
    pub(crate) fn has_waited(&self) -> bool {
        self.failures > 0
    }
}

/// Doubles from `first` with each failure, up to `most`; up to a quarter more by chance.
pub(crate) fn exponential(first: Duration, most: Duration, failures: u32) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures));
    jittered(doubled.min(most))
}

/// How long a job rests while the provider, or something else that it needs, is away.
pub(crate) fn while_away() -> Duration {
    jittered(Duration::from_secs(5))
}

/// The same after an error of the provider's, which may ask for more.
pub(crate) fn while_away_after(error: &fal::Error) -> Duration {
    while_away().max(asked_for(error))
}

/// How long the provider asks to be left alone.
pub(crate) fn asked_for(error: &fal::Error) -> Duration {
    jittered(error.retry_after().unwrap_or_default())
}

/// How long a job rests that the provider refused although it accepts the account: other jobs go first.
pub(crate) fn after_refusal() -> Duration {
    jittered(Duration::from_secs(30))
}

/// Up to a quarter longer, by chance.
pub(crate) fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(1.0 + rand::random_range(0.0..0.25))
}

/// Any wait up to this one.
pub(crate) fn at_random(longest: Duration) -> Duration {
    longest.mul_f64(rand::random_range(0.0..1.0))
}

/// The wait before the next check of a request that was submitted `elapsed` ago: short while the
/// end may be near, longer for requests that take long anyway.
pub(crate) fn until_next_check(elapsed: Duration) -> Duration {
    const SHORTEST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(5);
    jittered((elapsed / 10).clamp(SHORTEST, LONGEST))
}

/// The wait before a delivery that failed `failures` times in a row is tried again: a few times within minutes, and
/// then less and less often, because a receiver may be down for long.
pub(crate) fn until_next_delivery(failures: u32) -> Duration {
    const WAITS: [Duration; 8] = [
        Duration::from_secs(5),
        Duration::from_secs(30),
        Duration::from_mins(2),
        Duration::from_mins(10),
        Duration::from_mins(30),
        Duration::from_hours(1),
        Duration::from_hours(2),
        LONGEST_DELIVERY_WAIT,
    ];
    let at = usize::try_from(failures).unwrap_or(usize::MAX).saturating_sub(1);
    jittered(WAITS.get(at).copied().unwrap_or(LONGEST_DELIVERY_WAIT))
}

/// The longest wait before a delivery is tried again, even if its receiver asks for a longer one.
pub(crate) const LONGEST_DELIVERY_WAIT: Duration = Duration::from_hours(4);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_cap() {
        let wait = |failures| {
            exponential(Duration::from_secs(1), Duration::from_mins(1), failures).as_secs_f64()
        };

        assert!((1.0..1.25).contains(&wait(0)));
        assert!((8.0..10.0).contains(&wait(3)));
        assert!((60.0..75.0).contains(&wait(40)));
    }

    #[test]
    fn a_delivery_is_tried_again_for_a_day() {
        let mut day = Duration::ZERO;
        let mut failures = 0;
        while day < Duration::from_hours(24) {
            failures += 1;
            day += until_next_delivery(failures);
        }

        assert!((10..=13).contains(&failures), "{failures}");
        assert!((5.0..6.25).contains(&until_next_delivery(1).as_secs_f64()));
        assert!(until_next_delivery(u32::MAX) <= Duration::from_hours(5));
    }

    #[test]
    fn long_requests_are_checked_less_often() {
        let wait = |seconds| until_next_check(Duration::from_secs(seconds)).as_secs_f64();

        assert!((0.05..0.0625).contains(&wait(0)));
        assert!((1.0..1.25).contains(&wait(10)));
        assert!((5.0..6.25).contains(&wait(3600)));
    }
}
