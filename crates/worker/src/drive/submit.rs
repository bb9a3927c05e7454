//! Submit: written down before, recorded after, and made once.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Class, SubmitError},
    job::Failure,
    model,
    queue::{self, Claimed, Submission},
};
use tokio::time::sleep;

use super::upload::{AWAY, HALTED, Uploaded};
use crate::{
    backoff::{exponential, jittered},
    life::Life,
    outcome::{Outcome, Stop},
};

/// Submits. In a task that goes on when the work on the job is interrupted, because fal's answer
/// is the only trace of what was bought.
pub(super) async fn once(
    life: &Life,
    job: &Claimed,
    uploaded: Uploaded,
) -> Result<Submission, Stop> {
    let submitting = submit(life.clone(), job.clone(), uploaded);
    match life.submissions.spawn(submitting).await {
        Ok(submitted) => submitted,
        Err(error) => {
            tracing::error!(job.id = %job.lease.job, error = %chain(&error), "a submission broke");
            Err(Outcome::Snooze(AWAY).into())
        }
    }
}

/// Closes an attempt of a worker that died between the submission and its record.
pub(super) async fn give_up_on_unknown(
    life: &Life,
    job: &Claimed,
    attempt: i16,
) -> Result<(), Stop> {
    queue::abandon_attempt(&life.worker.pool, &job.lease, attempt).await?;
    tracing::error!(job.id = %job.lease.job, job.attempt = attempt,
        "it is unknown whether the provider has an attempt; it may be paid for and lost");
    if attempt >= life.worker.jobs.max_attempts {
        return Err(Outcome::Fail(outcome_unknown()).into());
    }
    Ok(())
}

async fn submit(life: Life, job: Claimed, uploaded: Uploaded) -> Result<Submission, Stop> {
    // Looked at inside the tracked task: whoever waits for submissions to end has cancelled first.
    if life.over.is_cancelled() {
        return Err(queue::Error::LeaseLost.into());
    }
    let (pool, lease) = (&life.worker.pool, &job.lease);
    let input = model::input(&job.prompt, &uploaded.url, uploaded.width, uploaded.height);
    let attempt = queue::begin_attempt(pool, lease, &uploaded.url).await?;
    match life.worker.fal.submit(&job.model, &input, None).await {
        Ok(submission) => {
            tracing::info!(job.id = %lease.job, job.attempt = attempt,
                provider.request_id = submission.provider_request_id, "a job was submitted");
            record(&life, &job, attempt, &submission).await?;
            Ok(submission)
        }
        Err(SubmitError::NotAccepted(error)) => {
            tracing::warn!(job.id = %lease.job, error = %chain(&error), "a submission was not accepted");
            queue::withdraw_attempt(pool, lease, attempt).await?;
            Err(match error.class() {
                Class::Halt => Outcome::Snooze(jittered(HALTED)),
                // There is no such model: asking again would not make one.
                Class::Retry if error.is_unknown_request() => Outcome::Fail(no_such_model()),
                Class::Retry | Class::Later => Outcome::Snooze(jittered(AWAY)),
                Class::Never => Outcome::Fail(error.failure()),
            }
            .into())
        }
        Err(SubmitError::Unknown(error)) => {
            tracing::error!(job.id = %lease.job, job.attempt = attempt, error = %chain(&error),
                "it is unknown whether the provider has an attempt; it may be paid for and lost");
            queue::abandon_attempt(pool, lease, attempt).await?;
            Err(Outcome::Retry(outcome_unknown()).into())
        }
    }
}

/// Records fal's answer, and does not stop trying while the database is away: forgetting it would
/// mean to pay twice.
async fn record(
    life: &Life,
    job: &Claimed,
    attempt: i16,
    submission: &Submission,
) -> Result<(), queue::Error> {
    let mut failures = 0;
    loop {
        let recorded =
            queue::record_submission(&life.worker.pool, &job.lease, attempt, submission).await;
        let Err(queue::Error::Database(error)) = recorded else {
            return recorded;
        };
        tracing::warn!(job.id = %job.lease.job, error = %chain(&error), "a submission is not recorded yet");
        sleep(exponential(Duration::from_millis(100), Duration::from_secs(2), failures)).await;
        failures += 1;
    }
}

fn no_such_model() -> Failure {
    Failure::new("provider_refused", "The provider does not offer this model.")
}

fn outcome_unknown() -> Failure {
    Failure::new("submission_unknown", "The provider did not say whether it accepted the edit.")
}
