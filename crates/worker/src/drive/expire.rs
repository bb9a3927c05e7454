//! Expire: a job's time is up while its request is at the provider.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::{Cancellation, Class},
    job::{Failure, FailureCode},
    queue::{self, Claimed, Submission},
};

use super::{
    cancel::{self, Cancelling},
    finish,
    follow::Followed,
};
use crate::{
    backoff::while_away_after,
    life::Life,
    outcome::{Outcome, Stop},
};

/// How long after its deadline a job goes on while fal does not answer, or its result cannot be kept: its request is
/// paid for.
const GRACE: Duration = Duration::from_mins(15);

/// The failure code that we read the provider's answer about a cancelled request as.
const STOPPED: FailureCode = FailureCode::ProviderCancelled;

/// Cancels the request, and fails the job, or cancels it if its caller wanted that. If the request ended in time
/// after all, it is paid for, so its result is kept.
pub(super) async fn request(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
    cancelling: &Cancelling,
) -> Result<Outcome, Stop> {
    let request_id = &submission.provider_request_id;
    let in_grace = job.overdue < GRACE;
    match cancel::request(life, job, submission).await {
        Ok(answer @ (Cancellation::Removed | Cancellation::Requested)) => {
            tracing::info!(provider.request_id = request_id, ?answer, "a request's time is up");
            return Ok(over(cancelling));
        }
        Ok(Cancellation::TooLate | Cancellation::Unknown) => {}
        Err(error) => {
            tracing::warn!(provider.request_id = request_id, error = %chain(&error),
                "a request whose time is up could not be cancelled");
            if in_grace && error.class() == Class::Later {
                return Ok(Outcome::Snooze(while_away_after(&error)));
            }
        }
    }
    // As far as is known, it may have a result.
    match finish(life, job, submission, Followed::default(), cancelling).await {
        Err(Stop::Outcome(Outcome::Snooze(_))) if !in_grace => Ok(over(cancelling)),
        // It is this result that the database does not take.
        Err(Stop::Queue(queue::Error::Database(error))) if !in_grace && !error.is_unavailable() => {
            tracing::error!(job.id = %job.lease.job, provider.request_id = request_id,
                error = %chain(&error), "a result cannot be kept, and is given up");
            Ok(over(cancelling))
        }
        // We cancelled it: here, or an earlier worker did and could not record it.
        Err(Stop::Outcome(Outcome::Fail(end))) if end.code == STOPPED.as_str() => {
            Ok(over(cancelling))
        }
        finished => finished,
    }
}

/// How the job ends without a result.
fn over(cancelling: &Cancelling) -> Outcome {
    if cancelling.is_wanted() { Outcome::Cancel } else { Outcome::Fail(deadline_exceeded()) }
}

/// Why a job fails whose time is up.
pub(crate) fn deadline_exceeded() -> Failure {
    Failure::new(
        FailureCode::DeadlineExceeded,
        "The edit was not done within the time that jobs have.",
    )
}
