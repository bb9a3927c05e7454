//! List: jobs, newest first, all or those that a filter lets pass.
//!
//! Each set of filters has its own statement, which is planned with its own values, because the quick way
//! differs: what few jobs have is looked up in an index, and what most have is found by walking back from the
//! newest. See `docs/decisions/listing-by-index.md`.

mod filter;

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::job::{JobImageRow, find_all, job_query};
use crate::{
    db::{Error, Pool},
    job::{Job, JobId, Status},
};
pub use filter::Filter;

/// A stretch of the list: newest first, after a cursor.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only jobs made before this one.
    pub before: Option<JobId>,
    /// At most so many jobs.
    pub limit: u16,
}

/// Lists jobs, newest first.
pub async fn list(pool: &Pool, page: Page) -> Result<Vec<Job>, Error> {
    let rows = job_query!(
        "with page as (
             select * from jobs where id < $1 and deleted_at is null order by id desc limit $2
         )",
        "page as jobs",
        "order by jobs.id desc, role, position",
        page.before.map_or(Uuid::max(), |before| before.0),
        i64::from(page.limit),
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("listing jobs"))?;
    Ok(JobImageRow::gather(rows))
}

/// Lists the jobs that a filter lets pass, newest first.
pub async fn list_filtered(pool: &Pool, page: Page, filter: &Filter) -> Result<Vec<Job>, Error> {
    if filter.is_empty() {
        return list(pool, page).await;
    }
    let ids = query(page, filter)
        .build_query_scalar::<Uuid>()
        // Planned with these values, each time: one plan for all values would suit few.
        .persistent(false)
        .fetch_all(pool)
        .await
        .map_err(Error::doing("filtering jobs"))?;
    let ids: Vec<JobId> = ids.into_iter().map(JobId).collect();
    let mut jobs = find_all(pool, &ids).await?;
    jobs.reverse();
    Ok(jobs)
}

/// The statement for a page's ids. Each status is a branch that reads no more than a page, by its own index.
fn query(page: Page, filter: &Filter) -> QueryBuilder<Postgres> {
    let statuses: Vec<Option<Status>> = match filter.statuses.as_slice() {
        [] => vec![None],
        some => some.iter().copied().map(Some).collect(),
    };
    let mut query = QueryBuilder::new("select id from (");
    for (branch, status) in statuses.into_iter().enumerate() {
        query.push(if branch == 0 { "(" } else { " union all (" });
        filter.push_branch(&mut query, status, page.before);
        query.push(" order by id desc limit ").push_bind(i64::from(page.limit)).push(")");
    }
    query.push(") as found order by id desc limit ").push_bind(i64::from(page.limit));
    query
}
