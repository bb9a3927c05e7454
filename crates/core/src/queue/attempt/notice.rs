//! Notice: what fal says of an attempt by webhook, or in an answer that came late.
//!
//! It takes no lease and settles nothing. It fills in the attempt, makes a waiting job due and shows the
//! job as `processing`; the worker that holds the job, now or later, goes on from there.

use super::Submission;
use crate::{
    db::{Error, Pool},
    job::JobId,
};

const RECORDING: &str = "recording what fal says of an attempt";

/// What a notice was about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Noticed {
    /// An attempt that is open: its job is worth a look now.
    Open,
    /// An attempt that was given up as unknown: it was made after all.
    GivenUp,
    /// An attempt that has ended, and had this very request: nothing of it is lost.
    Ended,
    /// Nothing that is waited for.
    Nothing,
}

/// The model of a job's attempt; `None` where there is no such attempt.
pub async fn attempted_model(
    pool: &Pool,
    job: JobId,
    attempt: i16,
) -> Result<Option<String>, Error> {
    sqlx::query_scalar!(
        "select jobs.model from jobs join attempts on attempts.job_id = jobs.id
         where jobs.id = $1 and attempts.number = $2",
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
    record(pool, job, attempt, submission, true).await.map_err(Error::doing(RECORDING))
}

/// Records an answer to a submission that came after its worker had lost the job: the worker that has the
/// job now must not submit, and pay, again.
pub async fn record_late_answer(
    pool: &Pool,
    job: JobId,
    attempt: i16,
    submission: &Submission,
) -> Result<Noticed, Error> {
    record(pool, job, attempt, submission, false).await.map_err(Error::doing(RECORDING))
}

async fn record(
    pool: &Pool,
    job: JobId,
    attempt: i16,
    submission: &Submission,
    has_ended: bool,
) -> Result<Noticed, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // The queue's row first, as everywhere; and in a statement of its own, so that the next one sees what
    // the row's last holder did.
    sqlx::query!("select job_id from queue where job_id = $1 for update", job.0)
        .fetch_optional(&mut *transaction)
        .await?;
    let noticed = sqlx::query_scalar!(
        r#"with told as (
               update attempts set
                   notice_at = case when $7 then coalesce(notice_at, now()) else notice_at end,
                   submitted_at = coalesce(submitted_at, now()),
                   provider_request_id = coalesce(provider_request_id, $3),
                   status_url = coalesce(status_url, $4),
                   response_url = coalesce(response_url, $5),
                   cancel_url = coalesce(cancel_url, $6)
               where job_id = $1 and number = $2
                   and coalesce(provider_request_id, $3) = $3
                   and (ended_at is null or outcome = 'unknown')
               returning job_id, ended_at is null as open
           ), due as (
               update queue set run_at = null
               from told where told.open and queue.job_id = $1 and leased_by is null
           ), shown as (
               update jobs set status = 'processing', updated_at = now(),
                   submitted_at = coalesce(submitted_at, now())
               from told where told.open and jobs.id = told.job_id and status = 'pending'
           )
           select open as "open!" from told"#,
        job.0,
        attempt,
        submission.provider_request_id,
        submission.status_url.as_str(),
        submission.response_url.as_str(),
        submission.cancel_url.as_str(),
        has_ended,
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let has_ended = match noticed {
        Some(_) => false,
        None => {
            sqlx::query_scalar!(
                r#"select exists (
                       select from attempts
                       where job_id = $1 and number = $2 and provider_request_id = $3
                   ) as "exists!""#,
                job.0,
                attempt,
                submission.provider_request_id,
            )
            .fetch_one(&mut *transaction)
            .await?
        }
    };
    transaction.commit().await?;
    Ok(match noticed {
        Some(true) => Noticed::Open,
        Some(false) => Noticed::GivenUp,
        None if has_ended => Noticed::Ended,
        None => Noticed::Nothing,
    })
}
