//! Attempts without an answer on record: taken back, looked for, given up.
//!
//! fal's webhook may bring the answer at any moment. Each of these locks the job's place in the
//! queue first, as the webhook does, and then looks: an attempt that has been answered is never
//! closed as one that has not.

use std::time::Duration;

use super::{Error, Lease, Submission, fenced, settle};
use crate::{
    db::{self, Connection, Pool},
    job::Failure,
};

/// Takes the open attempt back: its submission surely did not arrive, so it never happened. Answers
/// its request where fal says otherwise.
pub async fn withdraw_attempt(pool: &Pool, lease: &Lease) -> Result<Option<Submission>, Error> {
    let doing = "withdrawing an attempt";
    let mut transaction = pool.begin().await.map_err(db::Error::doing(doing))?;
    lock(&mut transaction, lease).await?;
    sqlx::query!(
        "delete from attempts where job_id = $1 and ended_at is null and submitted_at is null",
        lease.job.0,
    )
    .execute(&mut *transaction)
    .await
    .map_err(db::Error::doing(doing))?;
    let answered = answered(&mut transaction, lease).await?;
    transaction.commit().await.map_err(db::Error::doing(doing))?;
    Ok(answered)
}

/// Closes the open attempt as `unknown`, so that another may begin: it was looked for long enough.
/// Answers its request where fal has told of it meanwhile.
pub async fn abandon_attempt(pool: &Pool, lease: &Lease) -> Result<Option<Submission>, Error> {
    let doing = "abandoning an attempt";
    let mut transaction = pool.begin().await.map_err(db::Error::doing(doing))?;
    lock(&mut transaction, lease).await?;
    sqlx::query!(
        "update attempts set ended_at = now(), outcome = 'unknown'
         where job_id = $1 and ended_at is null and submitted_at is null",
        lease.job.0,
    )
    .execute(&mut *transaction)
    .await
    .map_err(db::Error::doing(doing))?;
    let answered = answered(&mut transaction, lease).await?;
    transaction.commit().await.map_err(db::Error::doing(doing))?;
    Ok(answered)
}

/// Fails the job, whose open attempt was looked for long enough. Answers its request, and fails
/// nothing, where fal has told of it meanwhile.
pub async fn fail_unanswered(
    pool: &Pool,
    lease: &Lease,
    failure: &Failure,
) -> Result<Option<Submission>, Error> {
    let doing = "failing a job whose attempt is unknown";
    let mut transaction = pool.begin().await.map_err(db::Error::doing(doing))?;
    lock(&mut transaction, lease).await?;
    let answered = answered(&mut transaction, lease).await?;
    if answered.is_none() {
        settle::fail(&mut *transaction, lease, failure).await?;
    }
    transaction.commit().await.map_err(db::Error::doing(doing))?;
    Ok(answered)
}

/// Notes that the open attempt was looked for and not found; answers how long ago that was first so.
pub async fn miss_attempt(pool: &Pool, lease: &Lease) -> Result<Duration, Error> {
    let seconds = under_lease!(
        query_scalar,
        lease,
        r#"
           update attempts set missed_at = coalesce(missed_at, now()) from lease
           where attempts.job_id = lease.job_id and ended_at is null
           returning extract(epoch from now() - missed_at)::float8 as "seconds!""#,
    )
    .fetch_optional(pool)
    .await
    .map_err(db::Error::doing("noting that an attempt was not found"))?;
    let seconds = seconds.ok_or(Error::LeaseLost)?;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// The request of the job's open attempt, where its answer is on record.
pub async fn open_submission(pool: &Pool, lease: &Lease) -> Result<Option<Submission>, Error> {
    let doing = "reading an attempt";
    let mut connection = pool.acquire().await.map_err(db::Error::doing(doing))?;
    answered(&mut connection, lease).await
}

/// Keeps everybody else from this job's attempts until the transaction ends.
async fn lock(connection: &mut Connection, lease: &Lease) -> Result<(), Error> {
    let held = sqlx::query_scalar!(
        r#"select true as "held!" from queue
           where job_id = $1 and leased_by = $2 and lease_no = $3
           for update"#,
        lease.job.0,
        lease.worker.0,
        lease.number,
    )
    .fetch_optional(connection)
    .await
    .map_err(db::Error::doing("locking a job's place in the queue"))?;
    fenced(held.is_some())
}

async fn answered(connection: &mut Connection, lease: &Lease) -> Result<Option<Submission>, Error> {
    let row = under_lease!(
        query,
        lease,
        r#"
           select provider_request_id as "provider_request_id?", status_url as "status_url?",
               response_url as "response_url?", cancel_url as "cancel_url?"
           from lease left join attempts
               on attempts.job_id = lease.job_id and ended_at is null"#,
    )
    .fetch_optional(connection)
    .await
    .map_err(db::Error::doing("reading an attempt"))?
    .ok_or(Error::LeaseLost)?;
    let urls = [row.status_url, row.response_url, row.cancel_url];
    Ok(Submission::stored(row.provider_request_id, urls))
}
