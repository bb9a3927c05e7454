//! Versions: jobs that edit one another's results, and so form a tree.

use super::job::find_all;
use crate::{
    db::{Error, Pool},
    job::{Job, JobId},
};

/// The most jobs of a tree that are read, and the most generations through which its root is looked for.
const MOST: i64 = 1_000;

/// The whole tree that a job belongs to, in the order in which its jobs were made; nothing where there is
/// no such job. Of a tree of more than a thousand jobs, the thousand that are nearest to its root.
pub async fn versions(pool: &Pool, job: JobId) -> Result<Vec<Job>, Error> {
    let ids = sqlx::query_scalar!(
        r#"with recursive ancestors as (
               select id, parent_id, 1::bigint as generation from jobs
               where id = $1 and deleted_at is null
               union all
               select jobs.id, jobs.parent_id, ancestors.generation + 1
               from jobs join ancestors on jobs.id = ancestors.parent_id
               where ancestors.generation < $2
           ), tree as (
               (select id from ancestors order by generation desc limit 1)
               union all
               select jobs.id from jobs join tree on jobs.parent_id = tree.id
           )
           select id as "id!" from tree limit $2"#,
        job.0,
        MOST,
    )
    .fetch_all(pool)
    .await
    .map_err(Error::doing("looking for versions"))?;
    let ids: Vec<JobId> = ids.into_iter().map(JobId).collect();
    find_all(pool, &ids).await
}
