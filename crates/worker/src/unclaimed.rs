//! Jobs that end where they stand, because no worker may ever claim them: their time is up, or they were cancelled while
//! a worker had them that gave them back.

use darkroom_core::{
    chain::chain,
    queue::{self, FailureClass},
};

use crate::{drive, life::Life, metrics::Settled};

/// Fails a batch of jobs whose time is up; the next beat tells whether there are more.
pub(crate) async fn fail_overdue(life: Life) {
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

/// Ends a batch of cancelled jobs; the next beat tells whether there are more.
pub(crate) async fn end_cancelled(life: Life) {
    match queue::cancel_waiting(&life.worker.pool).await {
        Ok(jobs) => {
            for job in jobs {
                life.worker.metrics.settled(Settled::Cancelled);
                tracing::info!(job.id = %job, "a job was cancelled while it waited");
            }
        }
        Err(error) => {
            tracing::warn!(error = %chain(&error), "cancelled jobs that wait could not be ended; the next beat tries again");
        }
    }
}
