//! Overdue: jobs whose deadline passed while they stood in line.

use crate::{
    db::{Error, Pool},
    job::{Failure, JobId},
};

/// The most jobs that one statement ends.
const BATCH: i64 = 500;

/// Fails jobs whose deadline passed in line, and answers which they were.
///
/// A pause or a limit may keep them from ever being claimed. Jobs that are leased, or have an open attempt, are
/// left to a worker.
pub async fn fail_overdue(pool: &Pool, failure: &Failure) -> Result<Vec<JobId>, Error> {
    let failed = sqlx::query_scalar!(
        "with overdue as (
             select job_id from queue
             where in_line and deadline_at <= now()
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
