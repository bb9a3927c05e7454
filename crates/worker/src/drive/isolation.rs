//! Isolation: a job that was rescued often may be what takes its workers down. The process works on one such suspect at a
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

/// Takes a step that may take the process down: at once for most jobs. A suspect rests without its slot while another
/// one is in isolation.
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
    let Ok(_alone) = life.worker.isolation.try_acquire() else {
        return Err(Outcome::AwaitTurn.into());
    };
    queue::isolate(&life.worker.pool, &job.lease).await?;
    let done = step.await;
    // Before another suspect is isolated. Where the step settled the job, its lease is gone, and that is no fault.
    let ended = queue::end_isolation(&life.worker.pool, &job.lease).await;
    let done = done?;
    ended?;
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
