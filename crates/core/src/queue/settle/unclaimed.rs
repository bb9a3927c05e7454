//! Jobs that end where they stand: no worker has them, and none may ever claim them.

use crate::{
    db::{Error, Pool},
    job::{Failure, JobId},
};

/// The most jobs that one statement ends.
const BATCH: i64 = 500;

/// Fails jobs whose deadline passed in line, and answers which they were.
///
/// A pause or a limit may keep them from ever being claimed. Jobs that are leased, or have an open attempt, are
/// left to a worker, and cancelled ones to [`cancel_waiting`].
pub async fn fail_overdue(pool: &Pool, failure: &Failure) -> Result<Vec<JobId>, Error> {
    let failed = sqlx::query_scalar!(
        "with overdue as (
             select job_id from queue
             where in_line and deadline_at <= now() and cancel_requested_at is null
             order by deadline_at limit (select $3::bigint)
             for update skip locked
         ), ended as (
             delete from queue where job_id = any(array(select job_id from overdue))
             returning job_id
         )
         update jobs set status = 'failed', updated_at = now(), finished_at = now(),
             failure_code = $1, failure_message = $2
         from ended where jobs.id = ended.job_id
         returning jobs.id",
        failure.code,
        failure.message,
        BATCH,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("failing overdue jobs"))?;
    Ok(failed.into_iter().map(JobId).collect())
}

/// Ends jobs that wait though their callers cancelled them, and answers which they were.
///
/// Their workers gave them back before they saw the cancellation, and a halt, a pause or a limit may keep them from
/// ever being claimed again. Jobs that are leased, or have an open attempt, are left to a worker.
pub async fn cancel_waiting(pool: &Pool) -> Result<Vec<JobId>, Error> {
    let ended = sqlx::query_scalar!(
        "with cancelled as (
             select job_id from queue
             where leased_by is null and cancel_requested_at is not null and not has_attempt
             limit (select $1::bigint)
             for update skip locked
         ), ended as (
             delete from queue where job_id = any(array(select job_id from cancelled))
             returning job_id
         )
         update jobs set status = 'cancelled', updated_at = now(), finished_at = now()
         from ended where jobs.id = ended.job_id
         returning jobs.id",
        BATCH,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("ending cancelled jobs that wait"))?;
    Ok(ended.into_iter().map(JobId).collect())
}
