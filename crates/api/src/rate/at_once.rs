//! Limits how many requests a caller has under way at a time in this process.
//!
//! A client that follows events, waits, or sends or receives slowly can hold a connection for as long as it likes. The
//! limit leaves connections for others.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::error::ApiError;

/// Requests that are under way.
#[derive(Clone, Debug)]
pub(super) struct AtOnce(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    most: NonZeroU32,
    /// The number of requests under way by key or address; those with none have no entry.
    under_way: Mutex<HashMap<String, u32>>,
}

impl AtOnce {
    pub(super) fn new(most: NonZeroU32) -> Self {
        Self(Arc::new(Counted { most, under_way: Mutex::default() }))
    }

    /// Takes a place, unless this key or address has as many as it may.
    pub(super) fn take(&self, subject: &str) -> Result<Place, ApiError> {
        let mut under_way = self.0.under_way();
        let count = under_way.entry(subject.to_owned()).or_default();
        if *count >= self.0.most.get() {
            return Err(ApiError::too_many_at_once(self.0.most));
        }
        *count += 1;
        Ok(Place { counted: Arc::clone(&self.0), subject: subject.to_owned() })
    }
}

impl Counted {
    fn under_way(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        // Poisoned or not: nothing that is done under this lock can panic half-way.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request's place among those under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    counted: Arc<Counted>,
    subject: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut under_way = self.counted.under_way();
        let Some(count) = under_way.get_mut(&self.subject) else { return };
        *count -= 1;
        if *count == 0 {
            under_way.remove(&self.subject);
        }
    }
}
