//! Attempts, as a job's timeline shows them.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    db::{Error, Pool},
    job::JobId,
};

/// One submission of a job to fal.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// 1 for a job's first.
    pub number: i16,
    /// Which worker process made it.
    pub worker_id: Uuid,
    /// When that worker had claimed the job.
    pub claimed_at: Option<OffsetDateTime>,
    /// When it was written down, just before it was submitted.
    pub began_at: OffsetDateTime,
    /// When fal's answer was recorded, and so when it was in fal's queue; `None` where no answer came.
    pub submitted_at: Option<OffsetDateTime>,
    /// When its worker first saw it run at fal; `None` where it ended between two checks.
    pub running_at: Option<OffsetDateTime>,
    /// When its outputs were in the image store.
    pub archived_at: Option<OffsetDateTime>,
    /// When fal's webhook said that the request had ended.
    pub notice_at: Option<OffsetDateTime>,
    /// When its outcome was known.
    pub ended_at: Option<OffsetDateTime>,
    /// `completed`, `failed`, `cancelled` or `unknown`; `None` while it is open.
    pub outcome: Option<String>,
    /// Why it failed, as a job's failure would say it.
    pub failure_code: Option<String>,
    /// Of its failure: `retry` where another attempt might help, `never` where not.
    pub failure_class: Option<String>,
    /// fal's `request_id`.
    pub provider_request_id: Option<String>,
    /// Seconds of inference, as fal reports them.
    pub inference_seconds: Option<f64>,
    /// What fal charged, in the model's units, where it said so.
    pub billed_units: Option<f64>,
    /// What it cost, in millionths of a US dollar, by the model's price.
    pub cost_micros: Option<i64>,
}

/// A job's attempts, the first one first; `None` where there is no such job.
pub async fn attempts(pool: &Pool, job: JobId) -> Result<Option<Vec<Attempt>>, Error> {
    let attempts = sqlx::query_as!(
        Attempt,
        "select number, worker_id, claimed_at, began_at, submitted_at, running_at, archived_at,
             notice_at, ended_at, outcome, failure_code, failure_class, provider_request_id,
             inference_seconds, billed_units, cost_micros
         from attempts
         where job_id = $1 and exists (
             select from jobs where id = attempts.job_id and deleted_at is null
         )
         order by number",
        job.0,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("reading a job's attempts"))?;
    if attempts.is_empty() && !super::job::exists(pool, job).await? {
        return Ok(None);
    }
    Ok(Some(attempts))
}
