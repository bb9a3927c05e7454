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
    error::{ApiError, Problem},
};

/// Cancel a job
///
/// A job that no worker holds, and of which the provider has no request, ends at once. Any other is stopped at the
/// provider; follow it to see how it ends: an edit that was too far along is completed, and paid for. Cancelling again
/// is no error.
#[utoipa::path(post, path = "/api/jobs/{id}/cancel", tag = "jobs", operation_id = "cancel_job",
    params(("id" = uuid::Uuid, Path, description = "As it was answered when the job was made")),
    responses(
        (status = 200, description = "It is cancelled", body = JobView),
        (status = 202, description = "It is worked on and will be stopped, if it is not too late for that", body = JobView),
        (status = 403, description = "A page of a foreign origin asks", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is none of that id", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended already, and not by being cancelled", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The database is away; try again after `Retry-After`", body = Problem, content_type = "application/problem+json"),
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
            state.waker.cancel(id);
            // The job may also be waiting for a worker.
            state.waker.wake();
            HttpResponse::Accepted()
        }
        Cancellation::TooLate(_) => return Err(ApiError::HasEnded),
        Cancellation::NoJob => return Err(not_found()),
    };
    tracing::info!(job.id = %id, "a job's end was asked for");
    let job = store::find(&state.pool, id).await?.ok_or_else(not_found)?;
    Ok(answer.json(JobView::new(&job, &links)))
}
