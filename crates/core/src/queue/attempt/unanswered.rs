//! Attempts without an answer on record: taken back, looked for, given up.
//!
//! fal's webhook may bring the answer at any moment. Each function here first locks the job's place in
//! the queue, as the webhook's does, and looks at the attempt then: one that has been answered is never
//! closed as unanswered.

use std::{collections::HashMap, time::Duration};

use sqlx::PgExecutor;
use url::Url;
use uuid::Uuid;

use super::{Submission, Timeline};
use crate::{
    db::{self, Pool, Transaction},
    job::{Failure, JobId},
    queue::{Error, FailureClass, Lease, OpenAttempt, fail, fenced},
};

/// Deletes the open attempt, because its submission surely did not arrive. Where fal has said otherwise,
/// keeps it and answers its request.
pub async fn withdraw_attempt(pool: &Pool, lease: &Lease) -> Result<Option<Submission>, Error> {
    let doing = "withdrawing an attempt";
    let mut transaction = lock(pool, lease, doing).await?;
    sqlx::query!(
        "delete from attempts where job_id = $1 and ended_at is null and submitted_at is null",
        lease.job.0,
    )
    .execute(&mut *transaction)
    .await
    .map_err(db::Error::doing(doing))?;
    close_unless_answered(transaction, lease, doing).await
}

/// Deletes the open attempt of a job that its worker has lost, because its submission surely did not arrive: whoever
/// has the job now would look for it in vain.
///
/// It is found by the address of its picture, which no other attempt has. A job that waits is due at once. Answers
/// whether the attempt was there.
pub async fn withdraw_late(pool: &Pool, job: JobId, input_url: &Url) -> Result<bool, db::Error> {
    let withdrawing = async {
        let mut transaction = pool.begin().await?;
        sqlx::query!("select job_id from queue where job_id = $1 for update", job.0)
            .fetch_optional(&mut *transaction)
            .await?;
        let withdrawn = sqlx::query!(
            "with withdrawn as (
                 delete from attempts
                 where job_id = $1 and input_url = $2 and ended_at is null and submitted_at is null
                 returning job_id
             )
             update queue set has_attempt = false, run_at = null
             from withdrawn where queue.job_id = $1 and queue.job_id = withdrawn.job_id",
            job.0,
            input_url.as_str(),
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(withdrawn.rows_affected() == 1)
    };
    withdrawing.await.map_err(db::Error::doing("withdrawing the attempt of a job that is lost"))
}

/// Closes the open attempt as `unknown`, so that another may begin: it was looked for long enough. Where
/// fal has told of it meanwhile, leaves it open and answers its request.
pub async fn abandon_attempt(pool: &Pool, lease: &Lease) -> Result<Option<Submission>, Error> {
    let doing = "abandoning an attempt";
    let mut transaction = lock(pool, lease, doing).await?;
    sqlx::query!(
        "update attempts set ended_at = now(), outcome = 'unknown'
         where job_id = $1 and ended_at is null and submitted_at is null",
        lease.job.0,
    )
    .execute(&mut *transaction)
    .await
    .map_err(db::Error::doing(doing))?;
    close_unless_answered(transaction, lease, doing).await
}

/// Notes that no attempt is open, so that another may begin; where one is, and has been answered, answers its request.
async fn close_unless_answered(
    mut transaction: Transaction,
    lease: &Lease,
    doing: &'static str,
) -> Result<Option<Submission>, Error> {
    let answered = heard_meanwhile(&mut *transaction, lease).await?.answer;
    if answered.is_none() {
        sqlx::query!("update queue set has_attempt = false where job_id = $1", lease.job.0)
            .execute(&mut *transaction)
            .await
            .map_err(db::Error::doing(doing))?;
    }
    transaction.commit().await.map_err(db::Error::doing(doing))?;
    Ok(answered)
}

/// Fails the job, whose open attempt was looked for long enough. Where fal has told of it meanwhile,
/// fails nothing and answers its request.
pub async fn fail_unanswered(
    pool: &Pool,
    lease: &Lease,
    failure: &Failure,
    timeline: &Timeline,
) -> Result<Option<Submission>, Error> {
    let doing = "failing a job whose attempt is unknown";
    let mut transaction = lock(pool, lease, doing).await?;
    let answered = heard_meanwhile(&mut *transaction, lease).await?.answer;
    if answered.is_none() {
        fail(&mut *transaction, lease, failure, FailureClass::Never, timeline).await?;
    }
    transaction.commit().await.map_err(db::Error::doing(doing))?;
    Ok(answered)
}

/// Notes that the open attempt was looked for and not found; answers how long ago that was first noted.
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

/// For how long a job has been over: since its caller cancelled it or its deadline passed; zero where neither happened.
pub async fn over_for(pool: &Pool, lease: &Lease) -> Result<Duration, Error> {
    let seconds = sqlx::query_scalar!(
        r#"select coalesce(
               extract(epoch from now() - least(cancel_requested_at, deadline_at))::float8, 0
           ) as "seconds!"
           from queue where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3"#,
        lease.job.0,
        lease.worker.0,
        lease.number,
    )
    .fetch_optional(pool)
    .await
    .map_err(db::Error::doing("looking how long a job has been over"))?;
    let seconds = seconds.ok_or(Error::LeaseLost)?;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// Begins a transaction in which the job's place in the queue is locked, and so its attempts.
async fn lock(pool: &Pool, lease: &Lease, doing: &'static str) -> Result<Transaction, Error> {
    let mut transaction = pool.begin().await.map_err(db::Error::doing(doing))?;
    let held = sqlx::query_scalar!(
        r#"select true as "held!" from queue
           where job_id = $1 and leased_by is not distinct from $2 and lease_no = $3
           for update"#,
        lease.job.0,
        lease.worker.0,
        lease.number,
    )
    .fetch_optional(&mut *transaction)
    .await
    .map_err(db::Error::doing(doing))?;
    fenced(held.is_some())?;
    Ok(transaction)
}

/// The open attempts of jobs, as far as there are any.
pub(in crate::queue) async fn open_attempts(
    pool: &Pool,
    jobs: &[JobId],
) -> Result<HashMap<JobId, OpenAttempt>, db::Error> {
    let jobs: Vec<Uuid> = jobs.iter().map(|job| job.0).collect();
    let rows = sqlx::query!(
        r#"select job_id, number, input_url, began_at, notice_at is not null as "has_notice!",
               provider_request_id, status_url, response_url, cancel_url
           from attempts where job_id = any($1) and ended_at is null"#,
        &jobs,
    )
    .fetch_all(pool)
    .await
    .map_err(db::Error::doing("reading open attempts"))?;
    let attempts = rows.into_iter().map(|row| {
        let urls = [row.status_url, row.response_url, row.cancel_url];
        let attempt = OpenAttempt {
            number: row.number,
            input_url: row.input_url,
            began_at: row.began_at,
            has_notice: row.has_notice,
            submission: Submission::stored(row.provider_request_id, urls),
        };
        (JobId(row.job_id), attempt)
    });
    Ok(attempts.collect())
}

/// What came for a job while its worker was busy with something else.
#[derive(Clone, Debug)]
pub struct Heard {
    /// fal's answer to the open attempt, from its webhook.
    pub answer: Option<Submission>,
    /// The job's caller wants it to end.
    pub is_cancelled: bool,
}

/// Looks for what came for a job since its claim.
pub async fn heard_meanwhile(executor: impl PgExecutor<'_>, lease: &Lease) -> Result<Heard, Error> {
    let row = under_lease!(
        query,
        lease,
        r#"
           select lease.is_cancelled as "is_cancelled!",
               provider_request_id as "provider_request_id?", status_url as "status_url?",
               response_url as "response_url?", cancel_url as "cancel_url?"
           from lease left join attempts
               on attempts.job_id = lease.job_id and ended_at is null"#,
    )
    .fetch_optional(executor)
    .await
    .map_err(db::Error::doing("looking for what came for a job"))?
    .ok_or(Error::LeaseLost)?;
    let urls = [row.status_url, row.response_url, row.cancel_url];
    let answer = Submission::stored(row.provider_request_id, urls);
    Ok(Heard { answer, is_cancelled: row.is_cancelled })
}
