//! Slots: how many jobs a worker holds at a time, and under which leases.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use darkroom_core::queue::Lease;
use tokio::sync::Notify;

/// The slots of one worker.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    held: Arc<Mutex<HashMap<i64, Lease>>>,
    most: usize,
    freed: Arc<Notify>,
}

/// A slot that a job is in, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Slots,
    lease: Lease,
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
    pub(crate) fn take(&self, lease: Lease) -> Slot {
        self.lock().insert(lease.number, lease);
        Slot { slots: self.clone(), lease }
    }

    /// The leases of the jobs that are in slots. A job may be there twice: under a lease that was lost, and
    /// claimed anew.
    pub(crate) fn leases(&self) -> Vec<Lease> {
        self.lock().values().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Lease>> {
        // A panic cannot leave a map of numbers half-changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.lock().remove(&self.lease.number);
        self.slots.freed.notify_one();
    }
}
