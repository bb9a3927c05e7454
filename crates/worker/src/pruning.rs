//! Pruning: jobs that ended long ago go, a few at a time.

use std::time::Duration;

use darkroom_core::{chain::chain, store};
use tokio::time::sleep;

use crate::{backoff::jittered, life::Life};

/// How often a worker looks for jobs that are old enough.
const INTERVAL: Duration = Duration::from_hours(1);

/// Between two batches: clients come first.
const PAUSE: Duration = Duration::from_millis(200);

/// Prunes for as long as the life lasts, where the operator wants jobs to go at all.
pub(crate) async fn prune(life: Life) {
    let Some(retention) = life.worker.jobs.retention else {
        return;
    };
    loop {
        let mut jobs = 0;
        loop {
            match store::prune(&life.worker.pool, retention).await {
                Ok(0) => break,
                Ok(pruned) => jobs += pruned,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "old jobs could not be pruned; it is tried again later");
                    break;
                }
            }
            sleep(PAUSE).await;
        }
        if jobs > 0 {
            tracing::info!(jobs, "old jobs were pruned");
        }
        sleep(jittered(INTERVAL)).await;
    }
}
