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

impl Page {
    /// How many jobs are looked for: one more than the page has shows whether there is a next one.
    fn one_more(self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Leaves what belongs to the page. Returns the cursor of the next one, if there is more.
    fn cut<T>(self, found: &mut Vec<T>, id: impl Fn(&T) -> JobId) -> Option<JobId> {
        let has_more = found.len() > usize::from(self.limit);
        found.truncate(self.limit.into());
        found.last().map(id).filter(|_last| has_more)
    }
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its jobs, newest first. They may be fewer than there is room for, although there is a next page: some may be
    /// deleted, or have other statuses, by the time they are read.
    pub jobs: Vec<Job>,
    /// The cursor of the next page; `None` where this one is the last.
    pub next: Option<JobId>,
}

/// Lists the jobs that a filter lets pass, newest first.
pub async fn list(pool: &Pool, page: Page, filter: &Filter) -> Result<Listed, Error> {
    if filter.is_empty() {
        return list_all(pool, page).await;
    }
    let ids = query(page, filter)
        .build_query_scalar::<Uuid>()
        // Planned with these values, each time: one plan for all values would suit few.
        .persistent(false)
        .fetch_all(pool)
        .await
        .map_err(Error::doing("filtering jobs"))?;
    let mut ids: Vec<JobId> = ids.into_iter().map(JobId).collect();
    // By the ids, and not by the jobs: some of these may be gone by now.
    let next = page.cut(&mut ids, |id| *id);
    let mut jobs = find_all(pool, &ids).await?;
    jobs.reverse();
    jobs.retain(|job| filter.statuses.is_empty() || filter.statuses.contains(&job.status));
    Ok(Listed { jobs, next })
}

/// Lists jobs of all kinds, newest first.
async fn list_all(pool: &Pool, page: Page) -> Result<Listed, Error> {
    let rows = job_query!(
        "with page as (
             select * from jobs where id < $1 and deleted_at is null order by id desc limit $2
         )",
        "page as jobs",
        "order by jobs.id desc, images.role, images.position",
        page.before.map_or(Uuid::max(), |before| before.0),
        page.one_more(),
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("listing jobs"))?;
    let mut jobs = JobImageRow::gather(rows);
    let next = page.cut(&mut jobs, |job| job.id);
    Ok(Listed { jobs, next })
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
        query.push(" order by id desc limit ").push_bind(page.one_more()).push(")");
    }
    query.push(") as found order by id desc limit ").push_bind(page.one_more());
    query
}
