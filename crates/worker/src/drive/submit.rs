//! Submit: written down before, recorded after, and made once.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Class, SubmitError},
    job::Failure,
    queue::{self, Begun, Claimed, Submission},
};
use serde_json::Value;
use tokio::time::sleep;
use url::Url;

use super::upload::AWAY;
use crate::{
    backoff::{exponential, jittered},
    life::Life,
    outcome::{Outcome, Stop},
    probing,
};

/// Submits. In a task that goes on when the work on the job is interrupted, because fal's answer
/// is the only trace of what was bought.
pub(super) async fn once(
    life: &Life,
    job: &Claimed,
    input_url: Url,
    input: Value,
) -> Result<Submission, Stop> {
    let submitting = submit(life.clone(), job.clone(), input_url, input);
    match life.submissions.spawn(submitting).await {
        Ok(submitted) => submitted,
        Err(error) => {
            tracing::error!(job.id = %job.lease.job, error = %chain(&error), "a submission broke");
            Err(Outcome::Snooze(AWAY).into())
        }
    }
}

async fn submit(
    life: Life,
    job: Claimed,
    input_url: Url,
    input: Value,
) -> Result<Submission, Stop> {
    // Looked at inside the tracked task: whoever waits for submissions to end has cancelled first.
    if life.over.is_cancelled() {
        return Err(queue::Error::LeaseLost.into());
    }
    let (pool, lease) = (&life.worker.pool, &job.lease);
    let callback = life.worker.callback.get(pool).await?;
    let attempt = match queue::begin_attempt(pool, lease, &input_url).await? {
        Begun::Attempt(number) => number,
        // The claim lets the job wait until submissions go on.
        Begun::Halted => return Err(Outcome::Snooze(Duration::ZERO).into()),
    };
    let webhook = callback.map(|callback| callback.url(lease.job, attempt));
    match life.worker.fal.submit(&job.model, &input, webhook.as_ref()).await {
        Ok(submission) => {
            tracing::info!(job.id = %lease.job, job.attempt = attempt,
                provider.request_id = submission.provider_request_id, "a job was submitted");
            record(&life, &job, attempt, &submission).await?;
            Ok(submission)
        }
        Err(SubmitError::NotAccepted(error)) => {
            tracing::warn!(job.id = %lease.job, error = %chain(&error), "a submission was not accepted");
            queue::withdraw_attempt(pool, lease, attempt).await?;
            probing::heed(&life, &error).await;
            Err(match error.class() {
                Class::Halt => Outcome::Snooze(Duration::ZERO),
                // There is no such model: asking again would not make one.
                Class::Retry if error.is_unknown_request() => Outcome::Fail(no_such_model()),
                Class::Retry | Class::Later => Outcome::Snooze(jittered(AWAY)),
                Class::Never => Outcome::Fail(error.failure()),
            }
            .into())
        }
        Err(SubmitError::Unknown(error)) => {
            tracing::warn!(job.id = %lease.job, job.attempt = attempt, error = %chain(&error),
                "the provider did not say whether it has an attempt; it is looked for");
            Err(Outcome::Snooze(jittered(AWAY)).into())
        }
    }
}

/// Records fal's answer, and does not stop trying while the database is away: forgetting it would
/// mean to pay twice.
pub(super) async fn record(
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

pub(super) fn outcome_unknown() -> Failure {
    Failure::new("submission_unknown", "The provider did not say whether it accepted the edit.")
}
