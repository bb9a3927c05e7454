//! An attempt: written down before the submission is made, completed by fal's answer.

use url::Url;

use super::{Error, Lease, fenced};
use crate::{
    db::{self, Pool},
    job::JobId,
};

/// A request that fal accepted. The URLs are fal's own and are followed as they are (source: fal's
/// inference API reference: use the URLs of the submit answer).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Submission {
    /// fal's `request_id`.
    pub provider_request_id: String,
    /// Says how far the request is.
    pub status_url: Url,
    /// Has the result.
    pub response_url: Url,
    /// Stops the request.
    pub cancel_url: Url,
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Begun {
    /// It is written down under this number.
    Attempt(i16),
    /// Submissions are halted; nothing was written.
    Halted,
    /// The job's caller wants it to end; nothing was written.
    Cancelled,
}

/// Writes down that a submission is about to be made. From here until fal's answer is recorded, a
/// crash leaves it unknown whether fal has the request.
pub async fn begin_attempt(pool: &Pool, lease: &Lease, input_url: &Url) -> Result<Begun, Error> {
    let row = under_lease!(
        query,
        lease,
        r#", begun as (
               insert into attempts (job_id, number, worker_id, input_url)
               select job_id,
                   1 + (select coalesce(max(number), 0) from attempts where job_id = $1), $2, $4
               from lease
               where not lease.is_cancelled and not exists (select from provider_halt)
               returning number
           )
           select exists (select from lease) as "held!",
               exists (select from lease where is_cancelled) as "is_cancelled!",
               (select number from begun) as number"#,
        input_url.as_str(),
    )
    .fetch_one(pool)
    .await
    .map_err(db::Error::doing("beginning an attempt"))?;
    fenced(row.held)?;
    let otherwise = if row.is_cancelled { Begun::Cancelled } else { Begun::Halted };
    Ok(row.number.map_or(otherwise, Begun::Attempt))
}

/// How many attempts there are of which it never came out whether fal has them.
pub async fn unknown_attempts(pool: &Pool) -> Result<i64, db::Error> {
    sqlx::query_scalar!(r#"select count(*) as "unknown!" from attempts where outcome = 'unknown'"#)
        .fetch_one(pool)
        .await
        .map_err(db::Error::doing("counting unknown attempts"))
}

impl Submission {
    /// As the columns hold it; nothing where any is missing.
    pub(super) fn stored(
        provider_request_id: Option<String>,
        [status, response, cancel]: [Option<String>; 3],
    ) -> Option<Self> {
        let url = |text: Option<String>| Url::parse(&text?).ok();
        Some(Self {
            provider_request_id: provider_request_id?,
            status_url: url(status)?,
            response_url: url(response)?,
            cancel_url: url(cancel)?,
        })
    }
}

/// How many attempts a job has had, an open one included.
pub async fn attempts_made(pool: &Pool, job: JobId) -> Result<i16, db::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(max(number), 0::smallint) as "made!" from attempts where job_id = $1"#,
        job.0,
    )
    .fetch_one(pool)
    .await
    .map_err(db::Error::doing("counting attempts"))
}

/// Records fal's answer: from here on, a restart resumes this request. The job is `processing`.
pub async fn record_submission(
    pool: &Pool,
    lease: &Lease,
    number: i16,
    submission: &Submission,
) -> Result<(), Error> {
    let recorded = under_lease!(
        query_scalar,
        lease,
        r#", recorded as (
               update attempts set submitted_at = now(), provider_request_id = $5,
                   status_url = $6, response_url = $7, cancel_url = $8
               from lease where attempts.job_id = lease.job_id and number = $4
               returning attempts.job_id
           ), shown as (
               update jobs set status = 'processing', updated_at = now(),
                   submitted_at = coalesce(submitted_at, now())
               from recorded where jobs.id = recorded.job_id
           )
           select exists (select from recorded) as "recorded!""#,
        number,
        submission.provider_request_id,
        submission.status_url.as_str(),
        submission.response_url.as_str(),
        submission.cancel_url.as_str(),
    )
    .fetch_one(pool)
    .await
    .map_err(db::Error::doing("recording a submission"))?;
    fenced(recorded)
}
