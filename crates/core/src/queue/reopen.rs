//! Reopen: a failed job gets another go, because somebody asked for it.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Place, enqueue};
use crate::{
    api_key::ApiKeyId,
    db::{Error, Pool},
    job::JobId,
};

/// Which failed jobs; what is not said does not matter.
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
/// They are `pending`, due at once, with all their attempts before them and so long until they fail.
/// Jobs of another status are left as they are.
pub async fn reopen(
    pool: &Pool,
    jobs: &[JobId],
    deadline: Option<Duration>,
) -> Result<Vec<JobId>, Error> {
    let doing = "reopening jobs";
    let jobs: Vec<Uuid> = jobs.iter().map(|job| job.0).collect();
    let mut transaction = pool.begin().await.map_err(Error::doing(doing))?;
    let reopened = sqlx::query!(
        r#"update jobs set status = 'pending', failure_code = null, failure_message = null,
               finished_at = null, run_at = null, updated_at = now()
           where id = any($1) and status = 'failed' and deleted_at is null
           returning id, model, api_key_id, priority, (
               select coalesce(max(number), 0::smallint) from attempts where job_id = id
           ) as "attempts!""#,
        &jobs,
    )
    .fetch_all(&mut *transaction)
    .await
    .map_err(Error::doing(doing))?;
    for job in &reopened {
        let place = Place {
            model: &job.model,
            api_key: job.api_key_id.map(ApiKeyId),
            priority: job.priority,
            run_at: None,
            deadline,
            attempts_before: job.attempts,
        };
        enqueue(&mut transaction, JobId(job.id), place).await.map_err(Error::doing(doing))?;
    }
    transaction.commit().await.map_err(Error::doing(doing))?;
    if !reopened.is_empty() {
        super::wake::hint(pool).await;
    }
    Ok(reopened.into_iter().map(|job| JobId(job.id)).collect())
}
