//! How the work on a job ended, as a value, and how each such outcome is settled.

use std::time::Duration;

use darkroom_core::{
    db,
    job::Failure,
    queue::{self, Claimed, Completion, Ended, FailureClass, Lease},
};

use crate::{
    backoff::{exponential, jittered, while_away},
    life::Life,
    metrics::Settled,
};

/// How long a job rests after our own code broke on it.
const BROKEN: Duration = Duration::from_mins(1);

/// How the work on a job ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Its outputs are archived.
    Complete(Ended),
    /// This attempt failed; another may succeed.
    Retry(Failure),
    /// No attempt will succeed.
    Fail(Failure),
    /// Its caller cancelled it, and no result came of it.
    Cancel,
    /// Something that it needs is away. Costs no attempt.
    Snooze(Duration),
    /// Another job is in isolation, and this one is to be the next. Costs no attempt.
    AwaitTurn,
    /// Submissions are halted or paused: it is not claimed again until they go on. Costs no attempt.
    PutBack,
    /// Our own code broke. Counted as a rescue, so that the job is not tried for ever.
    BreakOff,
}

/// Why the next step is not taken.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The work on the job ended.
    Outcome(Outcome),
    /// The job is settled already.
    Settled,
    /// The lease is lost, or the database away.
    Queue(queue::Error),
}

impl From<Outcome> for Stop {
    fn from(outcome: Outcome) -> Self {
        Self::Outcome(outcome)
    }
}

impl From<queue::Error> for Stop {
    fn from(error: queue::Error) -> Self {
        Self::Queue(error)
    }
}

impl From<db::Error> for Stop {
    fn from(error: db::Error) -> Self {
        Self::Queue(error.into())
    }
}

impl Outcome {
    /// Settles the job with this outcome, under its lease.
    pub(crate) async fn settle(self, life: &Life, job: &Claimed) -> Result<(), queue::Error> {
        let (pool, metrics) = (&life.worker.pool, &life.worker.metrics);
        let (lease, timeline) = (&job.lease, &job.timeline);
        match self {
            Self::Complete(ended) => complete(life, job, ended).await?,
            Self::Retry(failure) => {
                // Read from the record, not from what this worker remembers.
                let made = queue::attempts_made(pool, lease).await?;
                if made >= life.worker.jobs.max_attempts {
                    return fail(life, job, &failure, FailureClass::Retry).await;
                }
                queue::retry(pool, lease, &failure, retry_delay(made), timeline).await?;
                metrics.settled(Settled::Retry);
                metrics.failed(&failure, FailureClass::Retry);
                tracing::warn!(job.id = %lease.job, job.attempt = made, code = failure.code,
                    "an attempt failed; another follows");
            }
            Self::Fail(failure) => fail(life, job, &failure, FailureClass::Never).await?,
            Self::Cancel => cancel(life, job).await?,
            Self::BreakOff => {
                queue::break_off(pool, lease, jittered(BROKEN)).await?;
                metrics.settled(Settled::Broken);
            }
            Self::Snooze(after) => snooze(life, lease, after).await?,
            Self::AwaitTurn => snooze(life, lease, while_away()).await?,
            Self::PutBack => snooze(life, lease, Duration::ZERO).await?,
        }
        Ok(())
    }
}

async fn complete(life: &Life, job: &Claimed, ended: Ended) -> Result<(), queue::Error> {
    let (lease, timeline) = (job.lease, &job.timeline);
    let completion = Completion { lease, ended, timeline: timeline.clone() };
    match life.completions.ask(completion).await {
        Ok(true) => {}
        Ok(false) => return Err(queue::Error::LeaseLost),
        // Another job of the batch may be at fault, so this one is tried alone; an error is then its own.
        Err(_of_all) => queue::complete(&life.worker.pool, &lease, ended, timeline).await?,
    }
    life.worker.metrics.settled(Settled::Completed);
    life.worker.metrics.spent(&job.model, ended.cost_micros.unwrap_or_default());
    tracing::info!(job.id = %lease.job, "a job was completed");
    Ok(())
}

/// Fails the job, unless its caller cancelled it: then it is cancelled, whenever the caller did that.
async fn fail(
    life: &Life,
    job: &Claimed,
    failure: &Failure,
    class: FailureClass,
) -> Result<(), queue::Error> {
    if queue::heard_meanwhile(&life.worker.pool, &job.lease).await?.is_cancelled {
        return cancel(life, job).await;
    }
    queue::fail(&life.worker.pool, &job.lease, failure, class, &job.timeline).await?;
    life.worker.metrics.settled(Settled::Failed);
    life.worker.metrics.failed(failure, class);
    tracing::warn!(job.id = %job.lease.job, code = failure.code, "a job failed");
    Ok(())
}

async fn cancel(life: &Life, job: &Claimed) -> Result<(), queue::Error> {
    queue::end_cancelled(&life.worker.pool, &job.lease, &job.timeline).await?;
    life.worker.metrics.settled(Settled::Cancelled);
    tracing::info!(job.id = %job.lease.job, "a job was cancelled");
    Ok(())
}

async fn snooze(life: &Life, lease: &Lease, after: Duration) -> Result<(), queue::Error> {
    queue::snooze(&life.worker.pool, lease, after).await?;
    life.worker.metrics.settled(Settled::Later);
    tracing::info!(job.id = %lease.job, "a job waits for the provider");
    Ok(())
}

fn retry_delay(attempt: i16) -> Duration {
    let failures = u32::from(attempt.unsigned_abs()).saturating_sub(1);
    exponential(Duration::from_secs(2), Duration::from_mins(5), failures)
}
