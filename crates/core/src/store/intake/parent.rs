//! Parents: a job may edit another job's result, and so jobs form trees.

use super::{asked::Refusal, image::Sha256, job::find_all};
use crate::{
    api_key::ApiKeyId,
    db::{Connection, Error, Pool},
    job::{Job, JobId, Status},
};

/// The most jobs of a tree that are read, and the most generations through which its root is looked for.
const MOST: i64 = 1_000;

/// A result of another job, to be edited further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Parent {
    /// Whose result it is.
    pub job: JobId,
    /// Which of its results, from 0.
    pub position: i16,
}

/// A result that is going to be an input.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) job: JobId,
    pub(super) position: i16,
    pub(super) sha256: Sha256,
}

/// Finds the result; its job cannot be deleted until the transaction ends.
pub(super) async fn find(
    connection: &mut Connection,
    parent: Parent,
    api_key: Option<ApiKeyId>,
) -> Result<Result<Found, Refusal>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select status as "status: Status", sha256 as "sha256?"
           from jobs left join images
               on images.job_id = jobs.id and role = 'result' and position = $2
           where jobs.id = $1 and deleted_at is null and ($3::uuid is null or api_key_id = $3)
           for key share of jobs"#,
        parent.job.0,
        parent.position,
        api_key.map(|key| key.0),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(Err(Refusal::UnknownParent)) };
    if row.status != Status::Completed {
        return Ok(Err(Refusal::ParentNotCompleted));
    }
    let sha256 = row.sha256.and_then(|sha256| sha256.try_into().ok());
    let Parent { job, position } = parent;
    let found = sha256.map(|sha256| Found { job, position, sha256 });
    Ok(found.ok_or(Refusal::NoSuchResult))
}

/// The whole tree that a job belongs to, in the order in which its jobs were made; `None` where there is
/// no such job. Of a tree of more than a thousand jobs, the thousand that are nearest to its root.
pub async fn versions(pool: &Pool, job: JobId) -> Result<Vec<Job>, Error> {
    let ids = sqlx::query_scalar!(
        r#"with recursive ancestors as (
               select id, parent_id, 1::bigint as generation from jobs
               where id = $1 and deleted_at is null
               union all
               select jobs.id, jobs.parent_id, generation + 1
               from jobs join ancestors on jobs.id = ancestors.parent_id
               where generation < $2
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
