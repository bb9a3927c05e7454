//! A job's deadline, which cuts every step that may be cut.

use darkroom_core::queue::Claimed;
use tokio::time::{Instant, timeout_at};

/// When a job's time is up, if ever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline(Option<Instant>);

/// The time is up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expired;

impl Deadline {
    pub(super) fn of(job: &Claimed) -> Self {
        // A deadline that is too far away for an `Instant` counts as none.
        Self(job.time_left.and_then(|left| Instant::now().checked_add(left)))
    }

    pub(super) fn has_passed(&self) -> bool {
        self.0.is_some_and(|at| at <= Instant::now())
    }

    /// Takes a step, and cuts it off when the time is up.
    pub(super) async fn cut<T>(&self, step: impl Future<Output = T>) -> Result<T, Expired> {
        if self.has_passed() {
            return Err(Expired);
        }
        match self.0 {
            Some(at) => timeout_at(at, step).await.map_err(|_elapsed| Expired),
            None => Ok(step.await),
        }
    }
}
