//! Try a failed job again.

use actix_web::{HttpRequest, web};
use darkroom_core::{queue, store};

use super::{find, not_found, view::JobView};
use crate::{
    State,
    access::Caller,
    error::{ApiError, Problem},
};

/// Try a failed job again
///
/// The job is `pending` again and has as many attempts as a new one. The provider is sent the same as before.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs", operation_id = "retry_job",
    params(("id" = uuid::Uuid, Path, description = "As it was answered when the job was made")),
    responses(
        (status = 200, description = "It waits for its next attempt", body = JobView),
        (status = 403, description = "A page of a foreign origin asks", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has not failed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The key's limits do not let it: too many requests under way, too many jobs that have not ended, or too little money left; `Retry-After`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn retry(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<web::Json<JobView>, ApiError> {
    let links = state.links(&request).await?;
    let snapshot = find(&state, &caller, &path).await?;
    let id = snapshot.job.id;
    let (deadline, has_limits) = (Some(state.deadline), caller.has_limits());
    let reopened = queue::reopen_one(&state.pool, &snapshot.job, deadline, has_limits).await;
    state.watch.changed(id);
    let Some(job) = reopened?? else {
        // It may have been deleted meanwhile.
        store::find(&state.pool, id).await?.ok_or_else(not_found)?;
        return Err(ApiError::HasNotFailed);
    };
    tracing::info!(job.id = %id, "a failed job is tried again");
    Ok(web::Json(JobView::new(&job, &links)))
}
