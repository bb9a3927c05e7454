//! Cancelled: jobs that were cancelled while a worker had them, and that it gave back without ending them.

use darkroom_core::{chain::chain, queue};

use crate::{life::Life, metrics::Settled};

/// Ends a batch of them; the next beat tells whether there are more.
pub(crate) async fn end(life: Life) {
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
