//! Reconcile: find out whether the provider has a submission whose answer was never recorded. Until
//! that is known, or has been looked for long enough, nothing else is submitted for the job.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    config::UnknownSubmission,
    queue::{self, Claimed, OpenAttempt, Submission},
};

use super::{deadline::Deadline, submit};
use crate::{
    backoff::jittered,
    life::Life,
    outcome::{Outcome, Stop},
    probing,
};

/// The provider's clock may be behind the database's.
const CLOCK_SKEW: Duration = Duration::from_mins(5);

/// The provider lists a request only once it has ended: it is looked for again, less and less often.
const SOONEST: Duration = Duration::from_secs(2);
const LATEST: Duration = Duration::from_mins(1);

/// The attempt's request, found at the provider; or nothing, where it was given up and another
/// attempt may be made.
pub(super) async fn find(
    life: &Life,
    job: &Claimed,
    attempt: &OpenAttempt,
    deadline: &Deadline,
) -> Result<Option<Submission>, Stop> {
    let since = attempt.began_at - CLOCK_SKEW;
    match life.worker.fal.find_request(&job.model, &attempt.input_url, since).await {
        Ok(Some(submission)) => {
            tracing::info!(job.id = %job.lease.job, job.attempt = attempt.number,
                provider.request_id = submission.provider_request_id,
                "a submission whose answer was lost is found");
            submit::record(life, job, attempt.number, &submission).await?;
            return Ok(Some(submission));
        }
        Ok(None) => {}
        Err(error) => {
            probing::heed(life, &error).await;
            tracing::warn!(job.id = %job.lease.job, error = %chain(&error),
                "a submission whose answer was lost could not be looked for");
            if !deadline.has_passed() {
                return Err(Outcome::Snooze(jittered(LATEST)).into());
            }
        }
    }
    let patience = life.worker.jobs.unknown_patience.saturating_sub(attempt.age);
    if !patience.is_zero() && !deadline.has_passed() {
        let wait = (attempt.age / 2).clamp(SOONEST, LATEST).min(patience);
        return Err(Outcome::Snooze(jittered(wait)).into());
    }
    give_up(life, job, attempt).await
}

/// Counted as unknown: it may be paid for and lost.
async fn give_up(
    life: &Life,
    job: &Claimed,
    attempt: &OpenAttempt,
) -> Result<Option<Submission>, Stop> {
    queue::abandon_attempt(&life.worker.pool, &job.lease, attempt.number).await?;
    tracing::error!(job.id = %job.lease.job, job.attempt = attempt.number,
        "it is unknown whether the provider has an attempt; it may be paid for and lost");
    let another = life.worker.jobs.unknown == UnknownSubmission::Resubmit
        && attempt.number < life.worker.jobs.max_attempts;
    if another { Ok(None) } else { Err(Outcome::Fail(submit::outcome_unknown()).into()) }
}
