//! Overdue: jobs whose time was up before anybody could claim them.

use darkroom_core::{
    chain::chain,
    queue::{self, FailureClass},
};

use crate::{drive, life::Life, metrics::Settled};

/// Fails a batch of them; the next beat tells whether there are more.
pub(crate) async fn fail(life: Life) {
    let failure = drive::deadline_exceeded();
    match queue::fail_overdue(&life.worker.pool, &failure).await {
        Ok(jobs) => {
            for job in jobs {
                life.worker.metrics.settled(Settled::Failed);
                life.worker.metrics.failed(&failure, FailureClass::Never);
                tracing::warn!(job.id = %job, "a job's time was up while it stood in line");
            }
        }
        Err(error) => {
            tracing::warn!(error = %chain(&error), "overdue jobs could not be failed; the next beat tries again");
        }
    }
}
