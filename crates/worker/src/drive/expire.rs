//! Expire: a job's time is up while its request is at the provider.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    fal::Cancellation,
    job::Failure,
    queue::{Ended, Lease, Submission},
};
use tokio::time::timeout;

use super::finish;
use crate::{
    life::Life,
    outcome::{Outcome, Stop},
};

/// How long a result that is there already may take to be fetched.
const GRACE: Duration = Duration::from_mins(1);

/// Stops the request and fails the job; one that ended in time after all is paid for, so its
/// result is kept.
pub(super) async fn request(
    life: &Life,
    lease: &Lease,
    submission: &Submission,
) -> Result<Outcome, Stop> {
    let request_id = &submission.provider_request_id;
    match life.worker.fal.cancel(submission).await {
        Ok(Cancellation::TooLate) => {
            let fetching = finish(life, lease, submission, Ended::default());
            if let Ok(Ok(outcome)) = timeout(GRACE, fetching).await {
                return Ok(outcome);
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
        }
    }
    Ok(Outcome::Fail(failure()))
}

pub(super) fn failure() -> Failure {
    Failure::new("deadline_exceeded", "The edit was not done within the time that jobs have.")
}
