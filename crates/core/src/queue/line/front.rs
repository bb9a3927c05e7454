//! Front: how far the line of a priority has been claimed. No job in line has a lower turn, so lower ones are not read.
//!
//! Claims move the fronts. A statement that makes jobs asks for the front, and a trigger moves a job that comes back into
//! line up to it. Neither can see a front that was moved, but not committed, when the row was written.

use std::time::Duration;

use crate::db::{Error, Pool};

/// How far behind a front is searched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Search {
    /// Where the front has moved lately. A statement that brings a job into line must end within this time.
    Recent(Duration),
    /// From the beginning; reads all entries before the front, dead ones too.
    Everything,
}

/// Moves jobs that a front has passed up to that front, and answers how many.
///
/// Those are jobs whose row was being written, or was locked by somebody, when the front was moved past it. Also
/// deletes fronts that are no longer needed.
///
/// For [`Search::Recent`] it looks back to where the front was that long before the last such search, whichever worker
/// made that: the oldest front that is left says where. Where all fronts are younger, it searches everything.
pub async fn gather_stragglers(pool: &Pool, search: Search) -> Result<u64, Error> {
    let since = match search {
        Search::Recent(since) => Some(since.as_secs_f64()),
        Search::Everything => None,
    };
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
                       and queue.turn >= case when fronts.earlier is null then 0 else fronts.oldest end
                       and queue.turn < fronts.latest
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
               where line_fronts.priority = fronts.priority and line_fronts.turn < fronts.earlier
           )
           select count(*) as "gathered!" from gathered"#,
        since,
    )
    .fetch_one(pool)
    .await
    .map_err(Error::doing("gathering jobs that the line has passed"))?;
    Ok(gathered.unsigned_abs())
}
