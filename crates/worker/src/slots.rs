//! Slots: how many jobs a worker holds at a time, and which.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use darkroom_core::job::JobId;
use tokio::sync::Notify;

/// The slots of one worker.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    held: Arc<Mutex<HashSet<JobId>>>,
    most: usize,
    freed: Arc<Notify>,
}

/// A slot that a job is in, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Slots,
    job: JobId,
}

impl Slots {
    pub(crate) fn new(most: usize) -> Self {
        Self { held: Arc::default(), most, freed: Arc::default() }
    }

    /// How many are free; waits until one is. For one caller at a time.
    pub(crate) async fn free(&self) -> usize {
        loop {
            let free = self.most.saturating_sub(self.lock().len());
            if free > 0 {
                return free;
            }
            self.freed.notified().await;
        }
    }

    /// Puts a job into a slot.
    pub(crate) fn take(&self, job: JobId) -> Slot {
        self.lock().insert(job);
        Slot { slots: self.clone(), job }
    }

    /// The jobs that are in slots.
    pub(crate) fn jobs(&self) -> Vec<JobId> {
        self.lock().iter().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<JobId>> {
        // A panic cannot leave a set of ids half-changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.lock().remove(&self.job);
        self.slots.freed.notify_one();
    }
}
