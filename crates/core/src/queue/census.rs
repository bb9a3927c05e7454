//! Census: how many jobs are in line, rest or are in flight, for those who operate the service.

use std::time::Duration;

use super::{halt::halted, unknown_attempts};
use crate::db::{Error, Pool};

/// Where a model's unfinished jobs are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Endpoint at fal.
    pub model: String,
    /// Waiting for a submission, due.
    pub in_line: i64,
    /// Resting until their `run_at`.
    pub resting: i64,
    /// Leased, or with a request that may run at fal.
    pub in_flight: i64,
    /// Seconds since the oldest job in line was made, or was to start; `None` where none is in line.
    pub oldest_seconds: Option<i64>,
}

/// Where all unfinished jobs are, by model. Reads the whole queue: for people, not for polling.
pub async fn census(pool: &Pool) -> Result<Vec<Standing>, Error> {
    sqlx::query_as!(
        Standing,
        r#"select queue.model,
               count(*) filter (where queue.in_line) as "in_line!",
               count(*) filter (
                   where queue.leased_by is null and queue.run_at is not null and not queue.has_attempt
               ) as "resting!",
               count(*) filter (where queue.leased_by is not null or queue.has_attempt) as "in_flight!",
               extract(epoch from now() - min(coalesce(jobs.run_at, jobs.created_at))
                   filter (where queue.in_line))::bigint as oldest_seconds
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

/// How the whole service stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// By model.
    pub standings: Vec<Standing>,
    /// Workers whose heartbeat is not late.
    pub workers: i64,
    /// Submissions are halted.
    pub is_halted: bool,
    /// Attempts of which it was never found out whether fal has them.
    pub unknown_submissions: i64,
    /// Age of the oldest transaction in this database in seconds, not counting the one that asks.
    pub oldest_transaction_seconds: f64,
    /// Dead rows of the queue's table, by PostgreSQL's estimate.
    pub dead_rows: i64,
}

/// Surveys the whole service. It reads the whole queue, so call it seldom. A heartbeat is late after `lease`.
pub async fn survey(pool: &Pool, lease: Duration) -> Result<Survey, Error> {
    let row = sqlx::query!(
        r#"select
               (select count(*) from workers where beat_at >= now() - make_interval(secs => $1))
                   as "workers!",
               (select coalesce(extract(epoch from clock_timestamp() - min(xact_start)), 0)::float8
                from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid())
                   as "oldest_transaction_seconds!",
               (select coalesce(sum(n_dead_tup), 0)::bigint from pg_stat_user_tables
                where relid = 'queue'::regclass) as "dead_rows!""#,
        lease.as_secs_f64(),
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("surveying the service"))?;
    Ok(Survey {
        standings: census(pool).await?,
        workers: row.workers,
        is_halted: halted(pool).await?.is_some(),
        unknown_submissions: unknown_attempts(pool).await?,
        oldest_transaction_seconds: row.oldest_transaction_seconds,
        dead_rows: row.dead_rows,
    })
}
