//! Cancel: a job's caller wants it to end.
//!
//! A job that no worker holds, and of which fal has nothing, ends at once. For any other, the cancellation is kept in
//! its place in the queue, where it cannot be lost: the worker that has the job, now or later, stops its request at fal
//! and settles the job by how the request really ended. If a worker gives the job back before it has seen the
//! cancellation, a heartbeat ends the job.

use crate::{
    db::{Error, Pool},
    job::{JobId, Status},
};

/// What came of a cancellation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cancellation {
    /// It ended, and nothing was submitted that could still run.
    Cancelled,
    /// It is worked on: it will end, as cancelled or, where that comes too late, as it would have.
    Requested,
    /// It had ended before, with this status.
    TooLate(Status),
    /// There is no such job.
    NoJob,
}

/// Asks for a job's end. Asking again changes nothing.
pub async fn cancel(pool: &Pool, job: JobId) -> Result<Cancellation, Error> {
    let cancelling = async {
        loop {
            if let Some(cancellation) = cancel_once(pool, job).await? {
                return Ok(cancellation);
            }
        }
    };
    cancelling.await.map_err(Error::doing("cancelling a job"))
}

/// `None` where the job came back into the queue meanwhile: then the caller starts again.
async fn cancel_once(pool: &Pool, job: JobId) -> Result<Option<Cancellation>, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // The lock is a statement of its own, so that the next one sees what the row's last holder did.
    let place = sqlx::query_scalar!("select job_id from queue where job_id = $1 for update", job.0)
        .fetch_optional(&mut *transaction)
        .await?;
    if place.is_none() {
        let found = sqlx::query!(
            r#"select status as "status: Status",
                   exists (select from queue where job_id = jobs.id) as "has_place!"
               from jobs where id = $1"#,
            job.0,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        return Ok(match found {
            Some(found) if found.has_place => None,
            Some(found) => Some(Cancellation::TooLate(found.status)),
            None => Some(Cancellation::NoJob),
        });
    }
    let cancelled = sqlx::query_scalar!(
        r#"with ended as (
               delete from queue
               where job_id = $1 and leased_by is null and not has_attempt
               returning job_id
           ), shown as (
               update jobs set status = 'cancelled', updated_at = now(), finished_at = now()
               from ended where jobs.id = ended.job_id
           ), requested as (
               update queue set
                   cancel_requested_at = coalesce(cancel_requested_at, now()),
                   run_at = null
               where job_id = $1 and not exists (select from ended)
           )
           select exists (select from ended) as "cancelled!""#,
        job.0,
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some(if cancelled { Cancellation::Cancelled } else { Cancellation::Requested }))
}
