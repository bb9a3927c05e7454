//! When the database was last silent.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The last moment at which a connection did not answer in time, known to the whole pool: those that were idle
/// then are probably dead too, and testing them one by one would take long.
#[derive(Clone, Debug, Default)]
pub(super) struct Silence(Arc<Mutex<Option<Instant>>>);

impl Silence {
    /// A connection did not answer, as of now.
    pub(super) fn notice(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether that was less than `time` ago.
    pub(super) fn was_within(&self, time: Duration) -> bool {
        let noticed = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noticed.is_some_and(|at| at.elapsed() < time)
    }
}
