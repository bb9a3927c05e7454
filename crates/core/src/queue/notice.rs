//! Notice: fal itself says, by webhook, that a request has ended.
//!
//! No worker's write and no settle: it adds to an attempt what only fal knows, and whoever holds
//! the job goes on from there.

use super::Submission;
use crate::{
    db::{Error, Pool},
    job::JobId,
};

/// What a notice was about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Noticed {
    /// An attempt that is open: its job is worth a look now.
    Open,
    /// An attempt that was given up as unknown: it was made after all.
    GivenUp,
    /// Nothing that is waited for.
    Nothing,
}

/// The model of a job's attempt; nothing where there is no such attempt.
pub async fn attempted_model(
    pool: &Pool,
    job: JobId,
    attempt: i16,
) -> Result<Option<String>, Error> {
    sqlx::query_scalar!(
        "select model from jobs join attempts on attempts.job_id = jobs.id
         where jobs.id = $1 and number = $2",
        job.0,
        attempt,
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("reading an attempt's model"))
}

/// Records that an attempt's request has ended. Where the answer to its submission was never
/// seen, this is the answer. A job that waits is due at once. Saying it again changes nothing.
pub async fn record_notice(
    pool: &Pool,
    job: JobId,
    attempt: i16,
    submission: &Submission,
) -> Result<Noticed, Error> {
    let noticed = sqlx::query_scalar!(
        r#"with open as (
               update attempts set
                   notice_at = coalesce(notice_at, now()),
                   submitted_at = coalesce(submitted_at, now()),
                   provider_request_id = coalesce(provider_request_id, $3),
                   status_url = coalesce(status_url, $4),
                   response_url = coalesce(response_url, $5),
                   cancel_url = coalesce(cancel_url, $6)
               where job_id = $1 and number = $2 and ended_at is null
                   and coalesce(provider_request_id, $3) = $3
               returning job_id
           ), given_up as (
               update attempts set notice_at = coalesce(notice_at, now())
               where job_id = $1 and number = $2 and outcome = 'unknown'
               returning job_id
           ), due as (
               update queue set run_at = least(run_at, now())
               from open where queue.job_id = open.job_id and leased_by is null
           ), shown as (
               update jobs set status = 'processing', updated_at = now(),
                   submitted_at = coalesce(submitted_at, now())
               from open where jobs.id = open.job_id and status = 'pending'
           )
           select case
               when exists (select from open) then 'open'
               when exists (select from given_up) then 'given up'
           end"#,
        job.0,
        attempt,
        submission.provider_request_id,
        submission.status_url.as_str(),
        submission.response_url.as_str(),
        submission.cancel_url.as_str(),
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("recording a notice"))?;
    Ok(match noticed.as_deref() {
        Some("open") => Noticed::Open,
        Some(_given_up) => Noticed::GivenUp,
        None => Noticed::Nothing,
    })
}
