//! Expire: a job's time is up while its request is at the provider.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::Cancellation,
    job::{Failure, FailureCode},
    queue::{Claimed, Submission},
};

use super::{
    cancel::{self, Cancelling},
    finish,
    follow::Followed,
};
use crate::{
    backoff::while_away,
    life::Life,
    outcome::{Outcome, Stop},
};

/// How long after its deadline a job goes on while fal does not answer: its request is paid for.
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
        Ok(Cancellation::TooLate) => {
            match finish(life, job, submission, Followed::default(), cancelling).await {
                Err(Stop::Outcome(Outcome::Snooze(_))) if !in_grace => {}
                // We cancelled it: here, or an earlier worker did and could not record it.
                Err(Stop::Outcome(Outcome::Fail(end))) if end.code == STOPPED.as_str() => {}
                finished => return finished,
            }
        }
        Ok(cancellation) => {
            tracing::info!(
                provider.request_id = request_id,
                ?cancellation,
                "a request's time is up"
            );
        }
        Err(error) => {
            tracing::warn!(provider.request_id = request_id, error = %chain(&error),
                "a request whose time is up could not be cancelled");
            if in_grace && (error.is_passing() || error.is_of_a_gateway()) {
                return Ok(Outcome::Snooze(while_away()));
            }
        }
    }
    let is_cancelled = cancelling.is_wanted();
    Ok(if is_cancelled { Outcome::Cancel } else { Outcome::Fail(deadline_exceeded()) })
}

/// Why a job fails whose time is up.
pub(crate) fn deadline_exceeded() -> Failure {
    Failure::new(
        FailureCode::DeadlineExceeded,
        "The edit was not done within the time that jobs have.",
    )
}
