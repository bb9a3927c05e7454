//! Delete: a job goes, with all that belongs to it, but not before its request at fal has ended.

use crate::{
    db::{Connection, Error, Pool},
    job::JobId,
};

/// What came of a deletion.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deletion {
    /// Nothing of it is left.
    Deleted,
    /// Nobody is shown it or told of it any more. The worker that has it is asked to stop its request at fal;
    /// when that has ended, its rows are deleted.
    Stopping,
    /// There is no such job, or it was deleted before.
    NoJob,
}

/// Deletes a job, its images, its attempts and its place in the queue. A worker that holds it, and has not
/// begun an attempt, finds its lease lost and stops.
pub async fn delete(pool: &Pool, job: JobId) -> Result<Deletion, Error> {
    let deleting = async {
        loop {
            let mut transaction = pool.begin().await?;
            if let Some(deletion) = delete_within(&mut transaction, job).await? {
                transaction.commit().await?;
                return Ok(deletion);
            }
            // This releases its lock on the job: the transaction that holds the place in the queue needs that next.
            drop(transaction);
        }
    };
    deleting.await.map_err(Error::doing("deleting a job"))
}

/// `None` where the job came back into the queue meanwhile: then the caller starts again.
async fn delete_within(
    connection: &mut Connection,
    job: JobId,
) -> Result<Option<Deletion>, sqlx::Error> {
    // The queue's row first, as every settle does: the other order would deadlock with one. And in a statement of its
    // own, so that the next one sees what the row's last holder did.
    let place =
        sqlx::query_scalar!("select has_attempt from queue where job_id = $1 for update", job.0)
            .fetch_optional(&mut *connection)
            .await?;
    if place == Some(true) {
        // Its deliveries go at once: one that is due again would be told while its request ends.
        let hidden = sqlx::query!(
            "with asked as (
                 update queue set
                     cancel_requested_at = coalesce(cancel_requested_at, now()),
                     run_at = null
                 where job_id = $1
             ), untold as (
                 delete from deliveries where job_id = $1
             )
             update jobs set deleted_at = now() where id = $1 and deleted_at is null",
            job.0,
        )
        .execute(&mut *connection)
        .await?;
        let is_hidden = hidden.rows_affected() == 1;
        return Ok(Some(if is_hidden { Deletion::Stopping } else { Deletion::NoJob }));
    }
    // A job without a place has ended, unless it is getting one at this moment, which could not be locked.
    let deleted = sqlx::query!(
        "with gone as (
             delete from jobs
             where id = $1 and deleted_at is null and ($2 or finished_at is not null)
             returning id
         ), waiting as (
             delete from queue where job_id = $1 and exists (select from gone)
         )
         select id from gone",
        job.0,
        place.is_some(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    if deleted.is_some() {
        return Ok(Some(Deletion::Deleted));
    }
    let again = sqlx::query_scalar!(
        r#"select exists (
               select from jobs where id = $1 and deleted_at is null and (
                   finished_at is not null or exists (select from queue where job_id = $1)
               )
           ) as "again!""#,
        job.0,
    )
    .fetch_one(connection)
    .await?;
    Ok((!again).then_some(Deletion::NoJob))
}
