//! Reopen: a failed job is tried again, because somebody asked for it.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::enqueue::{Place, enqueue};
use crate::{
    api_key::ApiKeyId,
    db::{Error, Pool, Transaction},
    job::{Job, JobId},
    queue::wake,
    store::{Refusal, check_limits, find_all},
};

/// Which failed jobs; `None` sets no condition.
#[derive(Clone, Debug, Default)]
pub struct FailedJobs {
    /// Why they failed.
    pub code: Option<String>,
    /// Endpoint at fal.
    pub model: Option<String>,
    /// Failed at this moment or later.
    pub since: Option<OffsetDateTime>,
    /// Failed before this moment.
    pub until: Option<OffsetDateTime>,
}

/// Failed jobs, the oldest first.
pub async fn failed_jobs(
    pool: &Pool,
    wanted: &FailedJobs,
    limit: u16,
) -> Result<Vec<JobId>, Error> {
    let jobs = sqlx::query_scalar!(
        "select id from jobs
         where status = 'failed' and deleted_at is null
             and ($1::text is null or failure_code = $1)
             and ($2::text is null or model = $2)
             and ($3::timestamptz is null or finished_at >= $3)
             and ($4::timestamptz is null or finished_at < $4)
         order by id
         limit $5",
        wanted.code,
        wanted.model,
        wanted.since,
        wanted.until,
        i64::from(limit),
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("looking for failed jobs"))?;
    Ok(jobs.into_iter().map(JobId).collect())
}

/// Puts failed jobs into the queue again, all or none, and answers which they were.
///
/// They are `pending` and due at once, may use up all attempts once more, and fail `deadline` from now. Jobs of
/// another status are left as they are.
pub async fn reopen(
    pool: &Pool,
    jobs: &[JobId],
    deadline: Option<Duration>,
) -> Result<Vec<JobId>, Error> {
    let doing = Error::doing("reopening jobs");
    let reopening = async {
        let mut transaction = pool.begin().await?;
        let reopened = reopen_within(&mut transaction, jobs, deadline).await?;
        transaction.commit().await?;
        Ok(reopened)
    };
    let reopened = reopening.await.map_err(doing)?;
    if !reopened.is_empty() {
        wake::hint(pool).await;
    }
    Ok(reopened)
}

/// Puts a failed job into the queue again, unless the limits of its key refuse that, whoever asks for it.
///
/// What it may cost is reserved once more. Answers the job as it is before any worker claims it; `None` where it has
/// not failed.
pub async fn reopen_one(
    pool: &Pool,
    job: &Job,
    deadline: Option<Duration>,
) -> Result<Result<Option<Job>, Refusal>, Error> {
    let doing = "reopening a job";
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let reopened =
        reopen_within(&mut transaction, &[job.id], deadline).await.map_err(Error::doing(doing))?;
    if reopened.is_empty() {
        return Ok(Ok(None));
    }
    if let Some(key) = job.api_key
        && let Err(refusal) =
            check_cost(&mut transaction, job.id, key).await.map_err(Error::doing(doing))?
    {
        return Ok(Err(refusal));
    }
    let job = find_all(&mut *transaction, &[job.id]).await?.pop();
    transaction.commit().await.map_err(Error::doing(doing))?;
    wake::hint(pool).await;
    Ok(Ok(job))
}

async fn check_cost(
    transaction: &mut Transaction,
    job: JobId,
    key: ApiKeyId,
) -> Result<Result<(), Refusal>, sqlx::Error> {
    let cost = sqlx::query_scalar!("select reserved_micros from jobs where id = $1", job.0)
        .fetch_one(&mut **transaction)
        .await?;
    check_limits(transaction, key, cost).await
}

async fn reopen_within(
    transaction: &mut Transaction,
    jobs: &[JobId],
    deadline: Option<Duration>,
) -> Result<Vec<JobId>, sqlx::Error> {
    let jobs: Vec<Uuid> = jobs.iter().map(|job| job.0).collect();
    // Its end was counted on its day. That is taken back, because its next end will be counted on the new day.
    let reopened = sqlx::query!(
        r#"with failed as (
               select id, coalesce(usage_day, (created_at at time zone 'UTC')::date) as day
               from jobs where id = any($1) and status = 'failed' and deleted_at is null
               for update
           ), reopened as (
               update jobs set status = 'pending', failure_code = null, failure_message = null,
                   finished_at = null, run_at = null, updated_at = now(),
                   usage_day = (now() at time zone 'UTC')::date,
                   attempts_before = (
                       select coalesce(max(number), 0::smallint) from attempts
                       where job_id = jobs.id
                   )
               from failed where jobs.id = failed.id
               returning jobs.id, jobs.model, jobs.api_key_id, jobs.priority, jobs.attempts_before,
                   jobs.usage_day, jobs.reserved_micros, failed.day
           ), counted as (
               insert into usage_changes (api_key_id, day, model, jobs, reserved_micros)
               select coalesce(api_key_id, $2), day, model, -1, 0 from reopened
               union all
               select coalesce(api_key_id, $2), usage_day, model, 0, reserved_micros
               from reopened where reserved_micros > 0
           )
           select id, model, api_key_id, priority, attempts_before from reopened"#,
        &jobs,
        ApiKeyId::NOBODY,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let places = reopened.iter().map(|job| Place {
        job: JobId(job.id),
        model: &job.model,
        api_key: job.api_key_id.map(ApiKeyId),
        priority: job.priority,
        run_at: None,
        deadline,
        attempts_before: job.attempts_before,
    });
    enqueue(transaction, places).await?;
    Ok(reopened.into_iter().map(|job| JobId(job.id)).collect())
}
