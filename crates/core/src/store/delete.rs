//! Delete: a job goes, with all that belongs to it; and not before its request at fal has ended.

use crate::{
    db::{Error, Pool},
    job::JobId,
};

/// What came of a deletion.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deletion {
    /// Nothing of it is left.
    Deleted,
    /// Nobody is shown it any more. Whoever has it was asked to stop its request at fal; when that has
    /// ended, its rows go.
    Stopping,
    /// There is no such job, or it was deleted before.
    NoJob,
}

/// Deletes a job, its images, its attempts and its place in the queue. A worker that holds it, and has not
/// begun an attempt, finds its lease lost and stops.
pub async fn delete(pool: &Pool, job: JobId) -> Result<Deletion, Error> {
    let doing = "deleting a job";
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    // The queue first, as every settle does: the other order would deadlock with one. And alone: what the next
    // statement sees is what was done by whoever held the row.
    let has_attempt =
        sqlx::query_scalar!("select has_attempt from queue where job_id = $1 for update", job.0)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(Error::doing(doing))?;
    let (gone, deletion) = if has_attempt == Some(true) {
        let hidden = sqlx::query!(
            "with asked as (
                 update queue set
                     cancel_requested_at = coalesce(cancel_requested_at, now()),
                     run_at = null
                 where job_id = $1
             )
             update jobs set deleted_at = now() where id = $1 and deleted_at is null",
            job.0,
        );
        (hidden.execute(&mut *transaction).await, Deletion::Stopping)
    } else {
        let deleted = sqlx::query!(
            "with waiting as (delete from queue where job_id = $1)
             delete from jobs where id = $1 and deleted_at is null",
            job.0,
        );
        (deleted.execute(&mut *transaction).await, Deletion::Deleted)
    };
    let gone = gone.map_err(Error::doing(doing))?;
    transaction.commit().await.map_err(Error::doing(doing))?;
    Ok(if gone.rows_affected() == 1 { deletion } else { Deletion::NoJob })
}
