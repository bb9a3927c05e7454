//! Limits how many requests fetch pictures at a time, so that hosts that never answer hold up only the caller who named
//! them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use darkroom_core::api_key::ApiKeyId;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::ApiError;

/// How many requests fetch pictures at a time in the whole process: a picture may be as large as an upload, and is held
/// in memory.
const MOST: usize = 32;

/// How many of these may be of one API key.
const OF_A_KEY: usize = 8;

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hands out turns for fetching. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    all: Arc<Semaphore>,
    /// The turns of each key that fetches or waits.
    of_keys: Arc<Mutex<HashMap<ApiKeyId, Weak<Semaphore>>>>,
}

/// A turn, held until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _of_key: Option<OwnedSemaphorePermit>,
    _of_all: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(MOST)), of_keys: Arc::default() }
    }

    /// Waits for a turn, for [`PATIENCE`] at most.
    pub(super) async fn take(&self, key: Option<ApiKeyId>) -> Result<Turn, ApiError> {
        timeout(PATIENCE, self.wait(key)).await.map_err(|_elapsed| ApiError::Busy)
    }

    /// Waits for one of the key's turns first: a request that waits for those holds none of the process's turns.
    async fn wait(&self, key: Option<ApiKeyId>) -> Turn {
        // An error would mean a closed semaphore, and these are never closed.
        let of_key = match key {
            Some(key) => self.of(key).acquire_owned().await.ok(),
            None => None,
        };
        Turn { _of_key: of_key, _of_all: Arc::clone(&self.all).acquire_owned().await.ok() }
    }

    /// The turns of a key.
    fn of(&self, key: ApiKeyId) -> Arc<Semaphore> {
        // Poisoned or not: nothing that is done under this lock can panic half-way.
        let mut of_keys = self.of_keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = of_keys.get(&key).and_then(Weak::upgrade) {
            return turns;
        }
        of_keys.retain(|_key, turns| turns.strong_count() > 0);
        let turns = Arc::new(Semaphore::new(OF_A_KEY));
        of_keys.insert(key, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    async fn take(turns: &Turns, key: Option<ApiKeyId>, count: usize) -> Vec<Turn> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(turns.take(key).await.unwrap());
        }
        taken
    }

    fn key() -> ApiKeyId {
        ApiKeyId(Uuid::now_v7())
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_has_its_share_and_no_more() {
        let (turns, greedy) = (Turns::new(), Some(key()));
        let mut taken = take(&turns, greedy, OF_A_KEY).await;

        assert!(matches!(turns.take(greedy).await, Err(ApiError::Busy)));
        take(&turns, Some(key()), OF_A_KEY).await;
        take(&turns, None, MOST - OF_A_KEY).await;

        taken.pop();
        take(&turns, greedy, 1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_finds_none_is_told_that_it_is_busy_here() {
        let turns = Turns::new();
        let taken = take(&turns, None, MOST).await;
        assert!(matches!(turns.take(Some(key())).await, Err(ApiError::Busy)));

        drop(taken);
        take(&turns, Some(key()), 1).await;
        assert_eq!(turns.of_keys.lock().unwrap().len(), 1, "who fetches nothing is forgotten");
    }
}
