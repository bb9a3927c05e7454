//! Cancel a job.

use actix_web::{HttpRequest, HttpResponse, web};
use darkroom_core::{
    job::Status,
    queue::{self, Cancellation},
    store,
};

use super::{find, not_found, view::JobView};
use crate::{
    State,
    access::Caller,
    docs::refusals::{DatabaseAway, ForeignPage, NoSuchJob},
    error::{ApiError, Problem},
};

/// Cancel a job
///
/// A job that no worker holds, and of which the provider has no request, ends at once. Any other is stopped at the
/// provider; follow it to see how it ends: an edit that was too far along is completed, and paid for. Cancelling again
/// is no error.
#[utoipa::path(post, path = "/api/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = uuid::Uuid, Path, description = "The job's id, as `POST /api/jobs` answered it")),
    responses(
        (status = 200, description = "The job is cancelled", body = JobView),
        (status = 202, description = "The job is being worked on, and will be stopped unless it is too late for that", body = JobView),
        ForeignPage,
        NoSuchJob,
        (status = 409, description = "The job is completed or has failed, so it cannot be cancelled", body = Problem, content_type = "application/problem+json"),
        DatabaseAway,
    ))]
pub(crate) async fn cancel(
    state: web::Data<State>,
    caller: Caller,
    request: HttpRequest,
    path: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let links = state.links(&request).await?;
    let id = find(&state, &caller, &path).await?.job.id;
    let cancellation = queue::cancel(&state.pool, id).await;
    state.watch.changed(id);
    let mut answer = match cancellation? {
        Cancellation::Cancelled | Cancellation::TooLate(Status::Cancelled) => HttpResponse::Ok(),
        Cancellation::Requested => {
            state.waker.cancelled(id);
            HttpResponse::Accepted()
        }
        Cancellation::TooLate(_) => return Err(ApiError::HasEnded),
        Cancellation::NoJob => return Err(not_found()),
    };
    tracing::info!(job.id = %id, "a job's end was asked for");
    let job = store::find(&state.pool, id).await?.ok_or_else(not_found)?;
    Ok(answer.json(JobView::new(&job, &links)))
}
