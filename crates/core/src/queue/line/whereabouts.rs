//! Whereabouts: how far a job has come, for those who wait for it.

use crate::{
    db::{Error, Pool},
    job::{JobId, Status},
};

/// The most jobs ahead that are counted.
const MOST_AHEAD: i64 = 10_000;

/// How far a job has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Whereabouts {
    /// Where it is in its life.
    pub status: Status,
    /// Endpoint at fal.
    pub model: String,
    /// Jobs ahead of it, 10,000 at most; `None` where it is not in line.
    pub ahead: Option<i64>,
    /// From when it was made, or was to start, until now or its end.
    pub seconds: f64,
}

/// How far a job has come; `None` where there is no such job. Jobs ahead are counted backwards from it in the order of
/// the line, up to 10,000; the rest is not read.
pub async fn whereabouts(pool: &Pool, job: JobId) -> Result<Option<Whereabouts>, Error> {
    sqlx::query_as!(
        Whereabouts,
        r#"select jobs.status as "status: Status", jobs.model,
               case when queue.in_line then least($2, (
                   select count(*) from (
                       select from queue as others
                       where others.in_line and others.priority > queue.priority
                       order by others.priority, others.turn desc, others.job_id desc
                       limit (select $2::bigint)
                   ) as above
               ) + (
                   select count(*) from (
                       select from queue as others
                       where others.in_line and others.priority = queue.priority
                           and others.turn >= coalesce((
                               select front.turn from line_fronts as front
                               where front.priority = queue.priority
                               order by front.turn desc limit 1
                           ), 0)
                           and (others.turn, others.job_id) < (queue.turn, queue.job_id)
                       order by others.turn desc, others.job_id desc
                       limit (select $2::bigint)
                   ) as before
               )) end as ahead,
               greatest(0, extract(
                   epoch from coalesce(jobs.finished_at, now())
                       - coalesce(jobs.run_at, jobs.created_at)
               ))::float8 as "seconds!"
           from jobs left join queue on queue.job_id = jobs.id
           where jobs.id = $1 and jobs.deleted_at is null"#,
        job.0,
        MOST_AHEAD,
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("looking where a job is"))
}
