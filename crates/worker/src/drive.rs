//! Drives one job to its end: upload (which prepares) → submit → follow → archive.
//!
//! Each step is a file. It leads to the next step, or stops with the job's [`Outcome`]. After each step that
//! costs money, the database knows what was done, so that another worker can go on from there.

mod archive;
mod cancel;
mod deadline;
mod expire;
mod fetch;
mod follow;
mod isolation;
mod reconcile;
mod stream;
mod submit;
mod turned_away;
mod upload;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use darkroom_core::{
    chain::chain,
    job::{Failure, FailureCode},
    models::Request,
    queue::{self, Claimed, Ended, Lease, OpenAttempt, Submission},
};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    backoff::{Backoff, while_away},
    life::Life,
    outcome::{Outcome, Stop},
};
use cancel::Cancelling;
use deadline::Deadline;
pub(crate) use expire::deadline_exceeded;
use follow::Followed;
use isolation::{isolated, worker_lost};

/// Works on a claimed job until it is settled, or another worker has it.
///
/// What runs only at the end is boxed, so that thousands of jobs that wait here hold no memory for it.
pub(crate) async fn work_on(life: Life, job: Arc<Claimed>) {
    // In its own task, so that a panic breaks off the work on this job and nothing else.
    let driving = drive(life.clone(), Arc::clone(&job));
    let driving = AbortOnDropHandle::new(tokio::spawn(driving));
    let lease = job.lease;
    let stop = match driving.await {
        Ok(Ok(outcome)) => Stop::Outcome(outcome),
        Ok(Err(stop)) => stop,
        Err(error) => {
            tracing::error!(job.id = %lease.job, error = %chain(&error), "the work on a job broke");
            Outcome::BreakOff.into()
        }
    };
    let settled = match stop {
        Stop::Settled => Ok(()),
        Stop::Outcome(outcome) => Box::pin(outcome.settle(&life, &job)).await,
        Stop::Queue(error) => Err(error),
    };
    match settled {
        Ok(()) => return,
        Err(queue::Error::LeaseLost) => {
            tracing::info!(job.id = %lease.job, "a job is somebody else's now, or its attempt is not on record");
        }
        Err(queue::Error::Database(error)) => {
            tracing::warn!(job.id = %lease.job, error = %chain(&error), "the work on a job was interrupted");
        }
    }
    Box::pin(let_go(&life, &lease)).await;
}

/// Takes the steps. They are boxed, so that a job holds little memory while it waits longest: for its request to end.
async fn drive(life: Life, job: Arc<Claimed>) -> Result<Outcome, Stop> {
    #[cfg(feature = "measuring")]
    if let Some(told) = &life.worker.idle_edits {
        return Ok(crate::measuring::edit(told, &job));
    }
    if job.rescues > life.worker.jobs.max_rescues {
        return Ok(Box::pin(worker_lost(&life, &job)).await);
    }
    let deadline = Deadline::of(&job);
    let (submission, submitted) = match resume(&life, &job, &deadline).await? {
        Some(submission) => (submission, None),
        None if job.is_cancelled => return Ok(Outcome::Cancel),
        None if deadline.has_passed() => return Ok(Outcome::Fail(deadline_exceeded())),
        None => {
            let starting = isolated(&life, &job, start(&life, &job, &deadline));
            (Box::pin(starting).await?, Some(Instant::now()))
        }
    };
    let cancelling = Cancelling::of(&job);
    let following = Box::pin(follow::until_ended(&life, &job, &submission, &cancelling));
    let Ok(followed) = deadline.cut(following).await else {
        return Box::pin(expire::request(&life, &job, &submission, &cancelling)).await;
    };
    let followed = followed.map_err(|stop| cancelling.heed(stop))?;
    if let Some(submitted) = submitted {
        life.worker.metrics.edited(&job.model, submitted.elapsed());
    }
    Box::pin(finish(&life, &job, &submission, followed, &cancelling)).await
}

/// Finds the request that the job has at the provider already, if any: an earlier worker submitted it.
async fn resume(
    life: &Life,
    job: &Claimed,
    deadline: &Deadline,
) -> Result<Option<Submission>, Stop> {
    match &job.attempt {
        Some(OpenAttempt { number, submission: Some(submission), .. }) => {
            tracing::info!(job.id = %job.lease.job, job.attempt = number,
                provider.request_id = submission.provider_request_id, "a request is resumed");
            Ok(Some(submission.clone()))
        }
        Some(unanswered) => Box::pin(reconcile::find(life, job, unanswered, deadline)).await,
        None => Ok(None),
    }
}

/// Takes the steps up to the recorded submission. The deadline cuts only those that cost nothing.
async fn start(life: &Life, job: &Arc<Claimed>, deadline: &Deadline) -> Result<Submission, Stop> {
    let model = life.worker.models.find(&job.model).ok_or_else(|| {
        let failure = Failure::new(
            FailureCode::UnknownModel,
            "This service does not offer the model any more.",
        );
        Stop::from(Outcome::Fail(failure))
    })?;
    // The options were written by a newer version of this service: one of its workers will claim the job.
    let options = job.options.as_ref().ok_or(Outcome::Snooze(while_away()))?;
    let uploading = upload::inputs(life, &job.lease, model.images.fit());
    let Ok(uploaded) = deadline.cut(uploading).await else {
        return Err(Outcome::Fail(deadline_exceeded()).into());
    };
    let uploaded = uploaded?;
    let input = model.input(&Request {
        prompt: &job.prompt,
        options,
        image_urls: &uploaded.urls,
        sides: uploaded.sides,
    });
    submit::once(life, job, uploaded.first, input).await
}

/// Keeps what came of a request that has ended. One whose job was cancelled may have a result all the same: that is
/// paid for, so the job completes.
async fn finish(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
    followed: Followed,
    cancelling: &Cancelling,
) -> Result<Outcome, Stop> {
    let archived = archived(life, job, submission, followed.inference_seconds).await;
    archived.map(Outcome::Complete).map_err(|stop| cancelling.heed(stop))
}

/// Fetches a request's result and archives its outputs.
async fn archived(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
    inference_seconds: Option<f64>,
) -> Result<Ended, Stop> {
    let (output, sides) = isolated(life, job, async {
        let output = fetch::result(life, job, submission).await?;
        let sides = archive::outputs(life, &job.lease, submission, &output).await?;
        Ok((output, sides))
    })
    .await?;
    job.timeline.note_archived();
    let model = life.worker.models.find(&job.model);
    let resolution = job.options.as_ref().and_then(|options| options.resolution.as_deref());
    Ok(Ended {
        inference_seconds,
        billed_units: output.billable_units,
        cost_micros: model
            .and_then(|model| model.price.cost_micros(&sides, resolution, output.billable_units)),
        seed: output.seed,
        outputs: i16::try_from(output.images.len()).ok(),
    })
}

/// Gives a job back as soon as the database is there again, unless the lease is lost. Else it is still leased to this
/// worker, which lives, so nobody else would free it: after a failover, for example, that lost the record of its
/// attempt, but not of its claim.
async fn let_go(life: &Life, lease: &Lease) {
    let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(10));
    loop {
        backoff.wait().await;
        // The job rests first: what the database refused once, it may refuse again.
        match queue::snooze(&life.worker.pool, lease, while_away()).await {
            Ok(()) => return,
            Err(queue::Error::LeaseLost) => {
                life.worker.metrics.stale_write("job");
                return;
            }
            Err(queue::Error::Database(_still_away)) => {}
        }
    }
}
