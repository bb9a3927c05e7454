//! Overdue: jobs whose time was up before anybody could claim them.

use darkroom_core::{chain::chain, queue};

use crate::{drive, life::Life};

/// Fails a batch of them; the next beat tells whether there are more.
pub(crate) async fn fail(life: Life) {
    match queue::fail_overdue(&life.worker.pool, &drive::deadline_exceeded()).await {
        Ok(jobs) => {
            for job in jobs {
                tracing::warn!(job.id = %job, "a job's time was up while it stood in line");
            }
        }
        Err(error) => {
            tracing::warn!(error = %chain(&error), "overdue jobs could not be failed; the next beat tries again");
        }
    }
}
