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
/// A statement may go on for `since`, at most, after it has looked at the front. So this looks as far back as the front was so long
/// before it last looked: whoever looks next, and whenever, goes on from there. Without `since` it looks from the beginning, and
/// reads all that is behind, cleared away or not.
pub async fn gather_stragglers(pool: &Pool, since: Option<Duration>) -> Result<u64, Error> {
    let gathered = sqlx::query_scalar!(
        r#"with fronts as (
               select priority, min(turn) as oldest, max(turn) as latest,
                   max(turn) filter (where passed_at < now() - make_interval(secs => $1)) as earlier
               from line_fronts group by priority
           ), stragglers as (
               select job_id, latest
               from fronts cross join lateral (
                   select job_id from queue
                   where in_line and queue.priority = fronts.priority
                       and queue.turn >= case when earlier is null then 0 else oldest end
                       and queue.turn < latest
                   for update skip locked
               ) as behind
           ), gathered as (
               update queue set turn = stragglers.latest
               from stragglers
               where queue.job_id = any(array(select job_id from stragglers))
                   and queue.job_id = stragglers.job_id
               returning queue.job_id
           ), forgotten as (
               delete from line_fronts using fronts
               where line_fronts.priority = fronts.priority and line_fronts.turn < earlier
           )
           select count(*) as "gathered!" from gathered"#,
        since.map(|since| since.as_secs_f64()),
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("gathering jobs that the line has passed"))?;
    Ok(gathered.unsigned_abs())
}
