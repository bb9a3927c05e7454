//! Attempts, as a job's timeline shows them.

use time::OffsetDateTime;

use crate::{
    db::{Error, Pool},
    job::JobId,
};

/// One submission of a job to fal.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// 1 for a job's first.
    pub number: i16,
    /// When it was written down, just before it was submitted.
    pub began_at: OffsetDateTime,
    /// When fal's answer was recorded; nothing where there was none.
    pub submitted_at: Option<OffsetDateTime>,
    /// When fal's webhook said that the request had ended.
    pub notice_at: Option<OffsetDateTime>,
    /// When its outcome was known.
    pub ended_at: Option<OffsetDateTime>,
    /// `completed`, `failed`, `cancelled` or `unknown`; nothing while it is open.
    pub outcome: Option<String>,
    /// Why it failed, as a job's failure would say it.
    pub failure_code: Option<String>,
    /// fal's `request_id`.
    pub provider_request_id: Option<String>,
    /// Seconds of inference, as fal reports them.
    pub inference_seconds: Option<f64>,
    /// What fal charged, in the model's units, where it said so.
    pub billed_units: Option<f64>,
}

/// A job's attempts, the first one first; nothing where there is no such job.
pub async fn attempts(pool: &Pool, job: JobId) -> Result<Option<Vec<Attempt>>, Error> {
    let doing = "reading a job's attempts";
    let attempts = sqlx::query_as!(
        Attempt,
        "select number, began_at, submitted_at, notice_at, ended_at, outcome, failure_code,
             provider_request_id, inference_seconds, billed_units
         from attempts where job_id = $1 order by number",
        job.0,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing(doing))?;
    if !attempts.is_empty() {
        return Ok(Some(attempts));
    }
    let exists = sqlx::query_scalar!(
        r#"select exists (select from jobs where id = $1) as "exists!""#,
        job.0
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing(doing))?;
    Ok(exists.then_some(attempts))
}
