//! Try a failed job again.

use actix_web::{HttpRequest, web};
use darkroom_core::{queue, store};

use super::{find, not_found, view::JobView};
use crate::{
    State,
    access::Caller,
    docs::refusals::{DatabaseAway, ForeignPage, NoSuchJob},
    error::{ApiError, Problem},
};

/// Try a failed job again
///
/// The job is `pending` again and has as many attempts as a new one. The provider is sent the same as before.
#[utoipa::path(post, path = "/api/jobs/{id}/retry", tag = "jobs", operation_id = "retry_job",
    params(("id" = uuid::Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it")),
    responses(
        (status = 200, description = "The job waits for its next attempt", body = JobView),
        ForeignPage,
        NoSuchJob,
        (status = 409, description = "The job has not failed", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The caller makes jobs too fast, has too many requests under way or too many jobs that have not ended, or too little of its budget is left; `code` and `detail` say which", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
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
    let reopened = queue::reopen_one(&state.pool, &snapshot.job, Some(state.deadline)).await;
    state.watch.changed(id);
    let Some(job) = reopened?? else {
        // It may have been deleted meanwhile.
        store::find(&state.pool, id).await?.ok_or_else(not_found)?;
        return Err(ApiError::HasNotFailed);
    };
    tracing::info!(job.id = %id, "a failed job is tried again");
    Ok(web::Json(JobView::new(&job, &links)))
}
