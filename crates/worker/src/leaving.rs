//! Leaving: hands a life's jobs over, so that other workers go on with them at once, unless that might pay twice.

use std::time::Duration;

use darkroom_core::{
    chain::chain,
    db::Error,
    queue::{self, Lease, deliveries},
};
use tokio::time::timeout;

use crate::{backoff::Backoff, life::Life};

/// How long submissions that are under way are waited for: an answer is the only trace of what was bought.
const SUBMISSION_PATIENCE: Duration = Duration::from_secs(20);

/// How long a hand-over may take. If the database is away, the jobs are rescued by another worker instead.
const HAND_OVER_PATIENCE: Duration = Duration::from_secs(5);

/// Hands everything over: first the jobs without a submission under way, and then the rest.
pub(crate) async fn leave(life: &Life) {
    let under_way = life.submitting.leases();
    let others = async {
        if !under_way.is_empty() {
            hand_over(life, || release_others(life, &under_way)).await;
        }
    };
    tokio::join!(others, hear_submissions_out(life));
    hand_over(life, || queue::release(&life.worker.pool, life.id)).await;
}

/// Waits for the answers to submissions that are under way.
pub(crate) async fn hear_submissions_out(life: &Life) {
    life.submissions.close();
    if timeout(SUBMISSION_PATIENCE, life.submissions.wait()).await.is_err() {
        tracing::error!("a submission got no answer in time; its outcome is unknown");
    }
}

/// Releases all jobs but those `under_way`, and all deliveries. After it no claim takes anything more for this
/// life, not even one that was sent before.
async fn release_others(life: &Life, under_way: &[Lease]) -> Result<u64, Error> {
    let (pool, round) = (&life.worker.pool, life.id.into());
    let (_next, jobs) = queue::release_unknown(pool, round, under_way).await?;
    deliveries::release_unknown(pool, round, &[]).await?;
    Ok(jobs)
}

/// Releases jobs, if need be in several tries: a rescue would come later, and count against the jobs.
async fn hand_over<F>(life: &Life, release: impl Fn() -> F)
where
    F: Future<Output = Result<u64, Error>>,
{
    let mut backoff = Backoff::brief();
    let releasing = async {
        loop {
            match release().await {
                Ok(jobs) => return jobs,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "jobs are not handed over yet");
                }
            }
            backoff.wait().await;
        }
    };
    match timeout(HAND_OVER_PATIENCE, releasing).await {
        Ok(jobs) => {
            life.worker.metrics.handed_over.inc_by(jobs);
            tracing::info!(jobs, "the worker stops and has handed jobs over");
        }
        Err(_elapsed) => {
            tracing::warn!("the jobs could not be handed over in time; they will be rescued");
        }
    }
}
