//! Slots: how many jobs or deliveries a worker holds at a time, and under which leases.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};

/// Slots that are freed within this time are filled by one claim: jobs that were completed in one statement end one
/// by one, and a claim for the first slot alone would keep the others waiting.
const TOGETHER: Duration = Duration::from_millis(1);

/// The slots of one worker, for leases of one kind.
#[derive(Debug)]
pub(crate) struct Slots<Lease> {
    /// The leases in the taken slots, by lease number.
    held: Arc<Mutex<HashMap<i64, Lease>>>,
    most: usize,
    freed: Arc<Notify>,
}

/// A taken slot, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot<Lease> {
    slots: Slots<Lease>,
    number: i64,
}

impl<Lease> Clone for Slots<Lease> {
    fn clone(&self) -> Self {
        Self { held: Arc::clone(&self.held), most: self.most, freed: Arc::clone(&self.freed) }
    }
}

impl<Lease: Copy> Slots<Lease> {
    pub(crate) fn new(most: usize) -> Self {
        Self { held: Arc::default(), most, freed: Arc::default() }
    }

    /// How many slots are free. Waits until one is, and a moment more for those that are freed with it. Only one
    /// caller may wait at a time.
    pub(crate) async fn free(&self) -> usize {
        loop {
            let free = self.most.saturating_sub(self.lock().len());
            if free > 0 {
                return free;
            }
            self.freed.notified().await;
            sleep(TOGETHER).await;
        }
    }

    /// Takes a slot for what is held under this lease.
    pub(crate) fn take(&self, number: i64, lease: Lease) -> Slot<Lease> {
        self.lock().insert(number, lease);
        Slot { slots: self.clone(), number }
    }

    /// The leases in the taken slots. A job may have two of them: one that was lost, and one from a later
    /// claim.
    pub(crate) fn leases(&self) -> Vec<Lease> {
        self.lock().values().copied().collect()
    }
}

impl<Lease> Slots<Lease> {
    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Lease>> {
        // A panic cannot leave a map of numbers half-changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Lease> Drop for Slot<Lease> {
    fn drop(&mut self) {
        self.slots.lock().remove(&self.number);
        self.slots.freed.notify_one();
    }
}
