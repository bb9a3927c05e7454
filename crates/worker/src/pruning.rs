//! Pruning: jobs that ended long ago and idempotency keys of another day go, a few at a time, and usage is added up.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    db::{Error, Pool},
    store::{self, Pruned},
};
use tokio::time::sleep;

use crate::{backoff::jittered, life::Life};

/// How often a worker looks for jobs that are old enough.
const INTERVAL: Duration = Duration::from_hours(1);

/// Between two batches: clients come first.
const PAUSE: Duration = Duration::from_millis(200);

/// What goes.
#[derive(Clone, Copy, Debug)]
enum Old {
    /// Those that ended longer ago than this.
    Jobs(Duration),
    IdempotencyKeys,
    RateLimits,
    /// Usage that was not added up yet.
    Usage,
}

/// Prunes for as long as the life lasts: jobs only where the operator wants them to go at all.
pub(crate) async fn prune(life: Life) {
    let jobs = life.worker.jobs.retention.map(Old::Jobs);
    loop {
        for old in jobs.into_iter().chain([Old::IdempotencyKeys, Old::RateLimits, Old::Usage]) {
            old.prune(&life.worker.pool).await;
        }
        sleep(jittered(INTERVAL)).await;
    }
}

impl Old {
    /// Batch after batch, until one is not full: what comes meanwhile is for the next round, however much that is.
    async fn prune(self, pool: &Pool) {
        let mut rows = 0;
        loop {
            match self.batch(pool).await {
                Ok(pruned) => {
                    rows += pruned.rows;
                    if !pruned.is_full {
                        break;
                    }
                }
                Err(error) => {
                    tracing::warn!(what = ?self, error = %chain(&error), "what is old could not be pruned; it is tried again later");
                    break;
                }
            }
            sleep(PAUSE).await;
        }
        if rows > 0 {
            tracing::info!(what = ?self, rows, "what is old was pruned");
        }
    }

    async fn batch(self, pool: &Pool) -> Result<Pruned, Error> {
        match self {
            Self::Jobs(retention) => store::prune(pool, retention).await,
            Self::IdempotencyKeys => store::prune_idempotency_keys(pool).await,
            Self::RateLimits => store::prune_rate_limits(pool).await,
            Self::Usage => store::fold_usage(pool).await,
        }
    }
}
