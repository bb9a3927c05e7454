//! Prune: jobs that ended long ago go, with their images and attempts.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

use crate::db::{Error, Pool};

/// Jobs of one batch: their images are megabytes each.
const BATCH: i64 = 100;

/// How far a replica's clock, which a job's id tells of, may be off.
const SKEW: Duration = Duration::from_hours(24);

/// Deletes a batch of jobs that ended longer ago than this, the oldest first. Answers how many; none, when
/// no more are there. Several at once do no harm.
pub async fn prune(pool: &Pool, retention: Duration) -> Result<u64, Error> {
    let pruned = sqlx::query!(
        "with old as (
             select id from jobs
             where id < $1 and finished_at < now() - make_interval(secs => $2)
             order by id limit $3
             for update skip locked
         )
         delete from jobs using old where jobs.id = old.id",
        made_until(retention),
        retention.as_secs_f64(),
        BATCH,
    )
    .execute(pool)
    .await
    .map_err(Error::doing("pruning jobs"))?;
    Ok(pruned.rows_affected())
}

/// No job that ended so long ago has a greater id: what is younger is not even looked at.
fn made_until(retention: Duration) -> Uuid {
    let until = OffsetDateTime::now_utc() - retention + SKEW;
    let seconds = u64::try_from(until.unix_timestamp()).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, 0))
}
