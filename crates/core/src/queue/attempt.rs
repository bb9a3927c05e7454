//! An attempt: written down before the submission is made, completed by fal's answer.

mod notice;
mod record;
mod timeline;
mod unanswered;

use url::Url;

use super::{Error, Lease, fenced};
use crate::db::{self, Pool};
pub use notice::{Noticed, attempted_model, record_late_answer, record_notice};
pub use record::{Answered, record_submission, record_submissions};
pub(super) use timeline::Bill;
pub use timeline::Timeline;
pub(super) use unanswered::open_attempts;
pub use unanswered::{
    Heard, abandon_attempt, fail_unanswered, heard_meanwhile, miss_attempt, over_for,
    withdraw_attempt, withdraw_late,
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
    /// Submissions are halted, or the job's model is paused; nothing was written.
    Halted,
    /// The job's caller wants it to end; nothing was written.
    Cancelled,
}

/// Writes down that a submission is about to be made. From here until fal's answer is recorded, a
/// crash leaves it unknown whether fal has the request.
pub async fn begin_attempt(
    pool: &Pool,
    lease: &Lease,
    input_url: &Url,
    timeline: &Timeline,
) -> Result<Begun, Error> {
    let row = sqlx::query!(
        r#"with lease as (
               select job_id, cancel_requested_at is not null as is_cancelled, model, api_key_id
               from queue
               where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3
               for update
           ), allowed as (
               select job_id from lease
               where not is_cancelled and not exists (select from provider_halt)
                   and not exists (
                       select from queue_rules where paused_at is not null and (
                           scope = 'everything'
                           or (scope = 'model' and subject = lease.model)
                           or (scope = 'api_key' and subject = lease.api_key_id::text)
                       )
                   )
           ), marked as (
               update queue set has_attempt = true
               from allowed where queue.job_id = $1 and queue.job_id = allowed.job_id
               returning queue.job_id
           ), begun as (
               insert into attempts (job_id, number, worker_id, input_url, claimed_at)
               select job_id,
                   1 + (select coalesce(max(number), 0) from attempts where job_id = $1), $2, $4,
                   now() - make_interval(secs => $5)
               from marked
               returning number
           )
           select exists (select from lease) as "held!",
               exists (select from lease where is_cancelled) as "is_cancelled!",
               (select number from begun) as number"#,
        lease.job.0,
        lease.worker.0,
        lease.number,
        input_url.as_str(),
        timeline.claimed_ago().as_secs_f64(),
    )
    .fetch_one(pool)
    .await
    .map_err(db::Error::doing("beginning an attempt"))?;
    fenced(row.held)?;
    let otherwise = if row.is_cancelled { Begun::Cancelled } else { Begun::Halted };
    Ok(row.number.map_or(otherwise, Begun::Attempt))
}

/// How many attempts are `unknown`: it was never found out whether fal has them.
pub async fn unknown_attempts(pool: &Pool) -> Result<i64, db::Error> {
    sqlx::query_scalar!(r#"select count(*) as "unknown!" from attempts where outcome = 'unknown'"#)
        .fetch_one(pool)
        .await
        .map_err(db::Error::doing("counting unknown attempts"))
}

impl Submission {
    /// Read from its columns; `None` where any is missing.
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

/// How many attempts a job has had since it was made, or reopened; an open one included.
pub async fn attempts_made(pool: &Pool, lease: &Lease) -> Result<i16, Error> {
    let made = sqlx::query_scalar!(
        r#"select (coalesce(max(attempts.number), 0) - queue.attempts_before)::smallint as "made!"
           from queue left join attempts on attempts.job_id = queue.job_id
           where queue.job_id = $1 and queue.leased_by is not distinct from $2
               and queue.lease_no = $3
           group by queue.job_id"#,
        lease.job.0,
        lease.worker.0,
        lease.number,
    )
    .fetch_optional(pool)
    .await
    .map_err(db::Error::doing("counting attempts"))?;
    made.ok_or(Error::LeaseLost)
}
