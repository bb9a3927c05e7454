//! Parents: a job may edit another job's result.

use super::asked::Refusal;
use crate::{
    api_key::ApiKeyId,
    db::Connection,
    job::{JobId, Status},
    store::Sha256,
};

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
        r#"select jobs.status as "status: Status", images.sha256 as "sha256?"
           from jobs left join images
               on images.job_id = jobs.id and images.role = 'result' and images.position = $2
           where jobs.id = $1 and jobs.deleted_at is null
               and ($3::uuid is null or jobs.api_key_id = $3)
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
