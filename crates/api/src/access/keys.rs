//! The valid API keys, held in memory, so that a request costs no statement.
//!
//! When a request comes and what is known is older than two seconds, the keys that changed are read. So a revoked key
//! is refused by every replica within seconds, and an idle replica asks nothing.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use darkroom_core::{
    api_key::{ApiKey, Token},
    chain::chain,
    db::{self, Pool},
    store,
};
use time::OffsetDateTime;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until, timeout},
};

use crate::error::ApiError;

/// How long what is known is trusted.
const FRESH: Duration = Duration::from_secs(2);

/// The least time between two look-ups of unknown keys: a caller that tries many has to wait.
const LOOK_UP_INTERVAL: Duration = Duration::from_millis(250);

/// How long what is known is trusted while the database is away.
const USABLE: Duration = Duration::from_secs(30);

/// How long a request waits for others that are looking keys up.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Keys {
    pool: Pool,
    known: RwLock<Known>,
    /// Held while the keys are read.
    reading: Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    /// The keys by their prefix.
    keys: HashMap<String, Arc<ApiKey>>,
    /// The latest change among them.
    latest: Option<OffsetDateTime>,
    /// The moment of which they are known.
    at: Option<Instant>,
}

impl Keys {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, known: RwLock::default(), reading: Mutex::default() }
    }

    /// The key of a token; `None` if there is none, or if it is revoked.
    pub(super) async fn find(&self, token: &Token) -> Result<Option<Arc<ApiKey>>, ApiError> {
        let came = Instant::now();
        self.freshen().await?;
        if let Some(key) = self.known().get(token) {
            return Ok(Some(key));
        }
        // It may have been made a moment ago. Requests that come meanwhile share one look-up.
        let Ok(_turn) = timeout(PATIENCE, self.reading.lock()).await else {
            return Err(ApiError::Busy);
        };
        let latest = self.known().at;
        if latest.is_none_or(|at| at < came) {
            if let Some(at) = latest {
                sleep_until(at + LOOK_UP_INTERVAL).await;
            }
            self.read().await?;
        }
        Ok(self.known().get(token))
    }

    /// A key as it is now; `None` if it is revoked.
    pub(super) async fn renew(&self, key: &ApiKey) -> Result<Option<Arc<ApiKey>>, ApiError> {
        self.freshen().await?;
        Ok(self.known().keys.get(&key.prefix).cloned())
    }

    async fn freshen(&self) -> Result<(), ApiError> {
        if !self.known().is_older_than(FRESH) {
            return Ok(());
        }
        let is_usable = !self.known().is_older_than(USABLE);
        // If another request is reading the keys, this one goes on with what is known.
        let turn = match self.reading.try_lock() {
            Ok(turn) => Some(turn),
            Err(_taken) if is_usable => return Ok(()),
            Err(_taken) => None,
        };
        match self.read().await {
            Ok(()) => {}
            Err(error) if is_usable => {
                tracing::debug!(error = %chain(&error), "changed API keys could not be read");
            }
            Err(error) => return Err(error.into()),
        }
        drop(turn);
        Ok(())
    }

    async fn read(&self) -> Result<(), db::Error> {
        let (at, since) = (Instant::now(), self.known().latest);
        let changed = store::api_keys_changed_since(&self.pool, since).await?;
        self.known_mut().learn(changed, at);
        Ok(())
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        // Poisoned or not: nothing that is done under this lock can panic half-way.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn get(&self, token: &Token) -> Option<Arc<ApiKey>> {
        let key = self.keys.get(token.prefix())?;
        key.digest.is_same(&token.digest()).then(|| Arc::clone(key))
    }

    fn is_older_than(&self, age: Duration) -> bool {
        self.at.is_none_or(|at| at.elapsed() > age)
    }

    fn learn(&mut self, changed: Vec<ApiKey>, at: Instant) {
        for key in changed {
            self.latest = self.latest.max(Some(key.changed_at));
            if key.revoked_at.is_some() {
                self.keys.remove(&key.prefix);
            } else {
                self.keys.insert(key.prefix.clone(), Arc::new(key));
            }
        }
        self.at = self.at.max(Some(at));
    }
}
