//! Isolation: a job that was rescued often may be what takes its workers down. The process works on one such job at a
//! time.

use darkroom_core::{
    chain::chain,
    job::{Failure, FailureCode},
    queue::{self, Claimed, SUSPECT},
};

use super::cancel;
use crate::{
    life::Life,
    outcome::{Outcome, Stop},
};

/// Does a step that may take the process down: at once for most jobs, and for a suspect when no other one is in
/// isolation.
///
/// A request is not followed in here: that takes long and does no harm.
pub(super) async fn isolated<T>(
    life: &Life,
    job: &Claimed,
    step: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    if job.rescues < SUSPECT {
        return step.await;
    }
    let _turn = life.worker.isolation.acquire().await;
    queue::isolate(&life.worker.pool, &job.lease).await?;
    // Where it stops the job, the next claim ends the isolation.
    let done = step.await?;
    queue::end_isolation(&life.worker.pool, &job.lease).await?;
    Ok(done)
}

/// Fails a job that takes its worker down again and again, and cancels its request.
pub(super) async fn worker_lost(life: &Life, job: &Claimed) -> Outcome {
    let running = job.attempt.as_ref().and_then(|attempt| attempt.submission.as_ref());
    if let Some(submission) = running
        && let Err(error) = cancel::request(life, job, submission).await
    {
        tracing::warn!(provider.request_id = submission.provider_request_id,
            error = %chain(&error), "a request of no more use could not be cancelled");
    }
    Outcome::Fail(Failure::new(
        FailureCode::WorkerLost,
        "The service broke down each time it worked on this job.",
    ))
}
