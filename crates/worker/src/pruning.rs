//! Pruning: deletes jobs that ended long ago, old idempotency keys and old rate limits, a batch at a time, and adds
//! usage up.

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

/// The pause between two batches: clients come first.
const PAUSE: Duration = Duration::from_millis(200);

/// What is pruned.
#[derive(Clone, Copy, Debug)]
enum Prunable {
    /// Jobs that ended longer ago than this.
    Jobs(Duration),
    IdempotencyKeys,
    RateLimits,
    /// Usage that was not added up yet.
    Usage,
}

/// Prunes for as long as the life lasts: jobs only if the operator has set how long they are kept.
pub(crate) async fn prune(life: Life) {
    let jobs = life.worker.jobs.retention.map(Prunable::Jobs);
    let others = [Prunable::IdempotencyKeys, Prunable::RateLimits, Prunable::Usage];
    loop {
        for prunable in jobs.into_iter().chain(others) {
            prunable.prune(&life.worker.pool).await;
        }
        sleep(jittered(INTERVAL)).await;
    }
}

impl Prunable {
    /// Prunes batch after batch, until one is not full. What becomes old after that is left for the next round.
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
