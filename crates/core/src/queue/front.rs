//! Front: how far the line has been claimed. Behind it nothing waits, so nothing is read there.
//!
//! The fronts are moved by claims, and whoever comes into line comes at the front or behind it: a trigger sees to
//! that. What it cannot see is a front that was moved, and not committed, when the row was written.

use std::time::Duration;

use crate::db::{Error, Pool};

/// Brings to the front what was overtaken by it, and answers how many jobs.
///
/// Those are jobs whose row was written, or locked by somebody, as the front was moved past it. Forgets fronts that are
/// of no more use.
///
/// Looks as far back as the front was `since` ago: so long, at most, may a statement go on after it has looked at the
/// front. Without `since` it looks from the beginning, and reads all that is behind, cleared away or not.
pub async fn gather_stragglers(pool: &Pool, since: Option<Duration>) -> Result<u64, Error> {
    let gathered = sqlx::query_scalar!(
        r#"with latest as (
               select priority, max(turn) as turn from line_fronts group by priority
           ), earlier as (
               select priority, max(turn) as turn from line_fronts
               where passed_at < now() - make_interval(secs => $1)
               group by priority
           ), stragglers as (
               select job_id, latest.turn
               from latest left join earlier on earlier.priority = latest.priority
               cross join lateral (
                   select job_id from queue
                   where in_line and queue.priority = latest.priority
                       and queue.turn >= coalesce(earlier.turn, 0) and queue.turn < latest.turn
                   for update skip locked
               ) as behind
           ), gathered as (
               update queue set turn = stragglers.turn
               from stragglers
               where queue.job_id = any(array(select job_id from stragglers))
                   and queue.job_id = stragglers.job_id
               returning queue.job_id
           ), forgotten as (
               delete from line_fronts using earlier
               where line_fronts.priority = earlier.priority and line_fronts.turn < earlier.turn
           )
           select count(*) as "gathered!" from gathered"#,
        since.map(|since| since.as_secs_f64()),
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("gathering jobs that the line has passed"))?;
    Ok(gathered.unsigned_abs())
}
