//! Census: how many jobs stand where, for whoever operates the service.

use crate::db::{Error, Pool};

/// Where the jobs of a model are that have not ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Endpoint at fal.
    pub model: String,
    /// Waiting for a submission, due.
    pub in_line: i64,
    /// Waiting for a moment.
    pub resting: i64,
    /// Leased, or with a request that may run at fal.
    pub in_flight: i64,
    /// How long the job that waits longest has been due or made, in seconds; nothing where none is in
    /// line.
    pub oldest_seconds: Option<i64>,
}

/// Where all jobs are that have not ended, by model. Reads the whole queue: for people, not for polling.
pub async fn census(pool: &Pool) -> Result<Vec<Standing>, Error> {
    sqlx::query_as!(
        Standing,
        r#"select queue.model,
               count(*) filter (where in_line) as "in_line!",
               count(*) filter (where leased_by is null and queue.run_at is not null and not has_attempt)
                   as "resting!",
               count(*) filter (where leased_by is not null or has_attempt) as "in_flight!",
               extract(epoch from now() - min(coalesce(jobs.run_at, created_at))
                   filter (where in_line))::bigint as oldest_seconds
           from queue join jobs on jobs.id = queue.job_id
           group by queue.model order by queue.model"#,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("counting the queue"))
}

/// How many workers are registered.
pub async fn workers(pool: &Pool) -> Result<i64, Error> {
    sqlx::query_scalar!(r#"select count(*) as "workers!" from workers"#)
        .fetch_one(pool)
        .await
        .map_err(Error::doing("counting workers"))
}
