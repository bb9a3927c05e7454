//! Drives one job to its end: prepare → upload → submit → follow → archive.
//!
//! Each step is a file. A step hands on, or stops with the job's [`Outcome`]. What was done is in
//! the database after each step that costs money, so that another worker can go on from there.

mod archive;
mod fetch;
mod follow;
mod submit;
mod upload;

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    job::Failure,
    queue::{self, Claimed, Lease, OpenAttempt, Submission},
};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use crate::{
    backoff::exponential,
    life::Life,
    outcome::{Outcome, Stop},
};

/// Works on a claimed job until it is settled, or somebody else's.
pub(crate) async fn work_on(life: Life, job: Claimed) {
    let lease = job.lease;
    // A task of its own: a panic is this attempt's failure and nobody else's.
    let driving = AbortOnDropHandle::new(tokio::spawn(drive(life.clone(), job)));
    let stop = match driving.await {
        Ok(Ok(outcome)) => Stop::Outcome(outcome),
        Ok(Err(stop)) => stop,
        Err(error) => {
            tracing::error!(job.id = %lease.job, error = %chain(&error), "the work on a job broke");
            let failure = Failure::new("internal", "Something went wrong on our side.");
            Outcome::Retry(failure).into()
        }
    };
    let settled = match stop {
        Stop::Outcome(outcome) => {
            outcome.settle(&life.worker.pool, &lease, life.worker.jobs.max_attempts).await
        }
        Stop::Queue(error) => Err(error),
    };
    match settled {
        Ok(()) => {}
        Err(queue::Error::LeaseLost) => {
            tracing::info!(job.id = %lease.job, "a job is somebody else's now");
        }
        Err(queue::Error::Database(error)) => {
            tracing::warn!(job.id = %lease.job, error = %chain(&error), "the work on a job was interrupted");
            let_go(&life, &lease).await;
        }
    }
}

async fn drive(life: Life, job: Claimed) -> Result<Outcome, Stop> {
    if job.rescues > life.worker.jobs.max_rescues {
        return Ok(Outcome::Fail(Failure::new(
            "worker_lost",
            "The service broke down each time it worked on this job.",
        )));
    }
    let submission = match job.attempt.clone() {
        Some(OpenAttempt { number, submission: Some(submission) }) => {
            tracing::info!(job.id = %job.lease.job, job.attempt = number,
                provider.request_id = submission.provider_request_id, "a request is resumed");
            submission
        }
        Some(OpenAttempt { number, submission: None }) => {
            submit::give_up_on_unknown(&life, &job, number).await?;
            start(&life, &job).await?
        }
        None => start(&life, &job).await?,
    };
    let ended = follow::until_ended(&life, &submission).await?;
    let output = follow::result(&life, &submission).await?;
    archive::outputs(&life, &job.lease, &submission, &output).await?;
    Ok(Outcome::Complete(ended))
}

async fn start(life: &Life, job: &Claimed) -> Result<Submission, Stop> {
    let uploaded = upload::input(life, &job.lease).await?;
    submit::once(life, job, uploaded).await
}

/// Gives a job back as soon as the database takes it: it is still leased to this worker, which
/// lives, so nobody else would.
async fn let_go(life: &Life, lease: &Lease) {
    for failures in 0.. {
        sleep(exponential(Duration::from_millis(250), Duration::from_secs(10), failures)).await;
        match queue::snooze(&life.worker.pool, lease, Duration::ZERO).await {
            Ok(()) | Err(queue::Error::LeaseLost) => return,
            Err(queue::Error::Database(_still_away)) => {}
        }
    }
}
