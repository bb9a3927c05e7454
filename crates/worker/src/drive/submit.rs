//! Submit: write the attempt down, submit it once, and record fal's answer.

use std::{sync::Arc, time::Instant};

use darkroom_core::{
    chain::chain,
    fal::{Class, SubmitError},
    job::{Failure, FailureCode},
    queue::{self, Answered, Begun, Claimed, Lease, Noticed, Submission},
};
use serde_json::Value;
use url::Url;

use super::turned_away::turned_away;
use crate::{
    backoff::{Backoff, while_away},
    life::Life,
    metrics::Call,
    outcome::{Outcome, Stop},
    slots::Slot,
};

/// Submits, in a task that goes on when the work on the job is interrupted, because fal's answer
/// is the only trace of what was bought.
pub(super) async fn once(
    life: &Life,
    job: &Arc<Claimed>,
    input_url: Url,
    input: Value,
) -> Result<Submission, Stop> {
    let under_way = life.submitting.take(job.lease.number, job.lease);
    let submitting = submit(life.clone(), Arc::clone(job), input_url, input, under_way);
    match life.submissions.spawn(submitting).await {
        Ok(submitted) => submitted,
        Err(error) => {
            tracing::error!(job.id = %job.lease.job, error = %chain(&error), "a submission broke");
            // Its attempt may have arrived, and stays open: the next claim looks for it before anything is submitted.
            Err(Outcome::BreakOff.into())
        }
    }
}

/// What only few submissions need is boxed, and so is what comes after the call, to keep this future small.
async fn submit(
    life: Life,
    job: Arc<Claimed>,
    input_url: Url,
    input: Value,
    _under_way: Slot<Lease>,
) -> Result<Submission, Stop> {
    let turn = life.worker.beginning.acquire().await;
    // Checked inside the tracked task: `over` is cancelled before anything waits for the submissions to end.
    if life.over.is_cancelled() {
        return Err(queue::Error::LeaseLost.into());
    }
    let (pool, lease) = (&life.worker.pool, &job.lease);
    let callback = life.worker.callback.get(pool).await?;
    let asked = Instant::now();
    let begun = queue::begin_attempt(pool, lease, &input_url, &job.timeline).await;
    drop(turn);
    let attempt = match begun {
        Ok(Begun::Attempt(number)) => number,
        Ok(Begun::Halted) => return Err(Outcome::PutBack.into()),
        Ok(Begun::Cancelled) => return Err(Outcome::Cancel.into()),
        // The attempt may have been written down, but surely nothing was sent.
        Err(queue::Error::Database(error)) if error.is_unavailable() => {
            Box::pin(withdraw(&life, &job, &input_url)).await?;
            return Err(queue::Error::Database(error).into());
        }
        Err(error) => return Err(error.into()),
    };
    // If the process was paused here, another worker may have the job and look for this attempt: it is not sent.
    if asked.elapsed() >= life.worker.settings.lease {
        Box::pin(withdraw(&life, &job, &input_url)).await?;
        return Err(Outcome::Snooze(while_away()).into());
    }
    let webhook = callback.map(|callback| callback.url(lease.job, attempt));
    let sent = Instant::now();
    let submitted = life.worker.fal.submit(&job.model, &input, webhook.as_ref()).await;
    life.worker.metrics.called(Call::Submit, sent, &submitted);
    life.worker.metrics.submitted(&submitted);
    match submitted {
        Ok(submission) => {
            tracing::info!(job.id = %lease.job, job.attempt = attempt,
                provider.request_id = submission.provider_request_id, "a job was submitted");
            Box::pin(record(&life, &job, attempt, &submission)).await?;
            Ok(submission)
        }
        Err(SubmitError::NotAccepted(error)) => {
            tracing::warn!(job.id = %lease.job, error = %chain(&error), "a submission was not accepted");
            if let Some(submission) = Box::pin(withdraw(&life, &job, &input_url)).await? {
                return Ok(submission);
            }
            // The provider has no such model: another try would not change that.
            if error.class() == Class::Retry && error.is_unknown_request() {
                return Err(Outcome::Fail(no_such_model()).into());
            }
            Err(Box::pin(turned_away(&life, &error)).await.into())
        }
        Err(SubmitError::Unknown(error)) => {
            tracing::warn!(job.id = %lease.job, job.attempt = attempt, error = %chain(&error),
                "the provider did not say whether it has an attempt; it is looked for");
            Err(Outcome::Snooze(while_away()).into())
        }
    }
}

/// Takes the attempt back, and keeps trying while the database is away: left open, it would pass for one that
/// may have arrived. If another worker has the job by now, that one is spared looking for it.
///
/// Returns its request if the provider says that it did arrive.
async fn withdraw(
    life: &Life,
    job: &Claimed,
    input_url: &Url,
) -> Result<Option<Submission>, queue::Error> {
    let (pool, lease) = (&life.worker.pool, &job.lease);
    let mut backoff = Backoff::brief();
    loop {
        let error = match queue::withdraw_attempt(pool, lease).await {
            Err(queue::Error::LeaseLost) => {
                match queue::withdraw_late(pool, lease.job, input_url).await {
                    Ok(_was_there) => return Err(queue::Error::LeaseLost),
                    Err(error) => error,
                }
            }
            Err(queue::Error::Database(error)) => error,
            Ok(answered) => return Ok(answered),
        };
        tracing::warn!(job.id = %job.lease.job, error = %chain(&error), "an attempt is not withdrawn yet");
        backoff.wait().await;
    }
}

/// Records fal's answer, and keeps trying while the database is away: forgetting it would mean paying twice. If
/// another worker has the job by now, the answer is recorded for that one.
pub(super) async fn record(
    life: &Life,
    job: &Claimed,
    attempt: i16,
    submission: &Submission,
) -> Result<(), queue::Error> {
    let (pool, lease) = (&life.worker.pool, &job.lease);
    let mut backoff = Backoff::brief();
    loop {
        let error = match record_once(life, lease, attempt, submission).await {
            Ok(()) => return Ok(()),
            Err(queue::Error::Database(error)) => error,
            Err(queue::Error::LeaseLost) => {
                // Otherwise the work on the job still waits for this submission, and counts it.
                if life.over.is_cancelled() {
                    life.worker.metrics.stale_write("job");
                }
                match queue::record_late_answer(pool, lease.job, attempt, submission).await {
                    Ok(Noticed::Open) => return Err(queue::Error::LeaseLost),
                    Ok(Noticed::Ended) => {
                        tracing::info!(job.id = %lease.job, job.attempt = attempt,
                            provider.request_id = submission.provider_request_id,
                            "an answer came after its request was found and carried on to its end");
                        return Err(queue::Error::LeaseLost);
                    }
                    Ok(Noticed::GivenUp | Noticed::Nothing) => {
                        tracing::error!(job.id = %lease.job, job.attempt = attempt,
                            provider.request_id = submission.provider_request_id,
                            "an answer came too late for its attempt, which is paid for and lost");
                        return Err(queue::Error::LeaseLost);
                    }
                    Err(error) => error,
                }
            }
        };
        tracing::warn!(job.id = %lease.job, error = %chain(&error), "a submission is not recorded yet");
        backoff.wait().await;
    }
}

async fn record_once(
    life: &Life,
    lease: &Lease,
    number: i16,
    submission: &Submission,
) -> Result<(), queue::Error> {
    let answered = Answered { lease: *lease, number, submission: submission.clone() };
    match life.answers.ask(answered).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(queue::Error::LeaseLost),
        // Another answer of the batch may be at fault, so this one is tried alone; an error is then its own.
        Err(_of_all) => {
            queue::record_submission(&life.worker.pool, lease, number, submission).await
        }
    }
}

fn no_such_model() -> Failure {
    Failure::new(FailureCode::ProviderRefused, "The provider does not offer this model.")
}

pub(super) fn outcome_unknown() -> Failure {
    Failure::new(
        FailureCode::SubmissionUnknown,
        "The provider did not say whether it accepted the edit.",
    )
}
