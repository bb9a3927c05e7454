//! The requests that are counted in this process's memory: all that make no jobs.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
};

use super::{Kind, Remaining, WINDOW_SECONDS};

/// After this many requests, callers whose limit is full again are forgotten.
const TIDY_EVERY: usize = 10_000;

#[derive(Clone)]
pub(super) struct OtherRequests(Arc<Counted>);

struct Counted {
    quota: NonZeroU32,
    limiter: DefaultKeyedRateLimiter<String, StateInformationMiddleware>,
    since_tidied: AtomicUsize,
}

impl std::fmt::Debug for OtherRequests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OtherRequests({} in a minute)", self.0.quota)
    }
}

impl OtherRequests {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(per_minute)).with_middleware();
        Self(Arc::new(Counted { quota: per_minute, limiter, since_tidied: AtomicUsize::new(0) }))
    }

    pub(super) fn take(&self, subject: &String) -> Remaining {
        let Counted { quota, limiter, since_tidied } = &*self.0;
        let (left, wait) = match limiter.check_key(subject) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(too_early) => (0, Some(too_early.wait_time_from(DefaultClock::default().now()))),
        };
        if since_tidied.fetch_add(1, Ordering::Relaxed) >= TIDY_EVERY {
            since_tidied.store(0, Ordering::Relaxed);
            limiter.retain_recent();
        }
        let taken = f64::from(quota.get().saturating_sub(left)) / f64::from(quota.get());
        let full_in = Duration::from_secs(WINDOW_SECONDS).mul_f64(taken.clamp(0.0, 1.0));
        Remaining { kind: Kind::Other, quota: quota.get(), left, full_in, wait }
    }
}
